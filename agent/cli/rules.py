"""`winnow rules`: every rule in a table, or one with its examples."""

from __future__ import annotations

import json
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Annotated, Any

import typer
from typer import Argument, Option

from agent.cli.terminal import Terminal, here, safe
from rubric.errors import ConfigError
from rubric.rules import Example, Rule, all_rules

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_EPILOG = """
\b
Examples:
  winnow rules
  winnow rules capacity.over_commitment
  winnow rules --json | jq -r '.[] | select(.decision == "BLOCK") | .id'

Rules of your own join the list when a package registers them under the entry point group
winnow.rules; the README shows a complete one. A rule is switched off with
`winnow check --without RULE`.
"""


def _ids() -> list[str]:
    return [rule.id for rule in all_rules()]


@app.command(epilog=_EPILOG)
def rules(
    rule: Annotated[str | None, Argument(metavar="RULE", help="The id of one rule to explain.", autocompletion=_ids)] = None,
    as_json: Annotated[bool, Option("--json", help="Print JSON: an array of rules, or one object for RULE.")] = False,
) -> None:
    """List the rules, or explain one with examples that pass and fail."""
    shown = all_rules() if rule is None else (_find(rule),)
    if as_json:
        documents = [document(r) for r in shown]
        typer.echo(json.dumps(documents if rule is None else documents[0], ensure_ascii=False, indent=2))
        return
    lines = _table(shown, here()) if rule is None else _explained(shown[0], here())
    typer.echo("\n".join(lines))


def document(rule: Rule) -> dict[str, Any]:
    """A rule as JSON."""
    return {
        "id": rule.id,
        "version": rule.version,
        "decision": rule.decision,
        "severity": rule.severity,
        "failure": rule.failure,
        "dimension": rule.dimension,
        "needs_draft": rule.draft,
        "explanation": rule.explanation,
        "fix": rule.fix,
        "passes": [_example(e) for e in rule.passes],
        "fails": [_example(e) for e in rule.fails],
    }


def _example(example: Example) -> dict[str, Any]:
    out: dict[str, Any] = {"body": example.body}
    out |= {k: v for k, v in example._asdict().items() if k != "body" and v}
    return json.loads(json.dumps(out, default=str))  # type: ignore[no-any-return]


def _find(rule: str) -> Rule:
    known = {r.id: r for r in all_rules()}
    if rule in known:
        return known[rule]
    near = get_close_matches(rule, known, 3, 0.5) or [r for r in known if rule and rule in r][:3]
    hint = f"the nearest is {near[0]!r}" if len(near) == 1 else f"near it are {', '.join(near)}" if near else "no id is near it"
    raise ConfigError(f"there is no rule {rule!r}; {hint}; `winnow rules` lists them all")


def _table(rules: tuple[Rule, ...], terminal: Terminal) -> Iterator[str]:
    head = ("ID", "DECISION", "SEVERITY", "FAILURE", "DIMENSION")
    rows = [(r.id, r.decision, str(r.severity), r.failure, r.dimension) for r in rules]
    widths = [max(len(row[n]) for row in (head, *rows)) for n in range(len(head))]
    yield terminal.paint("  ".join([*(c.ljust(w) for c, w in zip(head, widths, strict=True)), "SUMMARY"]), bold=True)
    for rule, row in zip(rules, rows, strict=True):
        yield "  ".join([*(c.ljust(w) for c, w in zip(row, widths, strict=True)), safe(rule.summary)])


def _explained(rule: Rule, terminal: Terminal) -> Iterator[str]:
    yield f"{terminal.paint(rule.id, bold=True)}  version {rule.version}"
    yield from terminal.wrap(rule.explanation, "  ", "  ")
    yield ""
    looks = "the letter and the prospect" if rule.draft else "the prospect alone, before any letter exists"
    facts = {
        "decides": f"{rule.decision}, severity {rule.severity}",
        "failure": rule.failure,
        "dimension": rule.dimension,
        "looks at": looks,
        "fix": rule.fix,
    }
    for label, text in facts.items():
        yield from terminal.wrap(text, f"  {label:<11}", " " * 13)
    for title, colour, examples in (("passes", "green", rule.passes), ("fails", "red", rule.fails)):
        yield ""
        yield terminal.paint(title, colour, bold=True)
        for example in examples:
            yield from _shown(example, terminal)


def _shown(example: Example, terminal: Terminal) -> Iterator[str]:
    given = _example(example)
    lines = example.body.split("\n")
    yield from terminal.wrap(lines[0], "  * ", "    ")
    for line in lines[1:]:
        yield from terminal.wrap(line, "    ", "    ")
    for key in ("subject", "prospect", "playbook"):
        if key in given:
            value = given[key] if key == "subject" else json.dumps(given[key], ensure_ascii=False)
            yield from terminal.wrap(f"{key}: {value}", "      ", "        ")


__all__ = ["app", "document"]
