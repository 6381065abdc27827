"""`winnow.json`, which lies beside an adapter and says what it was trained for and how it is to be read.

Decides nothing about weights: it is validated data. A file that is there and cannot be read is refused,
because a guessed reward would rank by the wrong figure; an adapter without the file is one from elsewhere.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from critic.health import Health
from critic.judgement import Judgement
from critic.rewards import Reward
from critic.verdicts import Calibration
from rubric.errors import ModelError

NAME = "winnow.json"
GGUF = "adapter.gguf"
WEIGHTS = "adapter_model.safetensors"
NOISE = 1e-4  # nats a token, times beta, where no health card has measured it


class Base(BaseModel):
    """The model that the adapter was trained on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    hash: str | None = None


class CriticFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1] = 1
    reward: Reward = "simpo"
    beta: float = Field(1.0, gt=0, allow_inf_nan=False)
    kind: Literal["activated", "ordinary"] = "ordinary"
    task: Literal["rank", "verdict"] = "rank"
    base: Base | None = None
    loss: dict[str, Any] = {}
    seed: int | None = None
    pairs: dict[str, Any] = {}
    threshold: float | None = Field(None, allow_inf_nan=False, description="reward below which a candidate is rejected")
    calibration: Calibration | None = Field(None, description="of the five labels; for the task 'verdict'")
    health: Health | None = Field(None, description="the card of an adapter that ranks")
    judgement: Judgement | None = Field(None, description="the card of one that judges")

    @property
    def measured(self) -> Health | Judgement | None:
        """The card of the adapter's task."""
        return self.judgement if self.task == "verdict" else self.health

    @property
    def noise(self) -> float:
        """The difference of two rewards below which they count as equal."""
        return self.health.noise if self.health and self.health.noise is not None else NOISE * self.beta


def place(adapter: str | Path) -> Path:
    """Where the file of an adapter lies: in its folder, or beside its GGUF."""
    path = Path(adapter).expanduser()
    return (path if path.is_dir() else path.parent) / NAME


def read_critic(adapter: str | Path) -> CriticFile | None:
    """What the file says; None for an adapter that has none."""
    path = place(adapter)
    try:
        return CriticFile.model_validate_json(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}; check its rights, or copy the adapter again") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = "/".join(map(str, first["loc"])) or "the file"
        raise ModelError(f"{path}: {where}: {first['msg']}; mend it, or copy the adapter again") from None


def written(critic: CriticFile) -> bytes:
    """The file's content."""
    return (critic.model_dump_json(indent=2) + "\n").encode()


__all__ = ["GGUF", "NAME", "NOISE", "WEIGHTS", "Base", "CriticFile", "place", "read_critic", "written"]
