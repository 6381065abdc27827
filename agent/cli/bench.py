"""`winnow bench`: the tasks that conditions are compared on, their seal, their card, and labels."""

from __future__ import annotations

from agent.cli.subcommands import Place, group

app = group(
    {
        "validate": Place("bench_check", "Check form, labels and contamination of the tasks."),
        "seal": Place("bench_check", "Seal the held-out tasks: a hash over every file."),
        "verify": Place("bench_check", "Check seal and ledger, and say how often held-out was opened."),
        "card": Place("bench_card", "Write the dataset card and the datasheet."),
        "label": Place("bench_label", "Label letters in the terminal, in two passes."),
        "agree": Place("bench_label", "Say how far labels agree: Cohen's kappa for each dimension."),
        "synthesise": Place("bench_make", "Make tasks with two models: one writes, one judges."),
        "from-receipts": Place("bench_make", "Make tasks of drafts that failed, without personal data."),
    },
    "The tasks that conditions are compared on: check, seal, describe, label and make them.",
)

__all__ = ["app"]
