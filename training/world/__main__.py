"""The invented world at a glance: letters with their verdicts, and where writer and rubric disagree.

    python -m training.world letters --count 5 --flaw bench_over_commitment
    python -m training.world check --count 2000
    python -m training.world prospects --count 3
"""

from __future__ import annotations

import argparse
import json
import sys
from random import Random

from rubric.errors import WinnowError
from rubric.playbook import load_playbook
from rubric.prospect import read_prospect
from training.world.agreement import agreement, drafts_for, judged
from training.world.drawing import draw
from training.world.facts import facts
from training.world.letters import NoRoom, write
from training.world.signing import senders


def main(arguments: list[str] | None = None) -> int:
    options = _options().parse_args(arguments)
    try:
        {"letters": _letters, "check": _check, "prospects": _prospects}[options.what](options)
    except WinnowError as error:
        sys.stderr.write(f"winnow: {error}\n")
        return 2
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.world", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=("letters", "check", "prospects"))
    parser.add_argument("--count", type=int, default=5, help="how many")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first prospect")
    parser.add_argument("--flaw", help="failure name that the letters are to have; absent, clean ones")
    parser.add_argument("--unseen", action="store_true", help="flaws in the wording that is set aside")
    parser.add_argument("--tag", action="append", default=[], help="only prospects with this tag; may be repeated")
    parser.add_argument("--entry", default="", help="only letters that use an entry whose id begins so")
    parser.add_argument("--prompt", action="store_true", help="show the brief of the prompt too")
    parser.add_argument("--show", type=int, default=3, help="examples of each kind of disagreement")
    return parser


def _letters(options: argparse.Namespace) -> None:
    from prompts.loader import Prompts

    left, seed = options.count, options.seed
    while left and seed < options.seed + 200_000:
        seed += 1
        drawn, dice = draw(seed), Random(seed)
        if drawn.truth.decision != "DRAFT":
            continue
        known = facts(drawn, senders(dice), dice)
        if not set(options.tag) <= known.tags:
            continue
        try:
            letter = write(known, dice, [options.flaw] if options.flaw else [], unseen=options.unseen)
        except NoRoom:
            continue
        if not any(entry.startswith(options.entry) for entry in letter.entries):
            continue
        left -= 1
        reading = read_prospect(drawn.record)
        if options.prompt:
            _say(Prompts().generator(reading, load_playbook("tenacious")).messages[1].text)
        _say(f"--- seed {seed} {drawn.truth} {' '.join(letter.entries)}\n{letter.text}\n")
        for finding in judged(drawn, letter).findings:
            _say(f"    {finding.decision} {finding.rule} ({finding.failure}): {finding.reason}")
        _say("")


def _check(options: argparse.Namespace) -> None:
    kinds = (False, True) if options.unseen else (False,)
    for unseen in kinds:
        result = agreement(drafts_for(range(options.seed, options.seed + options.count), unseen=unseen, flaw=options.flaw))
        _say(f"{'set aside' if unseen else 'seen'} wording: {result.summary()}")
        for kind, examples in result.disagreements.most_common():
            _say(f"\n## {kind}: {examples}")
            for example in result.examples[kind][: options.show]:
                _say(example)


def _prospects(options: argparse.Namespace) -> None:
    for seed in range(options.seed, options.seed + options.count):
        drawn = draw(seed)
        _say(f"--- seed {seed} {drawn.truth}\n{json.dumps(drawn.record, ensure_ascii=False)}")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    raise SystemExit(main())
