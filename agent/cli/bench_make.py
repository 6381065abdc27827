"""`winnow bench synthesise` and `from-receipts`: tasks that two models make, and tasks of drafts that failed.

Decides where they go and what is told of those that were turned down; what a task is, `experiments.bench` decides.
"""

from __future__ import annotations

import secrets
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Option

from agent.cli.progress import bar
from agent.cli.storage import ConfigFile, StorePlace
from agent.cli.terminal import safe
from agent.cli.train_pairs import world_installed
from agent.settings import load_config
from rubric.errors import ConfigError

if TYPE_CHECKING:
    from agent.backbones.spec import BackboneSpec
    from experiments.bench.synthesis import Pair
    from experiments.bench.task import Mode, Task

app = typer.Typer(add_completion=False, rich_markup_mode=None)
INTERRUPTED = 130
_Out = Annotated[str, Option("--out", metavar="DIR", help="Folder of tasks; what is in its file of the same kind is kept.")]
_Split = Annotated[str, Option("--split", metavar="SPLIT", help="train, dev or held_out; companies are named so that they belong there.")]
_SYNTHESISE = """
\b
Exit status
  0    done; what was turned down is counted by reason
  1    a server or a model failed, or the folder cannot be written to
  2    models of one family or of an unknown one, a family that contradicts the model's name, or a wrong flag
  130  stopped; the tasks so far are written

\b
Examples:
  winnow bench synthesise --author openai:qwen-max --judge hf:unsloth/gemma-3-4b-it --out tasks/
  winnow bench synthesise --author llama:a.gguf --author-family qwen --judge llama:b.gguf --judge-family mistral --out tasks/

Author and judge must be of different families, because a model prefers what its own family writes. Any two backbones do.
Tasks of held-out need a new seal afterwards.
"""
_RECEIPTS = """
\b
Examples:
  winnow bench from-receipts --drafts drafts.jsonl --out tasks/
  winnow bench from-receipts --store winnow.db --split dev --out tasks/

Drafts that abstained or that a person turned down become tasks. Names, e-mail and web addresses, phone numbers and handles are
replaced, the same by the same, and a task in which an original value is left is not written. Sizes, dates and events stay:
a task is disguised and not anonymous, so look at it before you share it.
"""


@app.command(epilog=_SYNTHESISE)
def synthesise(
    author: Annotated[str, Option("--author", metavar="KIND:MODEL", help="What writes the briefs: a backbone as --backbone takes it.")],
    judge: Annotated[str, Option("--judge", metavar="KIND:MODEL", help="What judges them: a backbone of another family.")],
    out: _Out,
    split: _Split = "train",
    count: Annotated[int, Option("--count", "-n", metavar="N", min=1, help="Briefs to ask for.")] = 44,
    seed: Annotated[int, Option("--seed", metavar="N", min=0, help="Seed of companies, days and failures.")] = 0,
    author_family: Annotated[str | None, Option("--author-family", metavar="NAME", help="Family of the author, where its name does not tell.")] = None,
    judge_family: Annotated[str | None, Option("--judge-family", metavar="NAME", help="Family of the judge, where its name does not tell.")] = None,
) -> int:
    """Make tasks with two models: one writes, one judges."""
    with world_installed():
        from experiments.bench.files import room

        room(out)  # before a model is opened
        _split(split)
    with world_installed(), _pair(author, judge, author_family, judge_family) as pair:
        from experiments.bench.synthesis import orders
        from experiments.bench.synthesis import synthesise as made

        found: list[Task] = []
        reasons: Counter[str] = Counter()
        status = 0
        try:
            with bar("briefs", count) as tick:
                for order in orders(_split(split), count, seed):
                    one = made(pair, order, seed)
                    found += [one.task] if one.task else []
                    reasons.update([one.reason] if one.reason else [])
                    tick()
        except KeyboardInterrupt:
            status = INTERRUPTED
        _kept(out, split, "synthetic", found, reasons)
    return status


@contextmanager
def _pair(author: str, judge: str, author_family: str | None, judge_family: str | None) -> Iterator[Pair]:
    """Both models, opened one after the other and closed at the end."""
    from agent.backbones import open_backbone
    from experiments.bench.synthesis import families, paired

    specs = [load_config({"backbone": name}).backbone for name in (author, judge)]
    families(_name(specs[0]), _name(specs[1]), author_family=author_family, judge_family=judge_family)  # before a model is opened
    models: list[Any] = []
    try:
        for spec in specs:
            models.append(open_backbone(spec))
        yield paired(models[0], models[1], author_family=author_family, judge_family=judge_family)
    finally:
        for model in models:
            model.close()


def _name(spec: BackboneSpec) -> str:
    """What a backbone will be called, as far as its block tells."""
    if spec.kind == "scripted":
        return spec.replies or "built-in"
    return (spec.file if spec.kind == "llama" else None) or spec.model or ""


@app.command("from-receipts", epilog=_RECEIPTS)
def from_receipts(
    out: _Out,
    split: _Split = "train",
    drafts: Annotated[list[str] | None, Option("--drafts", metavar="FILE", help="drafts.jsonl of `winnow draft`; may be given several times.")] = None,
    store: StorePlace = None,
    config: ConfigFile = None,
    salt: Annotated[str | None, Option("--salt", metavar="TEXT", help="Gives the same names again in a later run; keep it to yourself. Absent, a new one.")] = None,
) -> int:
    """Make tasks of drafts that failed, without personal data."""
    with world_installed():
        from experiments.bench.files import room
        from experiments.bench.receipts import traced

        room(out)
        found: list[Task] = []
        reasons: Counter[str] = Counter()
        for one in traced(_rows(drafts or [], store, config), _split(split), salt or secrets.token_hex(16)):
            found += [one.task] if one.task else []
            reasons.update([one.reason] if one.reason else [])
    _kept(out, split, "trace", found, reasons)
    return 0


def _rows(drafts: list[str], store: str | None, config: str | None) -> Iterator[Any]:
    from experiments.bench.receipts import filed_rows, stored_rows

    for path in drafts:
        yield from filed_rows(path)
    if store is not None or not drafts:
        from agent.cli.storage import open_store

        with open_store(store, config) as opened:
            yield from stored_rows(opened)


def _kept(out: str, split: str, mode: Mode, found: Iterable[Task], reasons: Counter[str]) -> None:
    """The new tasks behind those that are there; one that is there already is not written twice."""
    from agent.whole_file import writing_to
    from experiments.bench.counts import number_of
    from experiments.bench.files import Folder, parsed, write

    with writing_to(Path(out)):
        Path(out).mkdir(parents=True, exist_ok=True)
    path = Folder(out).place(_split(split), mode)
    before = list(parsed([path], _split(split))) if path.exists() else []
    known = {task.id for task in before}
    new = [task for task in found if task.id not in known]
    if new:
        write(path, [*before, *new])
    for reason, number in reasons.most_common():
        sys.stderr.write(f"left out {number}: {safe(reason)}\n")
    typer.echo(f"{path}: {number_of(len(new), 'new task')}, {len(before)} before")


def _split(given: str) -> Any:
    from experiments.bench.task import SPLITS

    if given not in SPLITS:
        raise ConfigError(f"--split is {given!r}; expected one of {', '.join(SPLITS)}")
    return given


__all__ = ["app"]
