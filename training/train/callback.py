"""What a trainer calls while it runs: the measures are kept, and a wish to stop is heard behind a whole step."""

from __future__ import annotations

from threading import Event
from typing import Any

from transformers import TrainerCallback

from training.train.metrics import Metrics


class Watch(TrainerCallback):
    def __init__(self, metrics: Metrics, asked: Event) -> None:
        self._metrics, self._asked = metrics, asked

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._metrics.begin(state.global_step)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        self._metrics.add(logs or {}, step=state.global_step, steps=state.max_steps, epoch=state.epoch)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self._asked.is_set() and state.global_step < state.max_steps:
            control.should_save = control.should_training_stop = True


__all__ = ["Watch"]
