"""Every error that Winnow raises on purpose, as one tree.

    WinnowError
    ├── UserError            what the user can change; exit status 2
    │   ├── InputError         a prospect, an e-mail or a row that cannot be read
    │   ├── PlaybookError      a playbook or capacity file that cannot be used
    │   ├── ConfigError        a config file, flag or environment value
    │   ├── TemplateError      a prompt template that cannot be rendered
    │   ├── ModelError         a model file or adapter that is missing, broken or of another kind
    │   ├── ContextError       a prompt that does not fit the model's context
    │   └── MissingExtra       an optional part that is not installed
    ├── WorldError           what the world did; exit status 1
    │   ├── BackboneError      a model that failed while it ran
    │   ├── ServerError        a server that failed, lied or fell silent
    │   ├── ScoreError         log-probabilities that are missing or not aligned
    │   └── StoreError         a database or disk that cannot be read or written
    └── RuleError            what we, or a plug-in, did wrong; exit status 1

A message says what happened, where, and what to do. Foreign exceptions are turned into these
at one boundary each; anything else that escapes is a defect.
"""

from __future__ import annotations


class WinnowError(Exception):
    """Root of the tree; `status` is the exit status a command ends with."""

    status = 1


class UserError(WinnowError):
    status = 2


class InputError(UserError):
    """Input that cannot be read; `pointer` is the JSON pointer of the value at fault."""

    def __init__(self, message: str, pointer: str | None = None) -> None:
        super().__init__(message)
        self.pointer = pointer


class PlaybookError(UserError):
    pass


class ConfigError(UserError):
    pass


class TemplateError(UserError):
    pass


class ModelError(UserError):
    pass


class ContextError(UserError):
    """Concerns one prompt: a batch goes on with the next prospect."""


class MissingExtra(UserError):
    """An optional part is missing; the message carries the install line."""

    def __init__(self, extra: str, needed_for: str) -> None:
        super().__init__(f"{needed_for} needs the extra {extra!r}: pip install 'winnow[{extra}]'")
        self.extra = extra


class WorldError(WinnowError):
    pass


class BackboneError(WorldError):
    pass


class ServerError(WorldError):
    pass


class ScoreError(WorldError):
    pass


class StoreError(WorldError):
    pass


class RuleError(WinnowError):
    """A rule crashed; the case has no verdict, because half a verdict would read as a pass."""

    def __init__(self, rule: str, cause: Exception) -> None:
        super().__init__(
            f"rule {rule} failed with {type(cause).__name__}: {cause}; the case was not judged "
            f"(switch the rule off with --without {rule}, or report the case)"
        )
        self.rule = rule
