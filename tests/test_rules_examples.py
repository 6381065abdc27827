"""Every rule does what its own examples say, and says of itself what a reader needs."""

from __future__ import annotations

import re
from collections import Counter
from typing import get_args

import pytest

from rubric import Email, Example, Rule
from rubric.playbook import Failure
from rubric.rules import FAMILIES, all_rules
from tests.cases import judge_with, quotes

RULES = all_rules()
NAMES = [rule.id for rule in RULES]
PASSES = [(rule, example) for rule in RULES for example in rule.passes]
FAILS = [(rule, example) for rule in RULES for example in rule.fails]

DOMAIN_NAMES = frozenset(
    """bench_over_commitment icp_misclassification signal_over_claiming gap_over_claiming tone_violation
    word_count_violation one_ask_violation abstention_failure thread_leakage generic_peers opt_out_ignored
    disqualifier_ignored escalation_missed unverified_funding funding_tier_mismatch regulatory_caveat_missing
    rejected_idea_repeated pricing_violation schedule_violation format_violation injection
    personalization_missing""".split()
)


def _ids(cases: list[tuple[Rule, Example]]) -> list[str]:
    return [f"{rule.id}-{example.body[:30]!r}" for rule, example in cases]


@pytest.mark.parametrize(("rule", "example"), PASSES, ids=_ids(PASSES))
def test_a_passing_example_passes(rule: Rule, example: Example) -> None:
    verdict = judge_with(rule, example.body, example.prospect, example.subject, example.playbook)
    assert [f.reason for f in verdict.findings] == []


@pytest.mark.parametrize(("rule", "example"), FAILS, ids=_ids(FAILS))
def test_a_failing_example_fails(rule: Rule, example: Example) -> None:
    verdict = judge_with(rule, example.body, example.prospect, example.subject, example.playbook)
    assert rule.id in {f.rule for f in verdict.findings}


@pytest.mark.parametrize(("rule", "example"), FAILS, ids=_ids(FAILS))
def test_a_span_of_a_failing_example_lies_in_the_text(rule: Rule, example: Example) -> None:
    email = Email(example.body, example.subject)
    for finding, quote in quotes(judge_with(rule, example.body, example.prospect, example.subject, example.playbook), email):
        assert finding.span is not None and quote.strip(), finding
        text = email.body if finding.part == "body" else email.subject or ""
        assert 0 <= finding.span[0] < finding.span[1] <= len(text)


@pytest.mark.parametrize(("rule", "example"), FAILS, ids=_ids(FAILS))
def test_a_failing_example_gives_a_reason(rule: Rule, example: Example) -> None:
    for finding in judge_with(rule, example.body, example.prospect, example.subject, example.playbook).findings:
        assert len(finding.reason) > 10
        assert "None" not in finding.reason
        assert finding.fix


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
class TestCard:
    """What a rule says of itself."""

    def test_it_has_two_examples_of_each_kind(self, rule: Rule) -> None:
        assert len(rule.passes) >= 2 and len(rule.fails) >= 2

    def test_it_has_a_docstring_that_is_a_sentence(self, rule: Rule) -> None:
        assert rule.explanation.endswith(".") and len(rule.explanation) > 20
        assert rule.summary

    def test_its_fix_is_a_fragment(self, rule: Rule) -> None:
        assert rule.fix and rule.fix[0].islower() and rule.fix[-1] not in ".!?:;,"

    def test_its_id_is_family_and_name(self, rule: Rule) -> None:
        assert re.fullmatch(r"[a-z]+\.[a-z_]+", rule.id)

    def test_its_numbers_are_in_range(self, rule: Rule) -> None:
        assert rule.version >= 1 and rule.severity in {1, 2, 3, 4}

    def test_its_examples_differ(self, rule: Rule) -> None:
        cards = [repr(e) for e in (*rule.passes, *rule.fails)]
        assert len(set(cards)) == len(cards)

    def test_a_suppressing_or_escalating_rule_needs_no_draft(self, rule: Rule) -> None:
        assert rule.decision not in {"SUPPRESS", "ESCALATE"} or not rule.draft


def test_ids_are_unique() -> None:
    assert [id for id, count in Counter(NAMES).items() if count > 1] == []


def test_the_vocabulary_is_the_one_of_the_domain() -> None:
    assert frozenset(get_args(Failure)) == DOMAIN_NAMES


@pytest.mark.parametrize("name", sorted(DOMAIN_NAMES))
def test_every_failure_name_has_a_rule(name: str) -> None:
    assert name in {rule.failure for rule in RULES}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_has_a_rule(family: str) -> None:
    assert any(rule.check.__module__ == f"rubric.rules.{family}" for rule in RULES)


PROSPECT_ONLY = [(rule, example) for rule, example in FAILS if not rule.draft]


@pytest.mark.parametrize(("rule", "example"), PROSPECT_ONLY, ids=_ids(PROSPECT_ONLY))
def test_a_rule_without_draft_does_not_look_at_one(rule: Rule, example: Example) -> None:
    with_draft = judge_with(rule, example.body, example.prospect, example.subject, example.playbook)
    without = judge_with(rule, "", example.prospect, None, example.playbook)
    assert [f.reason for f in with_draft.findings] == [f.reason for f in without.findings]
