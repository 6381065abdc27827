"""The templates and the prompts made from them.

Decides which template of which folder is used: the package's own, overridden file by file from a
folder of the user. Refuses, before anything is rendered, a folder that is not there, a file of an
unknown name, broken syntax and a name that no template is given; an undefined part of a name is
refused when it is reached. Templates run in a sandbox and cannot change what they are given.
"""

from __future__ import annotations

import hashlib
import json
import traceback
from collections.abc import Sequence
from difflib import get_close_matches
from functools import cached_property, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from prompts.context import Context, for_generator, for_judge
from prompts.pieces import Message, Piece, Prompt
from prompts.trust import finalize, pieces, unmarked
from rubric.email import Email
from rubric.errors import ConfigError, TemplateError
from rubric.playbook import Playbook
from rubric.prospect import Reading
from rubric.verdict import Finding

if TYPE_CHECKING:
    from jinja2 import Environment

Style = Literal["baseline", "augmented", "full"]
_ENDING = ".jinja"
_OWN = "the package's "


class Source(NamedTuple):
    """A template's text and where it stands, in the words of a message."""

    text: str
    where: str


@lru_cache(maxsize=1)
def _own() -> dict[str, Source]:
    folder = files("prompts").joinpath("templates")
    found = sorted((p for p in folder.iterdir() if p.name.endswith(_ENDING)), key=lambda p: p.name)
    return {p.name: Source(p.read_text(encoding="utf-8"), f"{_OWN}{p.name}") for p in found}


def templates() -> dict[str, str]:
    """The package's templates by file name; a file of that name in the user's folder takes its place."""
    return {name: source.text for name, source in _own().items()}


class Prompts:
    """Prompts for the roles of generator and judge; `folder` holds the templates to be overridden."""

    def __init__(self, folder: str | Path | None = None) -> None:
        self._sources = {**_own(), **(_overrides(Path(folder)) if folder is not None else {})}
        self._environment = _environment(self._sources)
        for name in self._sources:
            self._check(name)

    @cached_property
    def hash(self) -> str:
        """A hash of every template in force."""
        texts = {name: source.text for name, source in self._sources.items()}
        return hashlib.sha256(json.dumps(texts, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def generator(
        self,
        reading: Reading,
        playbook: Playbook,
        *,
        style: Style = "baseline",
        findings: Sequence[Finding] = (),
        previous: str | None = None,
        sender: str | None = None,
    ) -> Prompt:
        """The prompt for one letter; with `findings` and `previous`, for a better one than that. `sender`
        is who signs, such as "Alex Meyer, Research Partner"; it is the same for all prospects."""
        context = for_generator(reading, playbook, findings, previous, sender)
        return self._prompt(f"generator_{style}", "generator_case_full" if style == "full" else "generator_case", context)

    def judge(self, reading: Reading, playbook: Playbook, email: Email, *, style: Style = "baseline") -> Prompt:
        """The prompt for a verdict on one draft; only `full` carries the style guide."""
        system = "judge_full" if style == "full" else "judge_baseline"
        return self._prompt(system, "judge_case", for_judge(reading, playbook, email))

    def _prompt(self, system: str, user: str, context: Context) -> Prompt:
        static = Context(context.guide)
        return Prompt(
            (
                Message("system", self._render(system + _ENDING, static), static=True),
                Message("user", self._render(user + _ENDING, context)),
            ),
            system,
        )

    def _render(self, name: str, context: Context) -> tuple[Piece, ...]:
        from jinja2 import TemplateError as JinjaError

        try:
            return pieces(self._environment.get_template(name).render(context.names()))
        except (JinjaError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
            raise TemplateError(self._placed(name, error)) from None

    def _placed(self, name: str, error: Exception) -> str:
        """What went wrong in which line; the innermost frame that is a template's is the place."""
        wheres = {source.where for source in self._sources.values()}
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in wheres]
        where = f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else self._sources[name].where
        return f"{where}: {str(error) or type(error).__name__}; mend the template, or take it out of the folder of templates"

    def _check(self, name: str) -> None:
        """Refuses broken syntax, names that no template is given, and templates that are not there."""
        from jinja2 import TemplateSyntaxError, meta

        text, where = self._sources[name]
        try:
            tree = self._environment.parse(unmarked(text), name, where)
            self._environment.get_template(name)
        except TemplateSyntaxError as error:
            raise TemplateError(f"{where}, line {error.lineno}: {error.message}; mend the template") from None
        for unknown in sorted(meta.find_undeclared_variables(tree) - set(Context._fields)):
            line = next((n for n, said in enumerate(text.splitlines(), 1) if unknown in said), 1)
            raise TemplateError(f"{where}, line {line}: {unknown!r} is undefined; {_nearest(unknown, Context._fields)}")
        for other in meta.find_referenced_templates(tree):
            if other is not None and other not in self._sources:
                raise TemplateError(f"{where}: there is no template {other!r}; {_nearest(other, self._sources)}")


def _environment(sources: dict[str, Source]) -> Environment:
    from jinja2 import FunctionLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def load(name: str) -> tuple[str, str, None] | None:
        return (unmarked(sources[name].text), sources[name].where, None) if name in sources else None

    return ImmutableSandboxedEnvironment(
        loader=FunctionLoader(load),
        undefined=StrictUndefined,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def _overrides(folder: Path) -> dict[str, Source]:
    """The user's templates; hidden files are left alone, anything else has to be known."""
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "is not there"
        raise ConfigError(f"the folder of templates {str(folder)!r} {what}; make it, or take the setting out")
    try:
        found = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise ConfigError(f"the folder of templates {str(folder)!r} cannot be read: {error.strerror}") from None
    for path in found:
        if path.name not in _own():
            raise ConfigError(f"{path} is not the name of a template; {_nearest(path.name, _own())}")
    return {path.name: _read(path) for path in found}


def _read(path: Path) -> Source:
    try:
        return Source(path.read_text(encoding="utf-8"), str(path))
    except UnicodeDecodeError as error:
        raise TemplateError(f"{path} is not UTF-8: {error.reason} at byte {error.start}; save it as UTF-8") from None
    except OSError as error:
        raise TemplateError(f"{path} cannot be read: {error.strerror}") from None


def _nearest(name: str, known: Sequence[str] | dict[str, Source]) -> str:
    near = get_close_matches(name, known, 1, 0.5)
    return f"the nearest known name is {near[0]!r}" if near else f"known are {', '.join(known)}"


__all__ = ["Prompts", "Style", "templates"]
