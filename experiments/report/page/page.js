// The theme button and the browser of drafts. Data become text and never elements: everything goes through `make`.
"use strict";

const theme = document.getElementById("theme");
const dark = matchMedia("(prefers-color-scheme: dark)");
const themeNow = () => document.documentElement.dataset.theme || (dark.matches ? "dark" : "light");
const nameTheme = () => { theme.textContent = themeNow() === "dark" ? "Light" : "Dark"; theme.setAttribute("aria-label", `Change to the ${theme.textContent.toLowerCase()} theme`); };
theme.addEventListener("click", () => { document.documentElement.dataset.theme = themeNow() === "dark" ? "light" : "dark"; nameTheme(); });
dark.addEventListener("change", nameTheme);
theme.hidden = false;
nameTheme();

const make = (name, given = {}, ...inside) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(given)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...inside.filter((one) => one !== null && one !== ""));
  return made;
};

const held = document.getElementById("data");
if (held) browse(JSON.parse(held.textContent), document.getElementById("browser"));

function browse(data, room) {
  const [SUBJECT, BODY, DECISION, SCORE, FINDINGS, LAST] = [0, 1, 2, 3, 4, 5];
  const [, , FAILURE, REASON] = [0, 1, 2, 3];
  const most = 4;
  const names = data.conditions.map((one) => one.name);
  const state = { picked: names.slice(0, 1), seed: data.seeds[0], at: 0, list: [] };
  for (const name of ["critic_rs", "promptaug", ...names]) if (names.includes(name) && !state.picked.includes(name) && state.picked.length < 2) state.picked.push(name);

  const row = (name, item) => { const found = data.rows[name] || {}; return (found.all || found[state.seed] || [])[item] || null; };
  const letter = (name, item) => { const found = row(name, item); return found && found[0] >= 0 ? data.letters[found[0]] : null; };
  const passes = (name, item) => letter(name, item)?.[DECISION] === "PASS";
  const failures = (found) => found ? found[FINDINGS].map((one) => data.reasons[one[0]][FAILURE]) : [];
  const text = (found) => found ? `${found[SUBJECT] || ""}\n${found[BODY]}` : "";
  const lowered = new Map();
  const low = (found) => { if (!found) return ""; if (!lowered.has(found)) lowered.set(found, text(found).toLowerCase()); return lowered.get(found); };

  // What is shown: search, failure, and only where the chosen conditions differ.
  const differs = {
    passing: (item) => new Set(state.picked.map((name) => passes(name, item))).size > 1,
    score: (item) => new Set(state.picked.map((name) => letter(name, item)?.[SCORE] ?? null)).size > 1,
    text: (item) => new Set(state.picked.map((name) => text(letter(name, item)))).size > 1,
  };
  const about = data.items.map((one) => [one.id, one.company, one.message_type, one.tempts, one.hostile].filter(Boolean).join(" ").toLowerCase());
  const found = (item, words) => {
    const letters = state.picked.map((name) => letter(name, item));
    return words.every((word) => about[item].includes(word) || letters.some((one) => low(one).includes(word) || failures(one).some((name) => name.includes(word))));
  };
  const fits = (item) => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (only.checked && !differs[how.value](item)) return false;
    if (failure.value && !state.picked.some((name) => failures(letter(name, item)).includes(failure.value))) return false;
    return found(item, words);
  };

  const search = make("input", { type: "search", id: "search", placeholder: "id, company, failure or text", "aria-label": "Search tasks and drafts", oninput: () => filter() });
  const only = make("input", { type: "checkbox", id: "only", onchange: () => filter() });
  const how = make("select", { id: "how", "aria-label": "Differ in", onchange: () => filter() }, ...Object.keys(differs).map((one) => make("option", { value: one }, one)));
  const known = [...new Set(data.reasons.map((one) => one[FAILURE]))].sort();
  const failure = make("select", { id: "failure", "aria-label": "Failure", onchange: () => filter() }, make("option", { value: "" }, "any failure or none"), ...known.map((one) => make("option", { value: one }, one)));
  const seed = make("select", { id: "seed", "aria-label": "Seed", onchange: () => { state.seed = seed.value; filter(); note(); } }, ...data.seeds.map((one) => make("option", { value: one }, `seed ${one}`)));
  const boxes = names.map((name) => make("input", { type: "checkbox", name: "condition", value: name, onchange: () => choose() }));
  const list = make("select", { id: "item", "aria-label": "Task", onchange: () => { state.at = list.selectedIndex; show(); note(); } });
  const shown = make("span", { class: "shown", role: "status", id: "shown" });
  const view = make("div", { id: "view" });
  room.append(
    make("p", { class: "note" }, "Two to four conditions side by side. They differ in passing where one letter passes the rubric and another does not; in score or text where those are not all the same. Keys: ", make("kbd", {}, "j"), " or ", make("kbd", {}, "→"), " next, ", make("kbd", {}, "k"), " or ", make("kbd", {}, "←"), " previous, ", make("kbd", {}, "/"), " search, ", make("kbd", {}, "d"), " only where they differ."),
    make("div", { class: "controls" }, search, seed, failure, make("label", {}, only, " Only where they differ in"), how,
      make("fieldset", {}, make("legend", {}, "Columns"), ...boxes.map((box) => make("label", {}, box, ` ${box.value}`)))),
    make("div", { class: "walk" }, make("button", { type: "button", id: "previous", onclick: () => step(-1) }, "Previous"), make("button", { type: "button", id: "next", onclick: () => step(1) }, "Next"), list, shown),
    view,
  );

  function choose() {
    state.picked = boxes.filter((box) => box.checked).map((box) => box.value);
    filter();
    note();
  }
  // The address names what is shown, so that a draft can be pointed to.
  function note() {
    const item = state.list[state.at];
    if (item !== undefined) history.replaceState(null, "", `#${new URLSearchParams({ draft: data.items[item].id, seed: state.seed, of: state.picked.join(" ") })}`);
  }
  function recall() {
    const asked = new URLSearchParams(location.hash.slice(1)), item = data.items.findIndex((one) => one.id === asked.get("draft"));
    if (item < 0) return filter();
    const picked = (asked.get("of") || "").split(" ").filter((name) => names.includes(name)).slice(0, most);
    if (picked.length) state.picked = names.filter((name) => picked.includes(name));
    if (data.seeds.includes(asked.get("seed"))) seed.value = state.seed = asked.get("seed");
    filter();
    state.at = state.list.indexOf(item);
    show();
    return room.scrollIntoView({ behavior: "instant" });
  }
  function filter() {
    const before = state.list[state.at];
    state.list = data.items.map((_, item) => item).filter(fits);
    state.at = Math.max(0, state.list.indexOf(before));
    for (const box of boxes) {
      box.checked = state.picked.includes(box.value);
      box.disabled = box.checked ? state.picked.length <= Math.min(2, names.length) : state.picked.length >= most;
    }
    list.replaceChildren(...state.list.map((item) => make("option", {}, `${data.items[item].company} · ${data.items[item].id}`)));
    show();
  }
  function step(by) {
    state.at = Math.min(Math.max(0, state.at + by), Math.max(0, state.list.length - 1));
    show();
    note();
  }
  function show() {
    const item = state.list[state.at];
    list.selectedIndex = state.list.length ? state.at : -1;
    shown.textContent = `${state.list.length ? `number ${state.at + 1} · ` : ""}${state.list.length} of ${data.items.length} shown`;
    if (item === undefined) return view.replaceChildren(make("p", {}, "No task fits; loosen the search or a filter."));
    return view.replaceChildren(task(data.items[item]), make("div", { class: "columns" }, ...state.picked.map((name, n) => draft(name, item, n))));
  }
  function task(one) {
    const facts = [["task", one.id], ["company", one.company], ["message", one.message_type], ["turn", one.turn || null], ["tempts", one.tempts || "nothing"], ["hostile", one.hostile], ["difficulty", one.difficulty], ["authored", one.mode]];
    const open = view.querySelector(".task details")?.open;
    return make("div", { class: "task" },
      make("dl", {}, ...facts.filter(([, value]) => value).map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, String(value))))),
      one.brief ? make("details", { open }, make("summary", {}, "The brief: signals, thread, capacity"), make("div", { class: "brief", tabindex: "0" }, one.brief)) : null);
  }
  function draft(name, item, column) {
    const of = row(name, item), one = letter(name, item);
    const head = [make("h3", {}, name), make("p", { class: "how" }, [data.conditions.find((each) => each.name === name).made, of?.[1]].filter(Boolean).join("; "))];
    if (!one) return make("article", { class: "draft", "data-name": name }, ...head, make("p", {}, of ? "There is no letter." : "There is no row for this task and seed."));
    const score = one[SCORE] === null ? "no score" : `score ${one[SCORE].toFixed(3)}`;
    return make("article", { class: "draft", "data-name": name, "data-passed": String(one[DECISION] === "PASS") }, ...head,
      make("p", { class: "worth" }, make("span", { class: one[DECISION] }, one[DECISION]), ` · ${score} · ${one[DECISION] === "PASS" ? "passes" : "does not pass"}${one[LAST] ? ` · ${one[LAST]}` : ""}`),
      make("p", { class: "subject" }, ...(one[SUBJECT] ? underlined(one[SUBJECT], one[FINDINGS], "subject", column) : ["(no subject)"])),
      make("p", { class: "body" }, ...underlined(one[BODY], one[FINDINGS], "body", column)), reasons(one[FINDINGS], column));
  }
  function underlined(whole, findings, part, column) {
    const letters = Array.from(whole);
    const spans = findings.map(([reason, start, end, where], n) => ({ n, reason: data.reasons[reason], start, end, where: where || "body" })).filter((one) => one.where === part && one.start >= 0 && one.end > one.start);
    const edges = [...new Set([0, letters.length, ...spans.flatMap((one) => [one.start, one.end])])].filter((edge) => edge <= letters.length).sort((a, b) => a - b);
    return edges.slice(1).map((edge, n) => {
      const piece = letters.slice(edges[n], edge).join("");
      const over = spans.filter((one) => one.start <= edges[n] && one.end >= edge);
      return over.length ? underline(piece, over, edge, column) : piece;
    });
  }
  function underline(piece, over, edge, column) {
    const numbers = over.map((one) => one.n), last = over.filter((one) => one.end === edge).map((one) => one.n + 1);
    return make("mark", { class: over.every((one) => one.reason[1] === "PENALISE") ? "PENALISE" : "finding", tabindex: "0", title: over.map((one) => one.reason[REASON]).join("\n"),
      "data-of": numbers.map((n) => `${column}-${n}`).join(" "), "aria-describedby": numbers.map((n) => `why-${column}-${n}`).join(" ") }, piece, last.length ? make("sup", { "aria-hidden": "true" }, last.join(",")) : null);
  }
  function reasons(findings, column) {
    if (!findings.length) return make("p", { class: "findings note" }, "No rule found anything.");
    return make("ol", { class: "findings" }, ...findings.map(([reason, start, , where], n) => {
      const [rule, decision, name, why, fix] = data.reasons[reason];
      const place = where && where !== "subject" ? ` (in ${where})` : start < 0 ? " (of the whole letter)" : "";
      return make("li", { id: `why-${column}-${n}`, "data-of": `${column}-${n}` }, make("span", { class: decision }, decision), ` ${rule}, ${name}${place}: ${why}. To mend: ${fix}.`);
    }));
  }

  // A finding and its place in the letter light up together.
  const light = (on) => (event) => {
    const of = event.target.closest?.("[data-of]");
    for (const lit of view.querySelectorAll(".lit")) lit.classList.remove("lit");
    if (!on || !of) return;
    const wanted = of.dataset.of.split(" ");
    for (const one of view.querySelectorAll("[data-of]")) if (one.dataset.of.split(" ").some((each) => wanted.includes(each))) one.classList.add("lit");
  };
  for (const [name, on] of [["mouseover", true], ["focusin", true], ["mouseleave", false], ["focusout", false]]) view.addEventListener(name, light(on));

  const inField = (target) => target.closest?.("input:not([type=checkbox]), select, textarea, .scroll, .brief") || target.isContentEditable;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && event.target === search) return search.blur();
    if (inField(event.target)) return;
    const acts = { j: () => step(1), ArrowRight: () => step(1), k: () => step(-1), ArrowLeft: () => step(-1), d: () => { only.checked = !only.checked; filter(); }, "/": () => { search.focus(); } };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
    const box = room.getBoundingClientRect();
    if (box.top > innerHeight || box.bottom < 0) room.scrollIntoView();
  });

  room.hidden = false;
  document.getElementById("needs").hidden = true;
  recall();
}
