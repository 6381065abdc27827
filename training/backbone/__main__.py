"""Makes the demonstration backbone from nothing: tokenizer, training, and a transformers folder.

    python -m training.backbone --work build/backbone
    python -m training.backbone --work build/backbone --recipe my.yaml --steps 200

Every stage that is done is kept in the --work folder; stopped by Ctrl-C or a crash, the same command goes on.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rubric.errors import StoreError, WinnowError
from training.backbone.recipe import Recipe, read_recipe

if TYPE_CHECKING:
    from training.backbone.training import Measure


def main(arguments: Sequence[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    wanted = {name: value for name in ("seed", "steps") if (value := getattr(given, name)) is not None}
    try:
        recipe = read_recipe(Path(given.recipe) if given.recipe else None, wanted)
        return make(Path(given.work), recipe)
    except WinnowError as error:
        sys.stderr.write(f"winnow: {error}\n")
        return error.status


def make(work: Path, recipe: Recipe) -> int:
    """All stages; the exit status is 130 where the run was stopped and can go on."""
    try:
        work.mkdir(parents=True, exist_ok=True)
        (work / "recipe.json").write_text(json.dumps(json.loads(recipe.model_dump_json()), indent=1) + "\n", "utf-8")
    except OSError as error:
        raise StoreError(f"the folder {work} cannot be written: {error}; give another one as --work") from None
    _tokenizer(work / "tokenizer", recipe)
    from training.backbone.folder import write_folder
    from training.backbone.training import Stopped, train

    try:
        model = train(work, recipe, _show)
    except Stopped as stopped:
        sys.stderr.write(f"winnow: {stopped}\n")
        return 130
    folder = write_folder(model, work / "tokenizer", work / "model")
    sys.stderr.write(f"the model is in {folder}; `python -m training.export.shipment {folder}` makes the files that ship\n")
    return 0


def _tokenizer(folder: Path, recipe: Recipe) -> None:
    if (folder / "tokenizer.json").exists():
        return
    from training.backbone import tokenizer as bpe
    from training.world.corpus import rows

    sys.stderr.write(f"tokenizer: {recipe.tokenizer_trees} prompts with their letters ...\n")
    bpe.save(bpe.trained(bpe.texts_of(rows("train", 0, recipe.tokenizer_trees, recipe.seed)), recipe.vocabulary), folder)


def _show(measure: Measure) -> None:
    held = f", held out {measure.held_out:.3f}" if measure.held_out is not None else ""
    sys.stderr.write(
        f"step {measure.step} of {measure.steps}: loss {measure.loss:.3f}{held}, {measure.tokens_per_s:,.0f} tokens a second, "
        f"{measure.left_s / 60:.0f} min left\n"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.backbone", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--work", default="build/backbone", help="folder of tokenizer, checkpoints and the finished model (build/backbone)")
    parser.add_argument("--recipe", metavar="FILE.yaml", help="recipe in place of the shipped one")
    parser.add_argument("--seed", type=int, help="seed in place of the recipe's")
    parser.add_argument("--steps", type=int, help="steps in place of the recipe's")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
