"""Makes the demonstration backbone from nothing: tokenizer, training, and a transformers folder.

    python -m training.backbone --work build/backbone
    python -m training.backbone --work build/backbone --recipe my.yaml --steps 200
    python -m training.backbone --work build/backbone --ship --figures figures.json

Every stage that is done is kept in the --work folder; stopped by Ctrl-C or a crash, the same command goes on.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rubric.errors import WinnowError
from training.backbone.recipe import Recipe, keep_recipe, read_recipe

if TYPE_CHECKING:
    from training.backbone.training import Measure


def main(arguments: Sequence[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    wanted = {name: value for name in ("seed", "steps") if (value := getattr(given, name)) is not None}
    try:
        recipe = read_recipe(Path(given.recipe) if given.recipe else None, wanted)
        status = make(Path(given.work), recipe)
        if status == 0 and given.ship:
            _ship(Path(given.work), Path(given.figures) if given.figures else None, given.commit)
        return status
    except WinnowError as error:
        sys.stderr.write(f"winnow: {error}\n")
        return error.status
    except KeyboardInterrupt:  # before or after the training, which stops at its next step
        sys.stderr.write("winnow: interrupted; the same command goes on after the last finished stage\n")
        return 130


def make(work: Path, recipe: Recipe) -> int:
    """All stages; the exit status is 130 where the run was stopped and can go on."""
    keep_recipe(work, recipe)
    _tokenizer(work / "tokenizer", recipe)
    from training.backbone.folder import write_folder
    from training.backbone.training import Stopped, train
    from training.backbone.watch import copying

    try:
        model = train(work, recipe, _show, copying(work / "tokenizer", recipe.seed))
    except Stopped as stopped:
        sys.stderr.write(f"winnow: {stopped}\n")
        return 130
    folder = write_folder(model, work, work / "model")
    sys.stderr.write(f"the model is in {folder}\n")
    return 0


def _ship(work: Path, figures: Path | None, commit: str | None) -> None:
    """The files that the package holds, with a card of this run."""
    from training.backbone.card import card
    from training.export.shipment import ship

    (work / "model" / "README.md").write_text(card(work, figures, commit), "utf-8")
    for path in ship(work / "model"):
        sys.stderr.write(f"wrote {path} ({path.stat().st_size / 1e6:.1f} MB)\n")


def _tokenizer(folder: Path, recipe: Recipe) -> None:
    if (folder / "tokenizer.json").exists():
        return
    from training.backbone import tokenizer as bpe
    from training.backbone.pieces import common_pieces
    from training.world.corpus import rows

    sys.stderr.write(f"tokenizer: {recipe.tokenizer_trees} prompts with their letters ...\n")
    texts = list(bpe.texts_of(rows("train", 0, recipe.tokenizer_trees, recipe.seed)))
    bpe.save(common_pieces(bpe.trained(texts, recipe.vocabulary), texts, recipe.least_in_names), folder)


def _show(measure: Measure) -> None:
    held = f", held out {measure.held_out:.3f}" if measure.held_out is not None else ""
    copied = "".join(f", {name} {share:.0%}" for name, share in (measure.copied or {}).items())
    sys.stderr.write(
        f"step {measure.step} of {measure.steps}: loss {measure.loss:.3f}{held}{copied}, {measure.tokens_per_s:,.0f} tokens a second, "
        f"{measure.left_s / 60:.0f} min left, {measure.left_out:.0%} of the prompts too long\n"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.backbone", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--work", default="build/backbone", help="folder of tokenizer, checkpoints and the finished model (build/backbone)")
    parser.add_argument("--recipe", metavar="FILE.yaml", help="recipe in place of the shipped one")
    parser.add_argument("--seed", type=int, help="seed in place of the recipe's")
    parser.add_argument("--ship", action="store_true", help="put the finished model into the package, with its card and sums")
    parser.add_argument("--figures", metavar="FILE.json", help="output of `python -m experiments.backbone` for the card")
    parser.add_argument("--commit", help="what the card names as the state of the corpus")
    parser.add_argument("--steps", type=int, help="steps in place of the recipe's")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
