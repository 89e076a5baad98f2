// The page: log in, the list that sorts itself, and why a lead stands where it does.
// No library, no build. Data from outside only ever becomes text, never markup.
import { texts } from "/texts.js";

const main = document.getElementById("main");
const languages = Object.keys(texts);
let language = localStorage.getItem("language") ?? navigator.language.slice(0, 2);
if (!languages.includes(language)) language = "en";
let leaving = () => {};

const say = (key, values = {}) => texts[language][key].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
const number = (value) => new Intl.NumberFormat(language, { maximumFractionDigits: 2 }).format(value);
const date = (value) => new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(new Date(value));

function ago(value) {
  if (!value) return "";
  const seconds = (new Date(value) - Date.now()) / 1000;
  const [unit, size] = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]].find(([, size]) => Math.abs(seconds) >= size) ?? ["second", 1];
  return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(Math.round(seconds / size), unit);
}

/** An element with attributes and children; text stays text. */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value != null) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

async function call(path, body) {
  const options = body === undefined ? {} : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(`/api/v1${path}`, options);
  if (answer.status === 401 && !/^\/(login|setup)/.test(path)) {
    show("/login");
    throw new Error("logged out");
  }
  const told = await answer.json().catch(() => null);
  if (!answer.ok) throw new Error(told?.detail ?? told?.message ?? answer.statusText);
  return told;
}

// ---- where we are

function show(path) {
  history.pushState(null, "", path);
  open();
}

async function open() {
  leaving();
  leaving = () => {};
  document.documentElement.lang = language;
  document.getElementById("language").value = language;
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = say(element.dataset.text);
  const path = location.pathname;
  document.getElementById("leave").hidden = /^\/(login|setup)/.test(path);
  try {
    if (path.startsWith("/setup")) await setUp();
    else if (path.startsWith("/login")) await logIn();
    else if (path.startsWith("/leads/")) await lead(decodeURIComponent(path.slice(7)));
    else await list();
  } catch (error) {
    if (error.message !== "logged out") main.replaceChildren(make("p", { class: "wrong", role: "alert" }, say("wrong", { detail: error.message })));
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='/']");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  show(link.getAttribute("href"));
});
addEventListener("popstate", open);
document.getElementById("language").addEventListener("change", (event) => {
  language = event.target.value;
  localStorage.setItem("language", language);
  open();
});
document.getElementById("leave").addEventListener("click", async () => {
  await call("/logout", {}).catch(() => {});
  show("/login");
});

// ---- coming in

function form(title, hint, fields, action, send) {
  const wrong = make("p", { class: "wrong", role: "alert" });
  const inputs = fields.map(([name, type, complete]) => [name, make("input", { name, type, autocomplete: complete, required: true })]);
  const sheet = make("form", {
    class: "sheet card",
    onsubmit: async (event) => {
      event.preventDefault();
      wrong.textContent = "";
      try {
        await send(Object.fromEntries(inputs.map(([name, input]) => [name, input.value])));
        show("/");
      } catch (error) {
        wrong.textContent = say("wrong", { detail: error.message });
      }
    },
  }, make("h1", {}, title), hint ? make("p", { class: "soft" }, hint) : null,
    ...inputs.map(([name, input]) => make("label", {}, say(name), input)), wrong, make("button", { class: "main" }, action));
  main.replaceChildren(sheet);
  inputs[0][1].focus();
}

async function setUp() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
  form(say("setup"), say("setup_hint"), [["name", "text", "name"], ["email", "email", "username"], ["password", "password", "new-password"]], say("begin"),
    (filled) => call("/setup", { ...filled, token, language }));
}

async function logIn() {
  const state = await call("/setup");
  if (!state.is_done) return main.replaceChildren(make("p", { class: "sheet empty" }, say("setup_hint")));
  form(say("login"), null, [["email", "email", "username"], ["password", "password", "current-password"]], say("login"), (filled) => call("/login", filled));
}

// ---- the list

const query = (values) => {
  const kept = Object.entries(values).filter(([, value]) => value != null && value !== "");
  return kept.length ? `?${new URLSearchParams(kept)}` : "";
};

async function list() {
  const asked = { order: "score", bracket: null, text: "" };
  let brackets = [];
  let leads = new Map();
  let next = null;
  let reading = false;
  const waiting = new Map();
  const model = (await call("/leads" + query({ limit: 1 }))).model;
  if (!model) return welcome();

  const body = make("tbody");
  const strip = make("div", { class: "strip", role: "group", "aria-label": say("bracket") });
  const note = make("p", { class: "note" });
  const more = make("button", { onclick: () => load(true), hidden: true }, say("more"));
  const colour = (bracket) => {
    const at = brackets.indexOf(bracket);
    return at < 0 ? "var(--b0)" : `var(--b${Math.round((4 * at) / Math.max(1, brackets.length - 1))})`;
  };

  async function counts() {
    const known = await call("/leads/counts" + query({ by: "bracket", q: asked.text }));
    const button = (value, label, leads) => {
      const dot = make("span", { class: "dot" });
      dot.style.setProperty("--of", colour(value));
      return make("button", { "aria-pressed": String(asked.bracket === value), onclick: () => { asked.bracket = value; counts(); load(false); } },
        value ? dot : null, label, make("span", { class: "soft" }, number(leads)));
    };
    const of = (bracket) => known.counts.find((count) => count.value === bracket)?.leads ?? 0;
    strip.replaceChildren(button(null, say("everyone"), known.total), ...brackets.map((bracket) => button(bracket, bracket, of(bracket))));
  }

  async function load(further) {
    const page = await call("/leads" + query({ order: asked.order, bracket: asked.bracket, q: asked.text, cursor: further ? next : null, limit: 50 }));
    if (!further) leads = new Map();
    for (const lead of page.leads) leads.set(lead.id, lead);
    next = page.next;
    more.hidden = !next;
    draw();
  }

  const rows = new Map();
  function row(lead) {
    const known = rows.get(lead.id);
    const cells = known ?? {
      place: make("td", { class: "number soft" }), link: make("a", { href: `/leads/${encodeURIComponent(lead.id)}` }), small: make("small"),
      value: make("b"), fill: make("i"), delta: make("span", { class: "delta" }), dot: make("span", { class: "dot" }), bracket: make("span"),
      grade: make("td", { class: "wide" }), stage: make("td", { class: "wide" }), priority: make("td", { class: "number wide" }), seen: make("td", { class: "soft wide" }),
    };
    if (!known) {
      const who = make("td", { class: "who" }, cells.link, cells.small);
      const score = make("td", {}, make("div", { class: "score" }, cells.value, make("div", { class: "track", "aria-hidden": "true" }, cells.fill), cells.delta));
      cells.row = make("tr", { class: "lead" }, cells.place, who, score, make("td", {}, make("span", { class: "pill" }, cells.dot, cells.bracket)), cells.grade, cells.stage, cells.priority, cells.seen);
      rows.set(lead.id, cells);
    }
    cells.link.textContent = lead.name ?? lead.email ?? lead.id;
    cells.small.textContent = [lead.name && lead.email, lead.company].filter(Boolean).join(" · ");
    cells.value.textContent = lead.score;
    cells.fill.style.width = `${Math.max(0, Math.min(100, lead.score))}%`;
    cells.fill.style.setProperty("--of", colour(lead.bracket));
    cells.dot.style.setProperty("--of", colour(lead.bracket));
    cells.bracket.textContent = lead.disqualified ? say("disqualified", { gate: lead.disqualified === true ? "" : lead.disqualified }) : lead.bracket ?? "";
    cells.grade.textContent = lead.grade ?? "";
    cells.stage.textContent = (lead.stage ?? "").replaceAll("_", " ");
    cells.priority.textContent = number(lead.priority / 100);
    cells.seen.textContent = ago(lead.last_seen_at);
    return cells;
  }

  /** Puts the rows in order; whoever moves glides from the old place to the new one. */
  function draw(changes = new Map()) {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const before = new Map([...rows].filter(([, cells]) => cells.row.isConnected).map(([id, cells]) => [id, cells.row.getBoundingClientRect().top]));
    const by = asked.order === "score" ? "score" : "priority";
    const sorted = [...leads.values()].sort((a, b) => b[by] - a[by] || (a.id < b.id ? 1 : -1));
    const drawn = sorted.map((lead, at) => {
      const cells = row(lead);
      cells.place.textContent = at + 1;
      return cells;
    });
    body.replaceChildren(...(drawn.length ? drawn.map((cells) => cells.row) : [make("tr", {}, make("td", { colspan: 8, class: "soft" }, say("none")))]));
    for (const lead of sorted) {
      const cells = rows.get(lead.id);
      const old = before.get(lead.id);
      const moved = old === undefined ? 0 : old - cells.row.getBoundingClientRect().top;
      if (moved && !still) cells.row.animate([{ transform: `translateY(${moved}px)` }, { transform: "none" }], { duration: 600, easing: "cubic-bezier(.2,.8,.2,1)" });
      const change = changes.get(lead.id);
      if (change) {
        cells.delta.textContent = `${change > 0 ? "+" : "−"}${Math.abs(change)}`;
        cells.delta.className = `delta on ${change > 0 ? "up" : "down"}`;
        requestAnimationFrame(() => requestAnimationFrame(() => cells.delta.classList.add("fade")));
        cells.row.classList.remove("fresh");
        void cells.row.offsetWidth;
        cells.row.classList.add("fresh");
      }
    }
  }

  // Rows do not run away from under a pointer or a focus: what changes meanwhile waits.
  function hold(held) {
    reading = held;
    if (!held && waiting.size) apply();
    note.textContent = reading && waiting.size ? say("paused", { count: waiting.size }) : "";
  }
  body.addEventListener("pointerenter", () => hold(true));
  body.addEventListener("pointerleave", () => hold(false));
  body.addEventListener("focusin", () => hold(true));
  body.addEventListener("focusout", () => hold(body.matches(":hover")));

  async function apply() {
    const news = new Map(waiting);
    waiting.clear();
    const changes = new Map();
    const lowest = next ? Math.min(...[...leads.values()].map((lead) => lead[asked.order === "score" ? "score" : "priority"])) : -Infinity;
    for (const [id, told] of news) {
      if (told.kind === "gone") { leads.delete(id); continue; }
      let known = leads.get(id);
      const comes = told[asked.order === "score" ? "score" : "priority"] >= lowest && !asked.text && (!asked.bracket || asked.bracket === told.bracket);
      if (!known && comes) known = await one(id);
      if (!known) continue;
      if (told.before != null) changes.set(id, told.score - told.before);
      leads.set(id, { ...known, score: told.score, bracket: told.bracket, stage: told.stage, priority: told.priority, disqualified: told.disqualified && (known.disqualified || true), last_seen_at: new Date().toISOString() });
      if (asked.bracket && told.bracket !== asked.bracket) leads.delete(id);
    }
    draw(changes);
    const first = [...changes].map(([id, change]) => [leads.get(id), change]).find(([lead]) => lead);
    if (first) document.getElementById("said").textContent = say("moved", { name: first[0].name ?? first[0].email ?? first[0].id, score: first[0].score, change: first[1] });
  }

  async function one(id) {
    const lead = await call(`/leads/${encodeURIComponent(id)}`).catch(() => null);
    return lead && { ...lead, ...(lead.scores ?? []).find((score) => score.model === model) };
  }

  const stream = new EventSource("/api/v1/stream" + query({ model }));
  let soon;
  const afresh = () => { clearTimeout(soon); soon = setTimeout(() => { counts(); if (!reading) load(false); }, 400); };
  stream.addEventListener("news", (event) => {
    const told = JSON.parse(event.data);
    if (told.kind === "lead" && told.model !== model) return;
    if (told.kind === "lead" || told.kind === "gone") {
      const known = waiting.get(told.lead);
      waiting.set(told.lead, known ? { ...told, before: known.before } : told);
      if (reading) note.textContent = say("paused", { count: waiting.size });
      else apply();
      clearTimeout(soon);
      soon = setTimeout(counts, 2000);
    } else afresh();
  });
  stream.addEventListener("lagged", afresh);
  leaving = () => { stream.close(); clearTimeout(soon); };

  const lineup = await call("/models");
  const current = (lineup.models ?? lineup).find((one) => one.name === model);
  brackets = current?.brackets?.map((bracket) => bracket.name ?? bracket) ?? [];
  if (!brackets.length) brackets = (await call("/leads/counts?by=bracket")).counts.map((count) => count.value).filter(Boolean);

  let typing;
  main.replaceChildren(
    make("h1", {}, say("leads")), make("p", { class: "soft" }, say("of_model", { model })),
    make("div", { class: "tools" }, strip, make("span", { class: "grow" }),
      make("input", { type: "search", placeholder: say("search"), "aria-label": say("search"), oninput: (event) => { clearTimeout(typing); typing = setTimeout(() => { asked.text = event.target.value.trim(); counts(); load(false); }, 250); } }),
      make("select", { "aria-label": say("by_score"), onchange: (event) => { asked.order = event.target.value; load(false); } },
        make("option", { value: "score" }, say("by_score")), make("option", { value: "priority" }, say("by_priority")))),
    note,
    make("div", { class: "sheet" }, make("table", {}, make("thead", {}, make("tr", {}, make("th", { class: "number" }, say("place")), make("th", {}, say("lead")), make("th", {}, say("score")), make("th", {}, say("bracket")),
      make("th", { class: "wide" }, say("grade")), make("th", { class: "wide" }, say("stage")), make("th", { class: "number wide" }, say("priority")), make("th", { class: "wide" }, say("seen")))), body)),
    make("p", {}, more));
  await Promise.all([counts(), load(false)]);
}

function welcome() {
  const snippet = `<script async src="${location.origin}/m.js" data-key="wk_..."></script>`;
  main.replaceChildren(make("div", { class: "sheet empty" }, make("h1", {}, say("leads")), make("p", {}, say("empty")),
    make("ol", {}, make("li", {}, say("empty_1")), make("li", {}, say("empty_2"), make("br"), make("code", {}, snippet)), make("li", {}, say("empty_3")))));
}

// ---- one lead

async function lead(id) {
  const address = `/leads/${encodeURIComponent(id)}`;
  const known = await call(address);
  const [why, course, events] = await Promise.all([call(`${address}/explain`), call(`${address}/history`), call(`${address}/events?limit=30`)]);
  const profile = known.lead ?? known;
  const facts = [["email", profile.email], ["company", profile.company], ["country", profile.country], ["owner", profile.owner], ["since", profile.created_at && date(profile.created_at)], ["seen", ago(profile.last_seen_at)]];
  const when = make("input", { type: "datetime-local", "aria-label": say("as_of"), onchange: async (event) => {
    const at = event.target.value ? new Date(event.target.value).toISOString() : null;
    card.replaceChildren(...waterfall(await call(`${address}/explain${query({ at })}`)));
  } });
  const card = make("div", {}, ...waterfall(why));
  main.replaceChildren(
    make("p", {}, make("a", { href: "/" }, `← ${say("back")}`)),
    make("div", { class: "head" },
      make("div", { class: "grow" }, make("h1", {}, profile.name ?? profile.email ?? id), make("dl", {}, ...facts.filter(([, value]) => value).flatMap(([key, value]) => [make("dt", {}, say(key)), make("dd", {}, String(value))]))),
      make("div", {}, make("div", { class: "big" }, String(why.score)), make("p", { class: "soft" }, [why.bracket, why.grade, (why.stage ?? "").replaceAll("_", " ")].filter(Boolean).join(" · ")))),
    make("h2", {}, say("why")), make("p", { class: "tools" }, make("label", { class: "soft" }, `${say("as_of")} `, when)), card,
    ...(why.worth_asking?.length ? [make("h2", {}, say("asking")), make("ul", {}, ...why.worth_asking.map((path) => make("li", {}, path)))] : []),
    make("h2", {}, say("course")), make("div", { class: "sheet" }, line(course)),
    make("h2", {}, say("timeline")), make("div", { class: "sheet" }, make("table", {}, make("tbody", {}, ...(events.events ?? []).map((event) =>
      make("tr", {}, make("td", { class: "soft" }, date(event.at)), make("td", {}, event.event ?? event.name), make("td", { class: "soft" }, told(event.body))))))));
  main.focus();
}

const told = (properties) => Object.entries(properties ?? {}).map(([key, value]) => `${key}: ${typeof value === "object" ? JSON.stringify(value) : value}`).join(", ").slice(0, 160);
const amount = (value) => Number(value ?? 0);
const signed = (value) => (amount(value) ? `${amount(value) > 0 ? "+" : "−"}${number(Math.abs(amount(value)))}` : "");

/** The card as a table whose last row is the score, each criterion with a bar from where it began. */
function waterfall(why) {
  if (why.disqualified) var out = make("p", {}, say("disqualified", { gate: why.disqualified }));
  const lines = why.groups.flatMap((group) => group.criteria.filter((line) => amount(line.value) || amount(line.raw)));
  const reach = Math.max(1, ...lines.map((line) => Math.abs(amount(line.value)))) + Math.max(1, lines.reduce((sum, line) => sum + Math.max(0, amount(line.value)), 0));
  let sum = 0;
  const rows = why.groups.flatMap((group) => {
    const inside = group.criteria.filter((line) => amount(line.value) || amount(line.raw)).map((line) => {
      const value = amount(line.value);
      const bar = make("i", { class: value < 0 ? "minus" : "" });
      const from = Math.min(sum, sum + value);
      bar.style.left = `${Math.max(0, (100 * from) / reach)}%`;
      bar.style.width = `${(100 * Math.abs(value)) / reach}%`;
      sum += value;
      const because = line.counted ? say("events", { count: line.counted }) : (line.traits ?? []).map((seen) => `${seen.trait ?? seen.path} = ${seen.value ?? "?"}`).join(", ");
      return make("tr", {}, make("td", {}, line.criterion, make("small", { class: "soft" }, because ? ` ${because}` : "")), make("td", { class: "number wide" }, signed(line.raw)), make("td", { class: "number wide" }, signed(line.decayed)), make("td", { class: "number wide" }, signed(line.cut)), make("td", { class: "number" }, signed(line.value)), make("td", {}, make("div", { class: "fall", "aria-hidden": "true" }, bar)));
    });
    sum += amount(group.cut);
    return inside.length ? [make("tr", { class: "group" }, make("td", {}, group.group), make("td", { class: "wide" }), make("td", { class: "wide" }), make("td", { class: "number wide" }, signed(group.cut)), make("td", { class: "number" }, signed(group.value)), make("td", {})), ...inside] : [];
  });
  const rest = amount(why.held) + amount(why.rounding) + amount(why.disqualification);
  const table = make("table", {}, make("thead", {}, make("tr", {}, make("th", {}), make("th", { class: "number wide" }, say("raw")), make("th", { class: "number wide" }, say("age")), make("th", { class: "number wide" }, say("cut")), make("th", { class: "number" }, say("gives")), make("th", {}))),
    make("tbody", {}, ...rows, rest ? make("tr", {}, make("td", { class: "soft" }, say("rest")), make("td", { class: "wide" }), make("td", { class: "wide" }), make("td", { class: "wide" }), make("td", { class: "number" }, signed(rest)), make("td", {})) : null,
      make("tr", { class: "sum" }, make("td", {}, say("total")), make("td", { class: "wide" }), make("td", { class: "wide" }), make("td", { class: "wide" }), make("td", { class: "number" }, String(why.score)), make("td", {}))));
  return [out, make("div", { class: "sheet" }, table)].filter(Boolean);
}

function line(course) {
  const svg = (name, attributes) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const [from, to] = [new Date(course.from), new Date(course.to)];
  const x = (at) => (1000 * (new Date(at) - from)) / Math.max(1, to - from);
  const top = Math.max(10, ...course.samples.map((sample) => sample.score));
  const y = (score) => 170 - (160 * Math.max(0, score)) / top;
  const picture = svg("svg", { class: "course", viewBox: "0 0 1000 180", preserveAspectRatio: "none", role: "img", "aria-label": say("course") });
  picture.append(svg("line", { x1: 0, x2: 1000, y1: 170, y2: 170 }));
  for (const step of course.steps ?? []) picture.append(svg("line", { class: "step", x1: x(step.at), x2: x(step.at), y1: 0, y2: 180 }));
  picture.append(svg("path", { d: course.samples.map((sample, at) => `${at ? "L" : "M"}${x(sample.at).toFixed(1)} ${y(sample.score).toFixed(1)}`).join("") }));
  return picture;
}

open();
