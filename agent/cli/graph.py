"""`winnow graph`: the graph as Mermaid text, drawn from the compiled graph itself."""

from __future__ import annotations

import sys

import typer

app = typer.Typer(add_completion=False, rich_markup_mode=None)


def mermaid() -> str:
    from agent.graph import graph as compiled

    text: str = compiled.get_graph().draw_mermaid(with_styles=False)
    return text.replace("\t", "    ").strip() + "\n"


@app.command()
def graph() -> None:
    """Print the graph that drafts as a Mermaid diagram.

    Paste it into any Markdown that draws Mermaid, or open `langgraph dev` beside langgraph.json.
    """
    sys.stdout.write(mermaid())


__all__ = ["app", "mermaid"]
