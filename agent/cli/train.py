"""`winnow train`: pairs, their audit, and the training itself."""

from __future__ import annotations

from agent.cli.subcommands import Place, group

app = group(
    {
        "pairs": Place("train_pairs", "Make preference pairs for the critic."),
        "audit": Place("train_audit", "Hold pairs against what will measure the critic; a violation is listed."),
        "run": Place("train_run", "Train adapters from pairs, one for each seed."),
    },
    "Train the critic: make pairs, audit them, train an adapter.",
)

__all__ = ["app"]
