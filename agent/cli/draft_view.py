"""A draft as a person reads it: the letter first, then why it was taken and what it cost.

Decides layout only. Every text that came from outside goes through `safe`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from io import StringIO
from math import ceil
from typing import Any

from agent.cli.terminal import Terminal, safe
from agent.planning import Plan

_COLOUR = {
    "DRAFT": "green", "REVIEW": "cyan", "ABSTAIN": "yellow", "ESCALATE": "magenta", "SUPPRESS": "red", "IGNORED": "yellow",
    "ERROR": "red",
}  # fmt: skip
Row = Mapping[str, Any]


def render(row: Row, terminal: Terminal) -> str:
    """One result, ending in a blank line."""
    lines = [_head(row, terminal), *_letter(row), *_reasons(row, terminal), *_tail(row, terminal), ""]
    return "\n".join(lines) + "\n"


def _head(row: Row, terminal: Terminal) -> str:
    person = (row["recipient"] or {}).get("name")
    to = ", ".join(part for part in (person, row["company"]) if part)
    label = row["id"] or (f"line {row['line']}" if row["line"] else "")
    return f"{terminal.paint(row['outcome'], _COLOUR[row['outcome']], bold=True)}  {safe('  '.join(p for p in (label, to) if p))}"


def _letter(row: Row) -> Iterator[str]:
    if not row["email"]:
        return
    yield ""
    if row["email"]["subject"] is not None:
        yield f"Subject: {safe(row['email']['subject'])}"
        yield ""
    yield from (safe(line) for line in row["email"]["body"].split("\n"))
    yield ""


def _reasons(row: Row, terminal: Terminal) -> Iterator[str]:
    for reason in [*row["reasons"], *([row["error"]] if row["error"] else [])]:
        yield from terminal.wrap(reason, "  - ", "    ")


def _tail(row: Row, terminal: Terminal) -> Iterator[str]:
    receipt = row["receipt"]
    if receipt is None:
        return
    taken = receipt["chosen"]
    facts = [f"segment {row['segment']['name']}"] if row["segment"] else []
    if row["decision"]:
        score = row["score"]
        judged = row["decision"] if score is None else f"{row['decision']}, score {score:.2f}"
        facts.append(f"nearest candidate {judged}" if row["outcome"] == "ABSTAIN" else judged)
    if taken:
        drawn = receipt["rounds"][taken["round"]]
        rank = drawn["ranking"]["order"].index(taken["index"]) + 1 if drawn["ranking"] else taken["index"] + 1
        facts.append(f"candidate {taken['index']}, rank {rank} of {len(drawn['candidates'])}, round {taken['round']}")
    if receipt["rounds"]:
        facts.append(cost(receipt["cost"]))
    facts.append(f"key {row['key'][:12]}")
    yield from (terminal.paint(line, dim=True) for line in terminal.wrap("; ".join(facts), "", "  "))


def cost(spent: Mapping[str, Any]) -> str:
    reused = f" and {spent['prompt_reused']} reused" if spent["prompt_reused"] else ""
    return f"{spent['prompt_computed']} prompt tokens computed{reused}, {spent['decoded']} sampled, {spent['scored']} scored"


def explain(row: Row, terminal: Terminal) -> str:
    """All candidates of every round side by side, in the order of their ranking."""
    rounds = (row["receipt"] or {}).get("rounds", [])
    pools = "".join(_round(number, drawn, terminal) for number, drawn in enumerate(rounds))
    return pools + "\n".join((row["receipt"] or {}).get("path", [])) + "\n\n"


def _round(number: int, drawn: Mapping[str, Any], terminal: Terminal) -> str:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    order = drawn["ranking"]["order"] if drawn["ranking"] else range(len(drawn["candidates"]))
    likeness = drawn["similarity"]
    alike = "" if likeness is None else f", likeness {likeness:.2f}" + (" (one letter)" if drawn["collapsed"] else "")
    out = StringIO()
    most = max(1, terminal.width // 28)
    per = ceil(len(order) / ceil(len(order) / most))
    for start in range(0, len(order), per):
        title = f"round {number}, temperature {drawn['sampling']['temperature']}{alike}"
        table = Table(title=title, title_justify="left", expand=True)
        for rank, position in enumerate(order[start : start + per], start + 1):
            table.add_column(Text(f"rank {rank}, candidate {position}"), overflow="fold", ratio=1)
        for cells in zip(*(_cells(drawn, position) for position in order[start : start + per]), strict=True):
            table.add_row(*map(Text, cells))
        Console(file=out, width=terminal.width, color_system=None, highlight=False).print(table)
    return out.getvalue()


def _cells(drawn: Mapping[str, Any], position: int) -> tuple[str, ...]:
    one, judged = drawn["candidates"][position], drawn["judged"][position]
    score = drawn["ranking"]["scores"][position] if drawn["ranking"] else None
    said = "not scored" if score is None else f"{drawn['ranking']['ranker']} {score:.4f}"
    rubric = "" if judged["score"] is None else f", rubric {judged['score']:.2f}"
    rules = Counter(f"{f['decision']} {f['rule']}" for f in judged["findings"] if f["decision"] != "PASS")
    found = [f"{rule} x{times}" if times > 1 else rule for rule, times in rules.items()]
    text = "\n".join(safe(line) for line in one["text"].split("\n"))
    return (f"{said}{rubric}", judged["decision"], "\n".join(found) or "no findings", text)


def render_plan(plan: Plan, k: int, max_tokens: int, terminal: Terminal) -> str:
    """What a dry run shows of one prospect."""
    prospect = plan.reading.prospect
    name = safe("  ".join(p for p in (prospect.id or "", prospect.company.name) if p))
    if plan.prompt is None:
        lines = [f"{terminal.paint(plan.outcome or '', _COLOUR.get(plan.outcome or ''), bold=True)}  {name}; no token would be spent"]
        return "\n".join([*lines, *(line for r in plan.reasons for line in terminal.wrap(r, "  - ", "    ")), "", ""])
    length = "length known to the server only"
    if plan.tokens:
        length = f"{plan.tokens.total} prompt tokens, {plan.tokens.static} of them the same for every prospect"
    head = f"WOULD SAMPLE  {name}; {length}; then up to {k} x {max_tokens} sampled a round"
    return "\n".join([head, "", *(safe(line) for line in plan.prompt.text.split("\n")), "", ""])


__all__ = ["cost", "explain", "render", "render_plan"]
