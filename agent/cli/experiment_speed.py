"""`winnow experiment speed`: what sharing one prompt among candidates saves on this machine."""

from __future__ import annotations

from typing import Annotated

import typer
from typer import Option

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def speed(
    shape: Annotated[str, Option("--shape", metavar="SHAPE", help="Shape of the model: qwen3-0.6b or qwen3-1.7b, with random weights.")] = "qwen3-0.6b",
    quant: Annotated[str, Option("--quant", metavar="QUANT", help="How its weights are packed: Q4_0, Q8_0, F16 or F32.")] = "Q4_0",
    k: Annotated[int, Option("-k", "--k", metavar="N", min=2, max=8, help="Candidates.")] = 4,
    prompt: Annotated[int, Option("--prompt", metavar="N", min=90, help="Tokens of the prompt; two thirds of them are the same for every prospect.")] = 900,
    new: Annotated[int, Option("--new", metavar="N", min=2, help="Tokens of each letter.")] = 128,
    repeats: Annotated[int, Option("--repeats", metavar="N", min=1, help="Runs of each way to do the job.")] = 5,
    threads: Annotated[int | None, Option("--threads", metavar="N", min=1, help="Threads. Default: two, or as many as there are.")] = None,
    kind: Annotated[str, Option("--kind", metavar="KIND", help="Adapters: activated, ordinary or both.")] = "both",
    as_json: Annotated[bool, Option("--json", help="Print one line of JSON alone.")] = False,
) -> int:
    """Measure what sharing a prompt saves; the status is 1 where a figure misses its target.

    The targets are those of the default sizes. A model of random weights is made once under .bench/ of the working tree.
    """
    from experiments.bench_speed import main

    given = ["--shape", shape, "--quant", quant, "--k", str(k), "--prompt", str(prompt), "--new", str(new), "--repeats", str(repeats), "--kind", kind]
    return main([*given, *(["--threads", str(threads)] if threads else []), *(["--json"] if as_json else [])])


__all__ = ["app"]
