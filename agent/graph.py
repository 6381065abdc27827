"""The graph: one run is one prospect.

    qualify ─▶ compose ─▶ sample ─▶ rank ─▶ gate ─▶ (review) ─▶ end
                  ▲                           │
                  └────── next round ◀────────┤
                                              └─▶ settle: a kept letter, or abstention

`graph` is what LangGraph's tools load; its parts come from `WINNOW_CONFIG` and the environment when
the first step runs. Importing this loads LangGraph and no model.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable
from threading import Lock
from typing import Any

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import RetryPolicy

from agent.parts import Parts
from agent.state import Choices, Given, State
from agent.steps import Steps, after_choice, after_gate, after_qualify, after_sample
from rubric.errors import BackboneError, ServerError

RETRY = RetryPolicy(max_attempts=2, initial_interval=0.5, retry_on=(BackboneError, ServerError))


def build_graph(parts: Callable[[], Parts], *, checkpointer: Any = None, retry: RetryPolicy = RETRY) -> Any:
    """The compiled graph over parts that are opened when they are first needed."""
    steps = Steps(parts)

    def gated(state: State, runtime: Runtime[Choices]) -> str:
        return after_gate(state, steps.config(runtime))

    def settled(state: State, runtime: Runtime[Choices]) -> str:
        return after_choice(state, steps.config(runtime))

    graph = StateGraph(State, context_schema=Choices, input_schema=Given, output_schema=State)
    graph.add_node("qualify", steps.qualify)
    graph.add_node("compose", steps.compose)
    graph.add_node("sample", steps.sample, retry_policy=retry)
    graph.add_node("rank", steps.rank, retry_policy=retry)
    graph.add_node("gate", steps.gate, retry_policy=retry)
    graph.add_node("settle", steps.settle)
    graph.add_node("review", steps.review)
    graph.add_edge(START, "qualify")
    graph.add_conditional_edges("qualify", after_qualify, {"compose": "compose", "end": END})
    graph.add_edge("compose", "sample")
    graph.add_conditional_edges("sample", after_sample, {"rank": "rank", "settle": "settle"})
    graph.add_edge("rank", "gate")
    graph.add_conditional_edges("gate", gated, {"again": "compose", "settle": "settle", "review": "review", "end": END})
    graph.add_conditional_edges("settle", settled, {"review": "review", "end": END})
    graph.add_edge("review", END)
    return graph.compile(checkpointer=checkpointer, name="winnow")


class _Own:
    """The parts of the graph below, opened once however many runs begin at the same time."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._parts: Parts | None = None

    def __call__(self) -> Parts:
        from agent.drafting import own_parts

        with self._lock:
            if self._parts is None:
                self._parts = own_parts()
                atexit.register(self._parts.backbone.close)
            return self._parts


graph = build_graph(_Own())

__all__ = ["build_graph", "graph"]
