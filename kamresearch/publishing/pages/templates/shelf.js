// The shelf: find a version, compare any two.
(() => {
"use strict";
const all = (selector, from = document) => [...from.querySelectorAll(selector)];
const search = document.querySelector("[data-do=find]");
search?.addEventListener("input", () => {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const items = all(".shelf > li");
  items.forEach((item) => { const text = item.textContent.toLowerCase(); item.hidden = !words.every((word) => text.includes(word)); });
  const count = document.querySelector(".find .count");
  const visible = items.filter((item) => !item.hidden).length;
  count.textContent = visible === items.length ? "" : count.dataset.template.replace("{shown}", visible).replace("{total}", items.length);
});

const shelf = document.getElementById("kam-shelf");
const make = (name, text, ...children) => { const made = document.createElement(name); if (text !== null) made.textContent = text; made.append(...children); return made; };
const judge = (before, after) => {
  if (!before || !after) return before ? "gone" : "appeared";
  const [, old, oldLow, oldHigh] = before, [, now, nowLow, nowHigh] = after;
  if (old === now || before[4] === after[4]) return "same"; // what reads the same has not moved
  if (old === null || now === null) return old === null ? "defined" : "undefined";
  const outside = [];
  if (oldLow !== null) outside.push(now < oldLow || now > oldHigh);
  if (nowLow !== null) outside.push(old < nowLow || old > nowHigh);
  return outside.length ? (outside.every(Boolean) ? "beyond" : "within") : "changed";
};
const kindNames = ["data", "parameters", "code", "environment"];
const differences = (older, newer, pool) => kindNames.map((kind, place) => {
  const before = pool[older.m[place]], after = pool[newer.m[place]];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
    .filter((name) => before[name] !== after[name]).map((name) => ({ kind, name, before: before[name] ?? "–", after: after[name] ?? "–" }));
}).flat();
const rests = (rule, difference) => {
  if (!rule) return true;
  if (difference.kind === "data") return difference.name === "" || rule.tables.includes(difference.name);
  return difference.kind === "parameters" ? rule.studies.includes(difference.name.split(".")[0]) : true;
};
const list = (texts, words) => {
  const items = (some) => { const made = make("ul", null, ...some.map((text) => make("li", text))); made.className = "plainlist"; return made; };
  if (texts.length <= 12) return [items(texts)];
  return [items(texts.slice(0, 12)), make("details", null, make("summary", words.more.replace("{n}", texts.length - 12)), items(texts.slice(12)))];
};
const facts = (entries) => { const made = make("dl", null, ...entries.flatMap(([name, parts]) => [make("dt", name), make("dd", null, ...parts)])); made.className = "facts"; return made; };
const movesTable = (moves, data, words) => {
  const heads = [words.finding, words.before, words.after, words.judgement, words.differs];
  const numeric = [1, 2];
  const head = make("tr", null, ...heads.map((text, place) => { const cell = make("th", text); cell.scope = "col"; if (numeric.includes(place)) cell.className = "n"; return cell; }));
  const rows = moves.map((move) => {
    const first = make("th", move.about[1]);
    first.scope = "row";
    const values = [move.before, move.after].map((side) => { const cell = make("td", side ? side[4] : "–"); cell.className = "n"; return cell; });
    const up = move.before && move.after && typeof move.before[1] === "number" ? Math.sign(move.after[1] - move.before[1]) : 0;
    const good = { up: 1, down: -1 }[move.about[2]] ?? 0;
    const said = make("td", data.judgements[move.judgement]);
    if (["beyond", "changed"].includes(move.judgement) && up * good) said.className = up * good > 0 ? "tone-better" : "tone-worse";
    return make("tr", null, first, ...values, said, make("td", move.causes.map((kind) => data.kinds[kind]).join(", ") || "–"));
  });
  const caption = make("caption", words.moved);
  caption.className = "quiet";
  const scroll = make("div", null, make("table", null, caption, make("thead", null, head), make("tbody", null, ...rows)));
  scroll.className = "scroll";
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "group");
  scroll.setAttribute("aria-label", words.moved);
  return scroll;
};
const compareTwo = (data, older, newer, words) => {
  const found = differences(older, newer, data.pool);
  const sides = [older, newer].map((one) => new Map(one.f.map((finding) => [finding[0], finding])));
  const moves = data.findings.map((about, place) => ({ about, before: sides[0].get(place), after: sides[1].get(place) })).filter((move) => move.before || move.after);
  moves.forEach((move) => {
    move.judgement = judge(move.before, move.after);
    const rule = data.studies[move.about[0].split(".")[0]];
    move.causes = [...new Set(found.filter((one) => rests(rule, one)).map((one) => one.kind))];
  });
  const moved = moves.filter((move) => !["same", "within"].includes(move.judgement)).sort((a, b) => b.about[3] - a.about[3]);
  const parts = [];
  if (moved.length) parts.push(movesTable(moved, data, words));
  parts.push(make("p", words.still.replace("{n}", moves.length - moved.length)), make("h3", words.causes));
  const line = (one) => `${one.name || (one.kind === "data" ? words.source : "")} ${one.before} → ${one.after}`.trim();
  const kinds = kindNames.map((kind) => [data.kinds[kind], found.filter((one) => one.kind === kind).map(line)]).filter(([, texts]) => texts.length);
  parts.push(kinds.length ? facts(kinds.map(([name, texts]) => [name, list(texts, words)])) : make("p", words.none));
  data.tables.forEach((table, place) => {
    if (older.r[place] === null || newer.r[place] === null) return;
    const rows = [older, newer].map((one) => new Map(data.pool[one.r[place]].map((row) => [row[0], row])));
    const say = (code) => (Object.hasOwn(table.terms, code) ? table.terms[code] : code);
    const named = (row) => (row[0] === row[1] ? row[1] : `${say(row[1])} (${row[0]})`);
    const groups = [
      [words.appeared, [...rows[1].values()].filter((row) => !rows[0].has(row[0])).map(named)],
      [words.gone, [...rows[0].values()].filter((row) => !rows[1].has(row[0])).map(named)],
      [words.turned, [...rows[1].values()].filter((row) => rows[0].has(row[0]) && rows[0].get(row[0])[2] !== row[2]).map((row) => `${named(row)}: ${say(rows[0].get(row[0])[2])} → ${say(row[2])}`)],
    ].filter(([, texts]) => texts.length);
    if (groups.length) parts.push(make("h3", table.title), facts(groups.map(([name, texts]) => [`${name}: ${texts.length}`, list(texts, words)])));
  });
  return parts;
};
if (shelf) {
  const data = JSON.parse(shelf.textContent);
  const target = document.getElementById("compared");
  const [older, newer] = ["older", "newer"].map((name) => document.querySelector(`[data-do=${name}]`));
  document.querySelector("[data-do=compare]").addEventListener("click", () => {
    const parts = older.value === newer.value ? [make("p", target.dataset.same)] : compareTwo(data, data.versions[older.value], data.versions[newer.value], target.dataset);
    target.replaceChildren(...parts);
  });
}
})();
