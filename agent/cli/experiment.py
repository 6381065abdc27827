"""`winnow experiment`: what each part is worth, and what it costs."""

from __future__ import annotations

from agent.cli.subcommands import Place, group

app = group(
    {
        "run": Place("experiment_run", "Measure conditions on tasks; what is done is kept, and the same command goes on."),
        "report": Place("experiment_view", "Write what a run found: a page, Markdown, CSV or JSON."),
        "compare": Place("experiment_view", "Compare two runs on the tasks that both have."),
        "speed": Place("experiment_speed", "Measure what sharing a prompt saves on this machine."),
    },
    "What each part is worth and what it costs: run conditions on the bench, report, compare, and measure speed.",
)

__all__ = ["app"]
