"""The critic in use: which adapters, how their scores are read, and whether they are worth using.

Decides what `adapter` and `judge` in the config lead to. Refuses an adapter for the other task, and, unless
the config says otherwise, one that changes no score or whose card shows that it does not beat random, and a
judge whose card shows that it is no better than always stopping.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, NamedTuple

from agent.backbones import Backbone
from agent.config import Config
from agent.models import ADAPTERS, EMBEDDED, embedded_adapter
from agent.receipt import CriticUse, Document
from critic.adapter_card import GGUF, NAME, CriticFile, read_critic
from critic.health import UNCHANGED
from critic.ranking import RANKERS, Ranker
from critic.reward_ranking import ByReward, Worn
from prompts.pieces import Message, Piece, Prompt
from rubric.errors import ConfigError, ModelError

_PROBE = Prompt((Message("system", (Piece("You write short letters.", True),), static=True), Message("user", (Piece("Write one.", True),))), "probe")
_SAID = "Hello, would a call next week be useful?"
_BESIDE = (NAME, ".md", ".gguf")  # what lies in an adapter's folder and is not what PEFT loads
_UNLESS = "train another, or set 'critic_unchecked: true' to use it nevertheless"


class Wearing(NamedTuple):
    """An adapter: where the backbone finds it, what a receipt says of it, and its own file."""

    path: str
    document: Document
    file: CriticFile


class Critics(NamedTuple):
    """The adapter that ranks, and the one that judges before a letter leaves."""

    rank: Wearing | None = None
    judge: Wearing | None = None

    @property
    def name(self) -> str | None:
        """What the monitor knows them by; None without an adapter."""
        return "+".join(one.document.hash for one in self if one) or None


NOBODY = Critics()


def open_critics(config: Config) -> Critics:
    """What the config names, with files read and tasks checked."""
    if config.ranker == "critic" and config.adapter is None:
        raise ConfigError("the ranker 'critic' needs an adapter; set 'adapter', or another 'ranker'")
    if config.adapter is not None and config.ranker != "critic":
        raise ConfigError(f"'adapter' is set and the ranker {config.ranker!r} uses none; leave it out, or set 'ranker: critic'")
    rank, judge = (None if given is None else wear(given, config) for given in (config.adapter, config.judge))
    if rank and rank.file.task != "rank":
        raise ConfigError(f"{config.adapter} was trained to judge; give it under 'judge', and one that ranks under 'adapter'")
    if judge and judge.file.task != "verdict":
        raise ConfigError(f"{config.judge} was trained to rank; give it under 'adapter', and one with the task 'verdict' under 'judge'")
    return Critics(rank, judge)


def wear(given: str, config: Config) -> Wearing:
    """An adapter as the config's backbone takes it; on a server it is the name that the server knows it by."""
    if config.backbone.kind == "openai":
        file = read_critic(given) or CriticFile(task="verdict" if given == config.judge else "rank")
        return Wearing(given, Document(name=given, hash=given), file)
    path = Path(given).expanduser()
    if given in ADAPTERS:
        _refuse_other_model(given, config)
        path = embedded_adapter(given)
    if config.backbone.kind == "llama" and path.is_dir():
        path = path / GGUF
    file = read_critic(path) or CriticFile(task="verdict" if given == config.judge else "rank")
    return Wearing(str(path), Document(name=given, hash=_hash(path)), file)


def _refuse_other_model(given: str, config: Config) -> None:
    model = getattr(config.backbone, "model", EMBEDDED)
    if model != EMBEDDED:
        raise ConfigError(f"{given!r} is an adapter of the embedded model, and the backbone is {model}; name an adapter of that model, or leave it out")


def ranker_of(config: Config, critics: Critics) -> Ranker:
    return ByReward(worn(config, critics.rank)) if critics.rank else RANKERS[config.ranker]()


def worn(config: Config, one: Wearing) -> Worn:
    """How the scores are read: as the config says, else as the adapter's file does."""
    reward = config.critic_reward or one.file.reward
    threshold = one.file.threshold if config.critic_threshold is None else config.critic_threshold
    return Worn(one.path, reward, one.file.beta, one.file.noise, threshold)


def use_of(config: Config, critics: Critics, seen: dict[str, Any]) -> CriticUse | None:
    """What a receipt says of the critic."""
    if critics.name is None:
        return None
    read = worn(config, critics.rank) if critics.rank else None
    return CriticUse(
        reward=read and read.reward, beta=read and read.beta, noise=read and read.noise, threshold=read and read.threshold,
        judge=critics.judge.document if critics.judge else None, **seen,
    )  # fmt: skip


def refuse_unfit(config: Config, critics: Critics, backbone: Backbone) -> None:
    """Looks at cards, and at the scores of one sentence with each adapter and without."""
    for one in (critics.rank, critics.judge):
        if one is None or config.critic_unchecked:
            continue
        _refuse_other_base(one, config, backbone)
        if one.file.measured and (reason := one.file.measured.refusal):
            raise ModelError(f"{one.document.name}: {reason}; {_UNLESS}")
        reads_base = one is critics.rank and worn(config, one).reward == "base"
        if not reads_base and _changes_nothing(one, backbone):
            raise ModelError(f"{one.document.name}: the adapter changes no score; {_UNLESS}")


def _refuse_other_base(one: Wearing, config: Config, backbone: Backbone) -> None:
    """Weights of the same shape and another training; a GGUF file does not say which weights it was made from."""
    base = one.file.base
    if config.backbone.kind == "hf" and base is not None and base.hash not in (None, backbone.identity.hash):
        raise ModelError(
            f"{one.document.name}: the adapter was made for another base, {base.name} with hash {base.hash}, and the model's is {backbone.identity.hash}; {_UNLESS}"
        )


def _changes_nothing(one: Wearing, backbone: Backbone) -> bool:
    ids = [backbone.tokenize(_SAID)]
    bare, with_it = backbone.score(_PROBE, ids).logprobs[0], backbone.score(_PROBE, ids, one.path).logprobs[0]
    return all(abs(a - b) <= UNCHANGED for a, b in zip(bare, with_it, strict=True))


def _hash(root: Path) -> str:
    """Of a file, or of the files of a folder that hold the adapter itself."""
    files = sorted(p for p in root.rglob("*") if p.is_file() and not p.name.endswith(_BESIDE)) if root.is_dir() else [root]
    digest = hashlib.sha256()
    try:
        for file in files:
            digest.update(file.read_bytes())
    except OSError as error:
        raise ModelError(f"the adapter {str(root)!r} cannot be read: {error.strerror}; give the path of a LoRA adapter") from None
    return digest.hexdigest()[:16]


__all__ = ["NOBODY", "Critics", "Wearing", "open_critics", "ranker_of", "refuse_unfit", "use_of", "wear", "worn"]
