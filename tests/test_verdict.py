"""The verdict: how findings become a decision, a score and a tone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from itertools import permutations
from types import SimpleNamespace
from typing import Any

import pytest

from rubric import Email, Found, Rule, Verdict, check, rule, to_json
from rubric.case import Case
from rubric.errors import ConfigError, RuleError, WinnowError
from rubric.playbook import DECISIONS, MARKERS, Decision, Dimension, Marker
from rubric.rules import all_rules, chosen
from rubric.rules.tone import brand
from rubric.verdict import DIMENSIONS, judge, prospect_verdict, strongest
from tests.cases import FUNDED, brief, fires, playbook_with
from tests.cases import judge as judge_all
from tests.conftest import PlugIn


def case(body: str = "We saw two roles. Is that all?", **prospect: Any) -> Case:
    return Case(brief(**prospect), Email(body), playbook_with())


def always(
    id: str = "fake.always",
    *,
    decision: Decision = "PENALISE",
    dimension: Dimension = "tone_compliance",
    marker: Marker | None = None,
    founds: tuple[Found, ...] = (Found("is always so"),),
) -> Rule:
    """A rule that finds the same things in every letter."""

    @rule(id, failure="tone_violation", dimension=dimension, severity=3, decision=decision, marker=marker, fix="nothing", passes=[], fails=[])
    def fake(case: Case) -> Iterable[Found]:
        """It is always broken."""
        return founds

    return fake


def crashing(error: Exception) -> Rule:
    @rule("fake.crash", failure="tone_violation", dimension="tone_compliance", severity=3, decision="BLOCK", fix="nothing", passes=[], fails=[])
    def fake(case: Case) -> Iterable[Found]:
        """It crashes after its first finding."""
        yield Found("is found before the crash")
        raise error

    return fake


class TestDecision:
    """The strongest finding decides."""

    def test_the_order(self) -> None:
        assert DECISIONS == ("PASS", "PENALISE", "BLOCK", "ESCALATE", "SUPPRESS")

    def test_no_finding_passes(self) -> None:
        assert judge(case(), []).decision == "PASS"

    @pytest.mark.parametrize("decision", DECISIONS)
    def test_one_finding_decides(self, decision: Decision) -> None:
        assert judge(case(), [always(decision=decision)]).decision == decision

    @pytest.mark.parametrize("pair", list(permutations(DECISIONS, 2)), ids="-".join)
    def test_the_stronger_of_two_decides(self, pair: tuple[Decision, Decision]) -> None:
        rules = [always(f"fake.n{n}", decision=d) for n, d in enumerate(pair)]
        assert judge(case(), rules).decision == max(pair, key=DECISIONS.index)

    def test_a_finding_may_be_stricter_than_its_rule(self) -> None:
        assert judge(case(), [always(founds=(Found("x", decision="BLOCK"),))]).decision == "BLOCK"

    def test_strongest_of_nothing_is_pass(self) -> None:
        assert strongest([]) == "PASS"

    def test_the_strongest_come_first(self) -> None:
        rules = [always(f"fake.{d.lower()}", decision=d) for d in DECISIONS]
        assert [f.decision for f in judge(case(), rules).findings] == list(reversed(DECISIONS))

    def test_of_equals_the_earlier_in_the_text_comes_first(self) -> None:
        founds = (Found("later", (9, 12)), Found("earlier", (0, 3)), Found("nowhere"))
        assert [f.reason for f in judge(case(), [always(founds=founds)]).findings] == ["nowhere", "earlier", "later"]


class TestScore:
    """A finding lowers its dimension and never raises one."""

    def test_no_finding_scores_one(self) -> None:
        assert judge(case(), []).score == 1.0

    @pytest.mark.parametrize("dimension", DIMENSIONS)
    def test_a_finding_lowers_its_own_dimension(self, dimension: Dimension) -> None:
        before = judge(case(**FUNDED), []).dimensions
        after = judge(case(**FUNDED), [always(dimension=dimension)]).dimensions
        assert [d for d in DIMENSIONS if after[d] != before[d]] == [dimension]

    @pytest.mark.parametrize(("mild", "strict"), [("PASS", "PENALISE"), ("PENALISE", "BLOCK")])
    def test_a_stricter_finding_lowers_it_more(self, mild: Decision, strict: Decision) -> None:
        scores = [judge(case(), [always(decision=d)]).score or 0 for d in (mild, strict)]
        assert scores[0] > scores[1]

    @pytest.mark.parametrize("decision", DECISIONS)
    def test_more_findings_never_raise_it(self, decision: Decision) -> None:
        scores = [judge(case(), [always(decision=decision, founds=(Found("x"),) * n)]).score or 0 for n in range(6)]
        assert scores == sorted(scores, reverse=True)

    def test_it_stays_between_nought_and_one(self) -> None:
        rules = [always(f"fake.n{n}", decision="BLOCK", dimension=d) for d in DIMENSIONS for n in range(30)]
        assert 0 <= (judge(case(), rules).score or 0) <= 1

    def test_it_is_the_weighted_mean(self) -> None:
        verdict = judge(case(**FUNDED), [always(decision="BLOCK")])
        weights = playbook_with().dimensions
        mean = sum((verdict.dimensions[d] or 0) * w for d, w in weights.items()) / sum(weights.values())
        assert verdict.score == pytest.approx(mean, abs=1e-4)

    def test_a_dimension_without_weight_is_left_out(self) -> None:
        weights = {**dict.fromkeys(DIMENSIONS, 0.0), "cta_quality": 1.0}
        verdict = judge(Case(brief(), Email("Hi"), playbook_with({"dimensions": weights})), [always(decision="BLOCK")])
        assert verdict.score == 1.0


DRAFTS = ["", "We saw two roles.", "Our world-class ninjas guarantee 50% savings!!!", "We have 90 Python engineers.", "\u05e9\u05dc\u05d5\u05dd", "Hi [Name],"]
PROSPECTS: list[dict[str, Any]] = [{}, dict(FUNDED), {"capacity": {"rust": {"available": 1}}}, {"recipient": {"name": "Maya"}}]


class TestNull:
    """What cannot be judged is null, whatever the draft says."""

    @pytest.mark.parametrize("prospect", PROSPECTS, ids=[str(list(p)) for p in PROSPECTS])
    def test_the_draft_has_no_say(self, prospect: dict[str, Any]) -> None:
        unjudged = {tuple(d for d, v in judge_all(body, prospect).dimensions.items() if v is None) for body in DRAFTS}
        assert len(unjudged) == 1

    def test_without_capacity_nothing_can_be_promised_or_judged(self) -> None:
        playbook = playbook_with()
        bare = playbook.model_copy(update={"capacity": {}})
        assert check(brief(), Email("Hi"), bare).dimensions["bench_fit_alignment"] is None
        assert check(brief(), Email("Hi"), playbook).dimensions["bench_fit_alignment"] == 1.0

    def test_a_bare_name_leaves_nothing_to_personalise(self) -> None:
        assert judge_all("Hi").dimensions["personalization_depth"] is None
        assert judge_all("Hi", FUNDED).dimensions["personalization_depth"] is not None

    def test_null_is_not_read_as_nought(self) -> None:
        verdict = judge(case(), [])
        assert None in verdict.dimensions.values() and verdict.score == 1.0


class TestTone:
    """Five markers from 1 to 5; one below 4 is penalised, two are a broken brand."""

    def test_all_are_five_at_first(self) -> None:
        assert judge(case(), []).tone == dict.fromkeys(MARKERS, 5)

    @pytest.mark.parametrize("marker", MARKERS)
    def test_one_low_marker_is_penalised(self, marker: Marker) -> None:
        verdict = judge(case(), [always(marker=marker), brand])
        assert verdict.tone[marker] == 3 and verdict.decision == "PENALISE"

    def test_two_low_markers_are_blocked(self) -> None:
        rules = [always("fake.one", marker="direct"), always("fake.two", marker="honest"), brand]
        verdict = judge(case(), rules)
        assert verdict.decision == "BLOCK" and verdict.findings[0].rule == "tone.brand"

    def test_the_brand_finding_names_the_markers(self) -> None:
        rules = [always("fake.one", marker="direct"), always("fake.two", marker="non_condescending"), brand]
        reason = judge(case(), rules).findings[0].reason
        assert "direct 3" in reason and "non-condescending 3" in reason

    def test_two_findings_of_one_marker_are_not_two_markers(self) -> None:
        rules = [always("fake.one", marker="direct"), always("fake.two", marker="direct"), brand]
        assert judge(case(), rules).decision == "PENALISE"

    def test_a_marker_at_four_is_not_low(self) -> None:
        light = (Found("x", marker="direct", weight=1), Found("y", marker="honest", weight=1))
        verdict = judge(case(), [always(founds=light), brand])
        assert verdict.tone["direct"] == 4 and "tone.brand" not in {f.rule for f in verdict.findings}

    def test_a_marker_never_falls_below_one(self) -> None:
        assert judge(case(), [always(marker="direct", founds=(Found("x"),) * 9)]).tone["direct"] == 1

    def test_a_note_lowers_nothing(self) -> None:
        assert judge(case(), [always(marker="direct", decision="PASS")]).tone["direct"] == 5

    LETTERS = [
        ("Our world-class engineers are here.", "PENALISE"),
        ("Sorry for writing.", "PENALISE"),
        ("Our world-class engineers are here. Sorry for writing.", "BLOCK"),
        ("You are falling behind, and our synergy helps.", "BLOCK"),
    ]

    @pytest.mark.parametrize(("body", "decision"), LETTERS)
    def test_in_a_letter(self, body: str, decision: Decision) -> None:
        assert judge_all(body).decision == decision


class TestCrash:
    """Half a verdict would read as a pass, so there is none."""

    @pytest.mark.parametrize("error", [ValueError("x"), KeyError("x"), ZeroDivisionError(), RecursionError(), AssertionError(), MemoryError()], ids=repr)
    def test_a_crashing_rule_ends_the_case(self, error: Exception) -> None:
        with pytest.raises(RuleError) as caught:
            judge(case(), [always(), crashing(error)])
        assert caught.value.__cause__ is error

    def test_the_message_names_rule_and_cause(self) -> None:
        with pytest.raises(RuleError, match=r"fake\.crash failed with ValueError: too bad; .*--without fake\.crash"):
            judge(case(), [crashing(ValueError("too bad"))])

    def test_it_is_an_error_of_ours(self) -> None:
        with pytest.raises(WinnowError) as caught:
            judge(case(), [crashing(ValueError())])
        assert caught.value.status == 1

    def test_an_interrupt_is_not_caught(self) -> None:
        with pytest.raises(KeyboardInterrupt):
            judge(case(), [crashing(KeyboardInterrupt())])  # type: ignore[arg-type]


class TestPlugIns:
    """A team's own rules, by entry point."""

    @pytest.fixture
    def own(self) -> Rule:
        return always("ours.always", decision="BLOCK")

    HOLDERS: list[Callable[[Rule], Any]] = [
        lambda own: SimpleNamespace(rules=[own]),
        lambda own: SimpleNamespace(rules=(own,)),
        lambda own: SimpleNamespace(some_name=own, other="text"),
    ]

    @pytest.mark.parametrize("holder", HOLDERS, ids=["a list", "a tuple", "a module"])
    def test_a_plug_in_joins_the_rubric(self, plug_in: PlugIn, own: Rule, holder: Callable[[Rule], Any]) -> None:
        plug_in(ours=holder(own))
        assert "ours.always" in {r.id for r in all_rules()}
        assert judge_all("We saw two roles.").decision == "BLOCK"

    def test_it_comes_behind_the_package_s_own(self, plug_in: PlugIn, own: Rule) -> None:
        count = len(all_rules())
        plug_in(ours=SimpleNamespace(rules=[own]))
        assert [r.id for r in all_rules()].index("ours.always") == count

    def test_it_can_be_switched_off(self, plug_in: PlugIn, own: Rule) -> None:
        plug_in(ours=SimpleNamespace(rules=[own]))
        assert "ours.always" not in {r.id for r in chosen(frozenset({"ours.always"}))}

    def test_an_id_that_is_taken_is_refused(self, plug_in: PlugIn) -> None:
        plug_in(ours=SimpleNamespace(rules=[always("tone.words")]))
        with pytest.raises(ConfigError, match=r"'ours' brings a rule 'tone\.words'"):
            all_rules()

    def test_two_plug_ins_with_one_id_are_refused(self, plug_in: PlugIn, own: Rule) -> None:
        plug_in(ours=SimpleNamespace(rules=[own]), theirs=SimpleNamespace(rules=[own]))
        with pytest.raises(ConfigError, match=r"'theirs' brings a rule 'ours\.always'"):
            all_rules()

    def test_one_that_cannot_be_loaded_is_named(self, plug_in: PlugIn) -> None:
        plug_in(ours=ImportError("no module"))
        with pytest.raises(ConfigError, match=r"'ours' \(fake:ours\) cannot be loaded: ImportError: no module"):
            all_rules()

    def test_a_crash_of_one_is_never_a_pass(self, plug_in: PlugIn) -> None:
        plug_in(ours=SimpleNamespace(rules=[crashing(ValueError())]))
        with pytest.raises(RuleError, match=r"fake\.crash"):
            judge_all("We saw two roles.")

    def test_without_plug_ins_none_is_left(self) -> None:
        assert not any(r.id.startswith(("ours.", "fake.")) for r in all_rules())


class TestChosen:
    """Rules that are switched off."""

    def test_one_is_left_out(self) -> None:
        body = "Our world-class engineers are here."
        verdict = check(brief(), Email(body), playbook_with(), without=frozenset({"tone.words"}))
        assert fires("tone.words", body) and "tone.words" not in {f.rule for f in verdict.findings}

    def test_one_that_is_off_breaks_no_brand(self) -> None:
        body = "We have world-class engineers, so don't miss out."
        verdict = check(brief(), Email(body), playbook_with(), without=frozenset({"tone.words"}))
        assert set(verdict.tone.values()) == {5} and "tone.brand" not in {f.rule for f in verdict.findings}

    def test_a_misspelt_one_is_refused_with_the_nearest(self) -> None:
        with pytest.raises(ConfigError, match=r"no rule 'tone\.word'; the nearest is 'tone\.words'"):
            chosen(frozenset({"tone.word"}))


class TestProspectAlone:
    """What is known before a draft exists."""

    def test_a_plain_prospect_decides_nothing(self) -> None:
        assert prospect_verdict(brief(), playbook_with()) == []

    DECIDED: list[tuple[dict[str, Any], Decision]] = [
        ({"disqualifiers": ["anti_offshore"]}, "SUPPRESS"),
        ({"opt_out_channels": ["sms"]}, "SUPPRESS"),
        ({"company": {"headcount": 2001}, "recipient": {"role": "cto"}}, "ESCALATE"),
        ({"need": {"named_engineer": "Amina Diallo"}}, "ESCALATE"),
    ]

    @pytest.mark.parametrize(("prospect", "decision"), DECIDED, ids=[str(p) for p, _ in DECIDED])
    def test_it_decides_as_the_whole_does(self, prospect: dict[str, Any], decision: Decision) -> None:
        assert strongest(f.decision for f in prospect_verdict(brief(**prospect), playbook_with())) == decision
        assert judge_all("We saw two roles. Is that all?", prospect).decision == decision

    def test_suppress_goes_before_escalate(self) -> None:
        both = {"disqualifiers": ["anti_offshore"], "company": {"headcount": 9000}, "recipient": {"role": "ceo"}}
        assert judge_all("Hi", both).decision == "SUPPRESS"

    def test_a_bad_draft_cannot_change_it(self) -> None:
        assert judge_all("Our world-class ninjas have 90 Python engineers.", {"opt_out_channels": ["sms"]}).decision == "SUPPRESS"


class TestJson:
    """One row, as the contract says."""

    @pytest.fixture
    def verdict(self) -> Verdict:
        return judge_all("Our world-class engineers are here.", {"zzzz": 1}, subject="Quick chat")

    def test_the_keys_of_the_contract(self, verdict: Verdict) -> None:
        assert {"id", "decision", "score", "dimensions", "segment", "findings", "error"} <= to_json(verdict, "c1").keys()

    def test_it_is_json(self, verdict: Verdict) -> None:
        assert json.loads(json.dumps(to_json(verdict, "c1")))["id"] == "c1"

    def test_the_keys_of_a_finding(self, verdict: Verdict) -> None:
        wanted = {"rule", "version", "decision", "severity", "dimension", "failure", "reason", "span", "evidence", "fix"}
        assert all(wanted <= finding.keys() for finding in to_json(verdict)["findings"])

    def test_a_finding_in_the_subject_says_so(self, verdict: Verdict) -> None:
        parts = {f["rule"]: f.get("in") for f in to_json(verdict)["findings"]}
        assert parts["form.subject_opener"] == "subject" and parts["form.signature"] is None

    def test_warnings_come_along(self, verdict: Verdict) -> None:
        assert any("zzzz" in w for w in to_json(verdict)["warnings"])

    def test_a_claimed_segment_that_differs_is_reported(self) -> None:
        shown = judge_all("Hi", {**FUNDED, "segment": {"name": "Segment 2"}}).segment
        assert (shown.name, shown.claimed) == ("recently_funded", "restructuring")

    def test_a_claimed_segment_that_agrees_is_not(self) -> None:
        assert judge_all("Hi", {**FUNDED, "segment": {"name": "Segment 1"}}).segment.claimed is None


class TestGrounding:
    """With `explain`, every claim is shown with what carries it."""

    @staticmethod
    def claims(body: str, prospect: dict[str, Any]) -> dict[str, str | None]:
        verdict = check(brief(**prospect), Email(body), playbook_with(), explain=True)
        return {c.text: c.pointer for c in verdict.grounding or [] if not c.kind.startswith("event")}

    TRACED = [
        ("Your $14M round stands out.", "$14M", "/signals/funding/amount_usd"),
        ("Your 14 million dollars stand out.", "14 million dollars", "/signals/funding/amount_usd"),
        ("You have seven open roles.", "seven open roles", "/signals/hiring/open_engineering_roles"),
        ("You closed the round in February.", "February", "/signals/funding/closed_on"),
        ("You closed it on 10 February 2026.", "10 February 2026", "/signals/funding/closed_on"),
        ("Your 60 people are in Berlin.", "60 people", "/company/headcount"),
    ]

    @pytest.mark.parametrize(("body", "text", "pointer"), TRACED, ids=[row[1] for row in TRACED])
    def test_a_claim_is_traced(self, body: str, text: str, pointer: str) -> None:
        assert self.claims(body, dict(FUNDED))[text] == pointer

    def test_a_claim_that_nothing_carries_is_shown_too(self) -> None:
        assert self.claims("Your 4,000 people are in Berlin.", dict(FUNDED))["4,000 people"] is None

    def test_without_explain_there_is_none(self) -> None:
        assert judge_all("Your $14M round stands out.", FUNDED).grounding is None

    def test_the_other_thread_carries_nothing(self) -> None:
        said = self.claims("A budget of $200k is there.", {"other_threads": [{"with": "cfo", "facts": ["CFO approved a $200k budget"]}]})
        assert said["$200k"] is None


# -- the company's own name ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "body", "listed", "heard"),
    [
        ("Slow 12", "Slow 12 has 7 open roles.", "decline_words", 0),
        ("Slow 12", "Slow\n12's roles are slow.", "decline_words", 1),
        ("Slow 12", "slow 12 and Slow 121 and Slow.", "decline_words", 3),
        ("Growing (EU)", "Growing (EU) is growing.", "growth_words", 1),
        ("slow", "Your hiring is slow.", "decline_words", 1),
        ("50% Discount", "We offer a 50% Discount.", "discount", 2),
    ],
)
def test_words_of_the_company_name_claim_nothing(name: str, body: str, listed: str, heard: int) -> None:
    letter = case(body, company={"name": name})
    assert len({hit.first for _, hit in letter.each(listed)}) == heard
