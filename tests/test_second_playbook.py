"""A seller of another trade, and that nothing of the first one shows when the second writes.

The letters here are written for Larkholm, an invented firm that digitises paper archives. Where the
code still says something of the first trade, the test is marked or listed so that mending the code
makes it fail: take the mark or the line out then.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import rubric
from rubric import Email, Playbook, Verdict, check, load_playbook, read_prospect
from rubric.playbook import builtin, english
from rubric.prospect import Part
from rubric.rules import all_rules

PACKAGE = Path(rubric.__file__).parent
FIRST, SECOND = "tenacious", "larkholm"
# Words that only a seller of engineering teams from East Africa has a use for.
TRADE = re.compile(
    r"(?<![a-z])(?:get)?(tenacious|addis|ethiopia|east[ _-]africa|engineer|developer|programmer|coder(?=s?\b)"
    r"|offshor|python|golang|nestjs|django|kafka|kubernetes|k8s|graphql|mlops|mle(?=s?\b))",
    re.I,
)


# -- letters -------------------------------------------------------------------------------------
MUSEUM: dict[str, Any] = {
    "as_of": "2026-04-21",
    "company": {"name": "Sundvik City Museum", "industry": "museum", "headcount": 120, "hq": "Turku, Finland", "timezone": "Europe/Helsinki"},
    "recipient": {"name": "Aino Rask", "title": "Head of Collections"},
    "signals": {
        "funding": {"closed_on": "2026-01-15", "amount_usd": 400000, "confidence": "high"},
        "facts": ["The museum holds 900 shelf metres of shipping ledgers."],
    },
}
BERLIN: dict[str, Any] = {"recipient": {"name": "Aino Rask", "timezone": "Europe/Berlin"}}
HOSPITAL: dict[str, Any] = {"company": {"name": "Thorn Lane", "industry": "hospital", "headcount": 3000, "hq": "Leeds"}}
SIGNED = "\n\nIf you prefer not to hear from us, reply no and we stop.\n\nMaija\nArchive Partner\nLarkholm Archive Services\nlarkholm.example"
OPENING = "Dear Aino,\n\nYour museum holds 900 shelf metres of shipping ledgers, and the grant of 15 January runs for a year."
SUBJECT = "About your shipping ledgers"


def prospect(**parts: Any) -> dict[str, Any]:
    return {**MUSEUM, **parts}


def judged(body: str, parts: Mapping[str, Any] | None = None, subject: str = SUBJECT, playbook: str = SECOND) -> Verdict:
    reading = read_prospect(prospect(**(parts or {})))
    return check(reading, Email(body, subject), load_playbook(playbook))


def letter(*sentences: str) -> str:
    return f"{OPENING} {' '.join(sentences)}{SIGNED}"


def rules_of(verdict: Verdict) -> set[str]:
    return {f.rule for f in verdict.findings}


def test_a_good_letter_of_the_second_seller_passes() -> None:
    verdict = judged(letter("We could put the grant to work with four archivists.", "Would 40 minutes next week suit you?"))
    assert verdict.findings == []
    assert (verdict.decision, verdict.segment.name) == ("PASS", "funded_programme")
    assert verdict.compliance["visible_opt_out"]


# -- (a) what is said about a letter ---------------------------------------------------------------
class Faulty(NamedTuple):
    """A letter that the second playbook faults, and the rule that says so."""

    rule: str
    body: str
    prospect: Mapping[str, Any] = {}
    subject: str = SUBJECT


COMMITTED: dict[str, Any] = {"prior_commitments": [{"who": "Elias Norr", "stack": "conservators", "ends": "2026-07-31"}]}
NEEDS_SIX: dict[str, Any] = {"need": {"stack": "archivists", "engineers": 6}}
INFERRED = "Your microfilm cabinets are large."
MICROFILM: dict[str, Any] = {"signals": {"tech_stack": {"items": ["microfilm"]}}}
FAULTY = [
    Faulty("capacity.over_commitment", letter("We can send six archivists.")),
    Faulty("capacity.seniority", letter("We have three senior archivists for you.")),
    Faulty("capacity.start", letter("Our conservators can start within one week.")),
    Faulty("gate.need_above_capacity", letter("We could begin with four archivists."), NEEDS_SIX),
    Faulty("price.figure", letter("An archivist costs €700 per day.")),
    Faulty("price.discount", letter("The first week is free of charge.")),
    Faulty("tone.words", letter("Your store is a treasure trove.")),
    Faulty("tone.exclamation", letter("Congratulations on the grant!")),
    Faulty("form.length", letter("The ledgers are old. " * 45)),
    Faulty("form.subject_opener", letter("Would 40 minutes suit you?"), subject="Reminder of your ledgers"),
    Faulty("compliance.required", OPENING),
    Faulty("cadence.touches", letter("Would 40 minutes suit you?"), {"touch": 3}),
    Faulty("gate.stance", letter("Would 40 minutes suit you?"), {"signals": {"facts": ["The keeper said: originals never leave the building."]}}),
    Faulty("segment.wrong_pitch", letter("We help with emptying the basement.")),
    Faulty("regulated.caveat", letter("We can start with two archivists in four weeks."), HOSPITAL),
    Faulty("funding.unverified", letter("Your grant of $400,000 may help."), {"signals": {"funding": {"amount_usd": 400000, "confidence": "low"}}}),
    Faulty("gap.unsourced", letter("Other museums in your sector have already digitised.")),
    Faulty("capacity.committed_engineer", letter("Elias Norr can start right away."), COMMITTED),
    Faulty("capacity.committed_stack", letter("We have two scanning crews available now.")),
    Faulty("capacity.bench_word", letter("Our bench covers archivists.")),
    Faulty("schedule.outside_overlap", letter("Would Tuesday at 16:30 your time suit you for a call?"), BERLIN),
    Faulty("signal.tech_stack", letter(INFERRED, "Would 40 minutes next week suit you?"), MICROFILM),
    Faulty("capacity.over_commitment", letter("We can send as many archivists as you like."), NEEDS_SIX),
]


@pytest.mark.parametrize("faulty", FAULTY, ids=lambda f: f.rule)
def test_findings_do_not_speak_of_the_first_trade(faulty: Faulty) -> None:
    verdict = judged(faulty.body, faulty.prospect, faulty.subject)
    assert leaked_from(verdict, faulty) == []


@pytest.mark.parametrize("faulty", FAULTY, ids=lambda f: f.rule)
def test_the_faulty_letters_are_found(faulty: Faulty) -> None:
    assert faulty.rule in rules_of(judged(faulty.body, faulty.prospect, faulty.subject))


def test_an_opt_out_line_hedges_nothing() -> None:
    assert "signal.tech_stack" in rules_of(judged(letter(INFERRED), MICROFILM))


def leaked_from(verdict: Verdict, faulty: Faulty) -> list[str]:
    """Words of the first trade in what is said of a letter that does not have them itself."""
    given = f"{faulty.subject} {faulty.body} {' '.join(texts_in(faulty.prospect))}".lower()
    said = [f"{f.reason} {f.fix}" for f in verdict.findings] + [*verdict.segment.tried, *verdict.segment.filters]
    return [word for text in said for word in words_of_trade(text) if word not in given]


def texts_in(value: object) -> Iterator[str]:
    """Every text of a prospect, but not the names of its fields."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from (text for item in value.values() for text in texts_in(item))
    elif isinstance(value, list):
        yield from (text for item in value for text in texts_in(item))


def words_of_trade(text: str) -> list[str]:
    """The words of the first trade in a text, without their endings."""
    return [m.group(1).lower() for m in TRADE.finditer(text)]


# -- (b) letters that only one of the two playbooks faults ------------------------------------------
class Differs(NamedTuple):
    """A rule that speaks under `faulted_by` alone."""

    rule: str
    faulted_by: str
    body: str
    prospect: Mapping[str, Any] = {}
    subject: str = SUBJECT


def in_words(count: int) -> str:
    """A cold letter of so many words without its signature."""
    return " ".join(["word"] * count) + "\n\nBest,\nMaija"


DIFFERING = [
    Differs("price.figure", FIRST, letter("An archivist costs €420 per day.")),
    Differs("form.length", FIRST, in_words(140)),
    Differs("form.length", SECOND, in_words(90), {"message_type": "reengagement"}),
    Differs("form.subject_opener", FIRST, letter("Would 40 minutes suit you?")),
    Differs("form.subject_opener", SECOND, letter("Would 40 minutes suit you?"), subject="Request: your ledgers"),
    Differs("ask.long_meeting", FIRST, letter("Would 40 minutes suit you?")),
    Differs("tone.words", FIRST, letter("The bindings are robust, and a loan would leverage the grant.")),
    Differs("tone.words", SECOND, letter("Your dusty ledgers are a time capsule.")),
    Differs("tone.exclamation", SECOND, letter("Congratulations on the grant!")),
    Differs("capacity.over_commitment", SECOND, letter("We can send six archivists.")),
    Differs("capacity.over_commitment", FIRST, letter("We can send nine Python engineers."), {"capacity": {}}),
    Differs("schedule.outside_overlap", SECOND, letter("Would Tuesday at 16:30 your time suit you for a call?"), BERLIN),
    Differs("cadence.touches", SECOND, letter("Would 40 minutes suit you?"), {"touch": 3}),
    Differs("compliance.required", SECOND, OPENING),
    Differs("gate.chief", FIRST, letter(), {"company": {"name": "Thorn Lane", "headcount": 3000}, "recipient": {"title": "Chief Executive Officer"}}),
    Differs("gate.stance", SECOND, letter(), {"signals": {"facts": ["Their papers may not leave the house."]}}),
    Differs("gate.stance", FIRST, letter(), {"signals": {"facts": ["They wrote: no offshore teams."]}}),
    Differs("gate.need_above_capacity", SECOND, letter(), NEEDS_SIX),
]


@pytest.mark.parametrize("case", DIFFERING, ids=lambda c: f"{c.rule}-{c.faulted_by}")
def test_each_playbook_has_its_own_limits(case: Differs) -> None:
    by = {name for name in (FIRST, SECOND) if case.rule in rules_of(judged(case.body, case.prospect, case.subject, name))}
    assert by == {case.faulted_by}


@pytest.mark.parametrize(("archivists", "decision"), [("four", "PASS"), ("five", "BLOCK"), ("six", "BLOCK")])
def test_capacity_of_the_other_trade(archivists: str, decision: str) -> None:
    assert judged(letter(f"We can send {archivists} archivists.")).decision == decision


@pytest.mark.parametrize(("price", "decision"), [("€380", "PASS"), ("€520", "PASS"), ("€521", "BLOCK"), ("€379", "BLOCK")])
def test_a_price_inside_the_bands_may_be_named(price: str, decision: str) -> None:
    assert judged(letter(f"An archivist costs {price} per day.")).decision == decision


@pytest.mark.parametrize("said", ["An archivist costs €4,000 per day.", "An archivist costs $420 per day."])
def test_a_band_has_a_unit_and_a_currency(said: str) -> None:
    assert judged(letter(said)).decision == "BLOCK"


@pytest.mark.parametrize(("hour", "decision"), [("08:00", "PASS"), ("15:30", "PASS"), ("16:00", "BLOCK"), ("07:30", "BLOCK")])
def test_times_count_in_the_home_zone(hour: str, decision: str) -> None:
    assert judged(letter(f"Would Tuesday at {hour} your time suit you for a call?")).decision == decision


@pytest.mark.parametrize(("day", "allowed"), [("29 June", False), ("30 June", False), ("1 July", True)])
def test_a_commitment_of_the_other_trade(day: str, allowed: bool) -> None:
    found = rules_of(judged(letter(f"Our scanning crews could start on {day} 2026.")))
    assert ("capacity.committed_stack" not in found) is allowed


# -- (c) segments ---------------------------------------------------------------------------------
FUNDED = {"stage": "series_a", "amount_usd": 12e6, "closed_on": "2026-02-10", "confidence": "high"}
OF_THE_FIRST: list[dict[str, Any]] = [  # prospects that the first playbook has a segment for
    {"company": {"name": "N", "headcount": 60, "hq": "Berlin"}, "signals": {"funding": FUNDED, "hiring": {"open_engineering_roles": 7}}},
    {
        "company": {"name": "N", "headcount": 600},
        "signals": {"funding": {"stage": "public"}, "layoff": {"on": "2026-03-01", "pct": 12}, "hiring": {"open_engineering_roles": 4}},
    },
    {"company": {"name": "N", "headcount": 200}, "signals": {"leadership": {"role": "cto", "started_on": "2026-03-02"}}},
    {"company": {"name": "N"}, "signals": {"ai_maturity": {"score": 3}, "capability_gap": {"stack": "ml", "days_open": 70}}},
]
OF_THE_SECOND: list[Any] = [
    ("funded_programme", {}),
    ("store_clearance", {"signals": {"restructuring": {"on": "2026-02-01", "confidence": "high"}}}),
    (
        "new_keeper",
        {"signals": {"leadership": {"role": "Head of Collections", "started_on": "2026-02-01", "confidence": "high"}}},
    ),
    ("abstain", {"signals": {}}),
]


def segment_names(playbook: str) -> set[str]:
    return {s.name for s in load_playbook(playbook).segments}


def test_the_playbooks_share_no_segment() -> None:
    assert segment_names(FIRST) and segment_names(SECOND)
    assert not segment_names(FIRST) & segment_names(SECOND)


@pytest.mark.parametrize("number", range(len(OF_THE_FIRST)))
def test_a_prospect_of_the_first_gets_no_segment_of_the_first(number: int) -> None:
    parts = OF_THE_FIRST[number]
    assert judged("Hello", parts, playbook=FIRST).segment.name in segment_names(FIRST)
    shown = judged("Hello", parts).segment
    assert shown.name in segment_names(SECOND) | {"abstain"}
    assert not [name for name in segment_names(FIRST) for text in shown.tried if text.startswith(f"{name}:")]


@pytest.mark.parametrize(("name", "parts"), OF_THE_SECOND)
def test_the_second_playbook_has_segments_of_its_own(name: str, parts: dict[str, Any]) -> None:
    assert judged("Hello", parts).segment.name == name


@pytest.mark.parametrize("pitch", ["funded_programme", "store_clearance", "new_keeper"])
def test_an_abstention_blocks_pitches_of_the_second(pitch: str) -> None:
    said = {
        "funded_programme": "We put your grant to work.",
        "store_clearance": "We help with emptying the basement.",
        "new_keeper": "We make a survey of what you inherited.",
    }
    assert "segment.abstention" in rules_of(judged(said[pitch], {"signals": {}}))


# -- (d) one playbook does not touch another -------------------------------------------------------
def test_both_ship_with_version_and_hash() -> None:
    assert {FIRST, SECOND} <= set(builtin())
    first, second = load_playbook(FIRST), load_playbook(SECOND)
    assert second.name == SECOND and re.fullmatch(r"\d+\.\d+", second.version)
    assert re.fullmatch(r"[0-9a-f]{16}", second.hash) and second.hash != first.hash
    assert load_playbook().hash == first.hash


def test_loading_the_second_leaves_the_default_as_it_was() -> None:
    script = (
        "import json, rubric; a = rubric.load_playbook(); before = a.hash, a.lexicon.entries('people');"
        f"b = rubric.load_playbook('{SECOND}'); b.lexicon; rubric.load_playbook.cache_clear();"
        "c = rubric.load_playbook(); print(json.dumps([before, [c.hash, c.lexicon.entries('people')]]))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=PACKAGE.parent)
    before, after = json.loads(done.stdout)
    assert before == after
    assert before[0] == load_playbook().hash


def test_words_of_one_seller_do_not_enter_the_lists_of_another() -> None:
    lists = json.dumps(english(), sort_keys=True)
    first, second = load_playbook(FIRST), load_playbook(SECOND)
    assert "archivist" in second.lexicon.entries("people") and "archivist" not in first.lexicon.entries("people")
    assert "archivists" in second.nouns and "archivists" not in first.nouns
    assert json.dumps(english(), sort_keys=True) == lists


@pytest.mark.parametrize("section", ["capacity", "stacks", "pitches", "regions", "costs_usd"])
def test_a_section_holds_only_what_its_file_says(section: str) -> None:
    import yaml

    given = yaml.safe_load((PACKAGE / "playbooks" / f"{SECOND}.yaml").read_text("utf-8"))
    assert set(getattr(load_playbook(SECOND), section)) == set(given[section])


def test_the_second_playbook_names_nothing_of_the_first() -> None:
    def of(playbook: Playbook) -> set[str]:
        skills = {*playbook.capacity, *playbook.stacks, *playbook.technologies}
        return skills | {n.lower() for n in playbook.companies} | {t.id for t in playbook.tone if t.id != "cliche"}

    assert of(load_playbook(SECOND)).isdisjoint(of(load_playbook(FIRST)))
    text = "\n".join(re.sub(r"#.*", "", line) for line in (PACKAGE / "playbooks" / f"{SECOND}.yaml").read_text("utf-8").splitlines())
    assert words_of_trade(text) == []


# -- (e) the code ----------------------------------------------------------------------------------
# Words of the first trade that the code holds today, by file; a shrinking list: a new word fails
# the test, and so does a line here that the code no longer needs.
KNOWN_IN_CODE: dict[str, set[str]] = {
    "email.py": {"engineer"},  # titles that a signature may have
    "flat.py": {"engineer", "offshor"},
    "flat_keys.py": {"developer", "engineer"},  # keys of the flat form
    "offers.py": {"developer", "engineer"},
    "playbook.py": {"tenacious"},  # the default playbook; this one stays
    "rules/capacity.py": {"python"},  # a stack that only its examples use
    "rules/commitments.py": {"engineer", "python"},  # a rule id and a word beside a name; a stack of examples
    "rules/facts.py": {"engineer"},
    "rules/gates.py": {"engineer"},  # the id gate.named_engineer
    "rules/peers.py": {"mlops"},  # a field that only its examples use
    "rules/personal.py": {"developer", "engineer"},
    "rules/threads.py": {"engineer", "graphql", "k8s", "kubernetes"},
    "segments.py": {"mlops"},
    "stems.py": {"developer", "engineer"},
    "zones.py": {"addis", "east africa"},  # two names among those of all zones
}
KNOWN_IN_ENGLISH = {"coder", "developer", "engineer", "mlops", "programmer", "tenacious"}
_POINTER = re.compile(r"/?[a-z_]+(?:/[a-z_]+)*")


def test_no_code_holds_words_of_the_first_trade() -> None:
    found = {str(path.relative_to(PACKAGE)): trade_in_code(path) for path in sorted(PACKAGE.rglob("*.py"))}
    assert {name: set(words) for name, words in found.items() if words} == KNOWN_IN_CODE, found


def test_no_english_list_holds_words_of_the_first_trade() -> None:
    found = {word for entries in english().values() for entry in entries for word in words_of_trade(entry)}
    assert found == KNOWN_IN_ENGLISH


def test_no_code_asks_for_a_segment_by_name() -> None:
    names = segment_names(FIRST) | segment_names(SECOND)
    assert [place for path in sorted(PACKAGE.rglob("*.py")) for place in compared_names(path, names)] == []


def test_no_fix_states_a_limit_of_the_first_playbook() -> None:
    form = load_playbook(FIRST).form
    own = {o.capitalize() for o in form.subject_openers} | {str(n) for n in form.ask_minutes}
    assert [r.id for r in all_rules() if own & set(re.findall(r"\w+", r.fix))] == []


def trade_in_code(path: Path) -> list[str]:
    """Words of the first trade in the strings of a file that are no docstring and no example."""
    tree = ast.parse(path.read_text("utf-8"))
    ignored = {id(n) for part in _ignored(tree) for n in ast.walk(part)}
    out = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in ignored and not _is_field(node.value):
            out += words_of_trade(node.value)
    return sorted(set(out))


def _ignored(tree: ast.Module) -> list[ast.AST]:
    """Docstrings, examples of rules, and what a module keeps for its examples alone."""
    out: list[ast.AST] = [*_docstrings(tree), *_examples(tree)]
    while fixtures := _only_used_in(tree, out):
        out += fixtures
    return out


def _docstrings(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node, clean=False) is not None:
            yield node.body[0]


def _examples(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "Example":
                yield node
            elif node.func.id == "rule":
                yield from (k for k in node.keywords if k.arg in {"passes", "fails"})


def _only_used_in(tree: ast.Module, parts: list[ast.AST]) -> list[ast.AST]:
    """Private names of a module whose every use lies in `parts`, and that are none of them yet."""
    inside = {id(n) for part in parts for n in ast.walk(part)}
    used = [(n.id, id(n) in inside) for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
    out: list[ast.AST] = []
    for statement in tree.body:
        name = _defined(statement)
        uses = [within for used_name, within in used if used_name == name]
        if name and name.startswith("_") and uses and all(uses) and id(statement) not in inside:
            out.append(statement)
    return out


def _defined(statement: ast.stmt) -> str | None:
    if isinstance(statement, ast.FunctionDef):
        return statement.name
    target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target if isinstance(statement, ast.AnnAssign) else None
    return target.id if isinstance(target, ast.Name) else None


def _is_field(value: str) -> bool:
    """Whether a string is a field of the contract or a pointer to one, such as "/need/engineers"."""
    parts = value.strip("/").split("/")
    return bool(_POINTER.fullmatch(value)) and parts[-1] in _fields() and (len(parts) > 1 or "_" in value)


def _fields() -> set[str]:
    return {name for model in Part.__subclasses__() for name in model.model_fields} | {
        name for model in Part.__subclasses__() for child in model.__subclasses__() for name in child.model_fields
    }


def compared_names(path: Path, names: set[str]) -> list[str]:
    """Comparisons of some `name` with one of `names`, as file:line."""
    out = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Compare) and ast.unparse(node.left).endswith("name"):
            constants = {c.value for c in node.comparators if isinstance(c, ast.Constant) and isinstance(c.value, str)}
            out += [f"{path.name}:{node.lineno} {name}" for name in sorted(constants & names)]
    return out
