"""The page of an experiment in a real browser: what it shows, what keys and switches do, and what it never does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from experiments.made_runs import Sizes, altered, write_run
from experiments.report import write
from tests import browser as browsers
from tests.browser import Seen, opened_browser, visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.browser
ITEMS = 24
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)></script><!--<script>"
CONDITIONS = ("baseline", "promptaug", "critic_rs", "random_rs", "oracle_rs", "gate_random")


def _hostile(line: dict[str, Any]) -> dict[str, Any]:
    """The first item's letters carry markup, an emoji before the finding, and a finding with markup in its reason."""
    if line["item"] != "made-0000":
        return line
    text = f"Subject: {HOSTILE}\n\n\U0001f680 {HOSTILE} we scale."
    at = text.index("we scale") - text.index("\U0001f680")
    finding = {
        "rule": "facts.unproven", "version": 1, "decision": "BLOCK", "severity": 1, "dimension": "signal_fidelity", "failure": "signal_over_claiming",
        "reason": f"no record {HOSTILE}", "span": [at, at + 8], "evidence": None, "fix": "leave it out",
    }  # fmt: skip
    return {**line, "text": text, "findings": [finding], "failures": ["signal_over_claiming"], "decision": "BLOCK", "score": 0.2}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = write_run(tmp_path_factory.mktemp("page") / "run", Sizes(items=ITEMS, conditions=CONDITIONS, seeds=2))
    altered(path, "traces.jsonl", _hostile)
    return path


@pytest.fixture(scope="module")
def file(run: Path) -> Path:
    [page] = write(run, ["html"], run.parent)
    return page


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with opened_browser() as found:
        yield found


@pytest.fixture
def seen(browser: Browser, file: Path) -> Iterator[Seen]:
    """A page that must end without a word on its console and without a request but for itself."""
    found = visit(browser, file, viewport={"width": 1200, "height": 900})
    yield found
    found.page.close()
    assert found.said == [] and found.asked == [file.as_uri()]


@pytest.fixture
def page(seen: Seen) -> Page:
    return seen.page


def shown(page: Page) -> int:
    return int((page.locator("#shown").inner_text()).split("·")[-1].split()[0])


def plot(page: Page) -> Locator:
    return page.locator("svg.plot:visible")


def show(page: Page, switch: str) -> None:
    page.get_by_role("radio", name=switch, exact=True).check()


def drafts(page: Page) -> list[tuple[str, str, str | None]]:
    return [(one.get_attribute("data-name") or "", one.locator(".body").inner_text(), one.get_attribute("data-passed")) for one in page.locator("#view .draft").all()]


def choose(page: Page, *names: str) -> None:
    """Exactly these conditions as columns; new ones first, because two stay at least."""
    for name in names:
        page.locator(f'input[name="condition"][value="{name}"]').check()
    for name in page.locator('input[name="condition"]:checked').evaluate_all("all => all.map(one => one.value)"):
        if name not in names:
            page.locator(f'input[name="condition"][value="{name}"]').uncheck()


def test_the_answer_stands_on_top(page: Page) -> None:
    lead = page.locator(".lead")
    assert "than a single draft" in lead.inner_text() and "than a better prompt" in lead.inner_text() and "times the tokens" in lead.inner_text()
    assert (lead.bounding_box() or {"y": 1e9})["y"] < 500


def test_a_mark_stands_for_every_condition(page: Page) -> None:
    show(page, "share that passes")
    names = [one.get_attribute("data-name") for one in plot(page).locator("g.dot").all()]
    assert names == list(CONDITIONS)
    assert len({(one.get_attribute("d"), one.get_attribute("class")) for one in plot(page).locator("path.mark").all()}) == len(CONDITIONS)
    assert plot(page).locator("path.bar").count() >= len(CONDITIONS) and plot(page).locator("polyline.front").count() <= 1
    boxes = [one.bounding_box() for one in plot(page).locator("text.label").all()]
    assert len(boxes) == len(CONDITIONS)
    for n, one in enumerate(boxes):
        for other in boxes[n + 1 :]:
            assert one and other
            assert one["x"] + one["width"] <= other["x"] + 1 or other["x"] + other["width"] <= one["x"] + 1 or one["y"] + one["height"] <= other["y"] + 3 or other["y"] + other["height"] <= one["y"] + 3


def test_the_switches_change_the_plot(page: Page) -> None:
    titles = set()
    for quality in ("score", "share that passes"):
        for cost in ("operations", "tokens", "seconds"):
            show(page, quality)
            show(page, cost)
            assert plot(page).count() == 1
            titles.add(plot(page).locator("> title").text_content())
    assert len(titles) == 6
    show(page, "share that passes")
    assert "gate_random" in (plot(page).locator("desc").text_content() or "")
    show(page, "score")
    assert "gate_random" not in (plot(page).locator("desc").text_content() or "")


def test_only_where_they_differ_shows_what_differs(page: Page) -> None:
    choose(page, "critic_rs", "random_rs", "promptaug")
    assert shown(page) == ITEMS
    page.locator("#only").check()
    some = shown(page)
    assert 0 < some < ITEMS and page.locator("#item option").count() == some
    for _ in range(some):
        assert len({passed for _, _, passed in drafts(page)}) == 2
        page.locator("#next").click()
    page.locator("#how").select_option("text")
    assert shown(page) > some


def test_what_does_not_differ_is_left_out(page: Page, run: Path) -> None:
    choose(page, "baseline", "promptaug")
    page.locator("#only").check()
    rows = [json.loads(line) for line in (run / "results.jsonl").read_text("utf-8").splitlines()]
    passed = {(row["condition"], row["item"]): row["passed"] for row in rows if row["item"] != "made-0000"}
    expected = sum(passed["baseline", item] != passed["promptaug", item] for name, item in passed if name == "baseline")
    assert shown(page) == expected > 0


def test_search_and_failure_narrow_the_list(page: Page) -> None:
    page.locator("#search").fill("company-3")
    assert shown(page) == 2 and "Company-3" in page.locator("#view dl").inner_text()
    page.locator("#search").fill("made-0007")
    assert shown(page) == 1
    page.locator("#search").fill("nowhere to be found")
    assert shown(page) == 0 and "No task fits" in page.locator("#view").inner_text()
    page.locator("#search").fill("")
    page.locator("#failure").select_option("tone_violation")
    assert 0 < shown(page) < ITEMS and "tone_violation" in page.locator("#view").inner_text()


def test_columns_and_seeds_are_chosen(page: Page) -> None:
    choose(page, "critic_rs", "baseline")
    page.locator("#item").select_option(index=3)
    first = {name: body for name, body, _ in drafts(page)}
    page.locator("#seed").select_option("1")
    second = {name: body for name, body, _ in drafts(page)}
    assert first["critic_rs"] != second["critic_rs"] and first["baseline"] == second["baseline"]
    choose(page, "critic_rs", "baseline", "promptaug", "random_rs")
    assert [name for name, _, _ in drafts(page)] == ["baseline", "promptaug", "critic_rs", "random_rs"]
    assert page.locator('input[value="oracle_rs"]').is_disabled()


def test_keys_are_enough(page: Page) -> None:
    item = page.locator("#item")
    start = item.input_value()
    page.keyboard.press("j")
    second = item.input_value()
    page.keyboard.press("ArrowRight")
    assert len({start, second, item.input_value()}) == 3
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("k")
    assert item.input_value() == start
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.type("jk")
    assert page.locator("#search").input_value() == "jk" and shown(page) == 0
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") != "search"
    page.keyboard.press("d")
    assert page.locator("#only").is_checked()


def test_a_draft_can_be_pointed_to(browser: Browser, page: Page) -> None:
    page.locator("#seed").select_option("1")
    choose(page, "promptaug", "random_rs")  # the keys act on a box as well
    for _ in range(4):
        page.keyboard.press("j")
    wanted, address = drafts(page), page.url
    assert "draft=made-0004" in address
    other = browser.new_page()
    other.goto(address)
    assert drafts(other) == wanted and [name for name, _, _ in wanted] == ["promptaug", "random_rs"] and other.locator("#seed").input_value() == "1"
    assert other.locator("#view").evaluate("one => one.getBoundingClientRect().top < innerHeight")
    other.close()


def test_the_first_stop_skips_to_the_verdict(page: Page) -> None:
    page.keyboard.press("Tab")
    skip = page.locator("a.skip")
    assert page.evaluate("document.activeElement.className") == "skip" and (skip.bounding_box() or {"x": -1})["x"] >= 0
    assert skip.evaluate("one => getComputedStyle(one).outlineStyle") != "none"


def test_the_theme_is_changed(page: Page) -> None:
    def paper() -> str:
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    page.emulate_media(color_scheme="light")
    light = paper()
    page.locator("#theme").click()
    dark = paper()
    assert light != dark and page.locator("#theme").inner_text() == "Light"
    page.locator("#theme").click()
    page.emulate_media(color_scheme="dark")
    assert paper() == light
    page.evaluate("delete document.documentElement.dataset.theme")
    assert paper() == dark


def test_a_hostile_letter_is_text(page: Page) -> None:
    page.on("dialog", lambda dialog: pytest.fail(f"a letter opened a dialog: {dialog.message}"))
    page.locator("#search").fill("made-0000")
    draft = page.locator("#view .draft").first
    assert draft.locator(".subject").inner_text() == HOSTILE and HOSTILE in draft.locator(".body").inner_text() and HOSTILE in draft.locator(".findings").inner_text()
    assert page.locator("#view script, #view img").count() == 0 and page.locator("script").count() == 2


def test_a_finding_is_underlined_where_it_is_and_says_why(page: Page) -> None:
    page.locator("#search").fill("made-0000")
    mark = page.locator("#view .draft").first.locator("mark")
    assert mark.evaluate("one => one.firstChild.textContent") == "we scale"  # behind a character of two units
    assert (mark.get_attribute("title") or "").startswith("no record") and "underline" in mark.evaluate("one => getComputedStyle(one).textDecorationLine")
    mark.focus()
    why = page.locator(f"#{mark.get_attribute('aria-describedby')}")
    assert "facts.unproven" in why.inner_text() and "lit" in (why.get_attribute("class") or "")
    page.locator("#search").fill("made-0001")
    assert page.locator("#view .brief").text_content()


def test_the_policy_stops_what_is_not_the_pages_own(browser: Browser, file: Path) -> None:
    found = visit(browser, file)
    found.page.evaluate("""() => { window.ran = false; const one = document.createElement("script"); one.textContent = "window.ran = true"; document.body.append(one); }""")
    assert found.page.evaluate("window.ran") is False
    found.page.evaluate("""() => { const one = new Image(); one.src = "https://example.com/x.png"; document.body.append(one); }""")
    found.page.wait_for_timeout(100)
    assert len(found.said) == 2 and all("Content Security Policy" in one for one in found.said)
    found.page.close()


def test_print_leaves_the_drafts_out(page: Page) -> None:
    page.emulate_media(media="print", color_scheme="dark")
    assert page.locator("#drafts").is_hidden() and page.locator("header nav").is_hidden() and page.locator("#theme").is_hidden()
    assert page.locator("#comparisons").is_visible() and plot(page).count() == 1 and page.locator(".lead").is_visible()
    ink = page.evaluate("getComputedStyle(document.body).color")
    page.emulate_media(media="screen", color_scheme="light")
    assert ink == page.evaluate("getComputedStyle(document.body).color")


@pytest.mark.parametrize("width", [360, 768, 1400])
def test_no_width_moves_the_page_sideways(browser: Browser, file: Path, width: int) -> None:
    found = visit(browser, file, viewport={"width": width, "height": 800})
    assert found.page.evaluate("document.documentElement.scrollWidth") <= width
    tables = found.page.evaluate("[...document.querySelectorAll('.scroll')].some(one => one.scrollWidth > one.clientWidth)")
    assert tables or width > 360
    assert found.said == []
    found.page.close()


def test_without_javascript_all_but_the_drafts_is_there(browser: Browser, file: Path) -> None:
    found = visit(browser, file, java_script_enabled=False)
    page = found.page
    assert page.get_by_text("The browser of drafts needs JavaScript").is_visible()
    assert page.locator(".lead").is_visible() and page.locator("#comparisons").is_visible() and plot(page).count() == 1
    assert page.locator("#browser").is_hidden() and page.locator("#theme").is_hidden()
    show(page, "seconds")
    assert "seconds" in (plot(page).locator("> title").text_content() or "")
    page.close()


def test_without_a_browser_the_tests_say_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(browsers, "_GIVEN", str(tmp_path / "none"))
    with pytest.raises(pytest.skip.Exception, match="set WINNOW_CHROMIUM"), opened_browser():
        pass
