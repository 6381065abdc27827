"""The invented world at a glance: letters with their verdicts, and where writer and rubric disagree.

    python -m training.world letters --count 5 --flaw bench_over_commitment
    python -m training.world check --count 2000
    python -m training.world prospects --count 3
    python -m training.world repetition --count 1500
"""

from __future__ import annotations

import argparse
import json
import sys
from random import Random

from rubric.errors import WinnowError
from rubric.playbook import load_playbook
from rubric.prospect import read_prospect
from training.arguments import a_count
from training.world.agreement import agreement, drafts_for, judged
from training.world.drawing import draw
from training.world.entries import wording
from training.world.facts import facts
from training.world.letters import NoRoom, write
from training.world.mix import letter
from training.world.repetition import repetition
from training.world.signing import senders


def main(arguments: list[str] | None = None) -> int:
    options = _options().parse_args(arguments)
    try:
        _VIEWS[options.what](options)
    except WinnowError as error:
        sys.stderr.write(f"winnow: {error}\n")
        return 2
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.world", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=tuple(_VIEWS))
    parser.add_argument("--count", type=a_count, default=5, help="how many")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first prospect")
    parser.add_argument("--flaw", choices=sorted(wording().flawed), metavar="NAME", help="failure that the letters are to have, as `winnow rules` names it; absent, clean ones")
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
            written = write(known, dice, [options.flaw] if options.flaw else [], unseen=options.unseen)
        except NoRoom:
            continue
        if not any(entry.startswith(options.entry) for entry in written.entries):
            continue
        left -= 1
        reading = read_prospect(drawn.record)
        if options.prompt:
            _say(Prompts().generator(reading, load_playbook("tenacious")).messages[1].text)
        _say(f"--- seed {seed} {drawn.truth} {' '.join(written.entries)}\n{written.text}\n")
        for finding in judged(drawn, written).findings:
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


def _repetition(options: argparse.Namespace) -> None:
    """Letters of the mix without salutation and signature, which all letters of a firm share."""
    texts: list[str] = []
    seed = options.seed
    while len(texts) < options.count:
        drawn, dice = draw(seed), Random(seed)
        seed += 1
        if drawn.truth.decision == "DRAFT":
            body = letter(facts(drawn, senders(dice), dice), drawn.truth.temptation, "baseline", dice).body
            texts.append("\n\n".join(body.split("\n\n")[1:-1]) or body)
    found = repetition(texts)
    _say(f"{found.letters} letters: {found.sharing:.1%} share twelve words in a row with another, {found.repeated:.1%} of such runs come twice")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


_VIEWS = {"letters": _letters, "check": _check, "prospects": _prospects, "repetition": _repetition}

if __name__ == "__main__":
    raise SystemExit(main())
