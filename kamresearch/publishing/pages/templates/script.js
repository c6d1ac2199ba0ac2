// Everything here adds comfort; a page is complete without it.
(() => {
"use strict";
const root = document.documentElement;
const all = (selector, from = document) => [...from.querySelectorAll(selector)];
const store = {
  get(key) { try { return localStorage.getItem(key); } catch { return null; } },
  set(key, value) { try { localStorage.setItem(key, value); } catch { /* private window */ } },
};
all("[data-script]").forEach((element) => { element.hidden = false; });
all("[data-plain]").forEach((element) => { element.hidden = true; });
root.dataset.script = "";

// Light, dark, or as the device says.
const themes = ["auto", "light", "dark"];
let theme = themes.includes(store.get("kam-theme")) ? store.get("kam-theme") : "auto";
const themeButton = document.querySelector("[data-do=theme]");
const setTheme = () => {
  if (theme === "auto") delete root.dataset.theme; else root.dataset.theme = theme;
  if (themeButton) { themeButton.querySelector(".quiet").textContent = themeButton.dataset[theme]; themeButton.title = themeButton.dataset[theme]; }
};
setTheme();
themeButton?.addEventListener("click", () => { theme = themes[(themes.indexOf(theme) + 1) % 3]; store.set("kam-theme", theme); setTheme(); });

// All code at once.
const codeButton = document.querySelector("[data-do=code]");
const codes = all("details.code");
if (codeButton && !codes.length) codeButton.hidden = true;
codeButton?.addEventListener("click", () => {
  const open = codeButton.getAttribute("aria-pressed") !== "true";
  codeButton.setAttribute("aria-pressed", open);
  root.toggleAttribute("data-code", open);
  codes.forEach((code) => { code.open = open; });
});

// On a phone the contents fold away until they are asked for.
if (innerWidth < 1024) all(".contents .fold").forEach((fold) => { fold.open = false; });

// The contents follow the reader, and another language opens at the same place.
const sections = all("main section[id]");
const links = new Map(all(".contents a[href^='#']").map((link) => [link.hash.slice(1), link]));
const here = () => {
  let current = null;
  for (const section of sections) if (section.getBoundingClientRect().top < innerHeight * 0.35) current = section.id;
  return current;
};
let waiting = false;
const follow = () => {
  waiting = false;
  const current = here();
  links.forEach((link, id) => { if (id === current) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current"); });
};
addEventListener("scroll", () => { if (!waiting) { waiting = true; requestAnimationFrame(follow); } }, { passive: true });
follow();
all("a[hreflang]").forEach((link) => link.addEventListener("click", () => {
  const anchors = all("main section[id], main figure[id], main .table[id]").filter((element) => element.getBoundingClientRect().top < innerHeight * 0.35);
  link.hash = anchors.length ? anchors[anchors.length - 1].id : "";
}));

// A link into folded content opens it.
const unfold = () => {
  let target = location.hash.length > 1 ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
  const goal = target;
  for (; target; target = target.parentElement) if (target.tagName === "DETAILS") target.open = true;
  goal?.scrollIntoView();
};
addEventListener("hashchange", unfold);
if (location.hash) unfold();

// Paper shows what is folded, but for code.
let opened = [];
addEventListener("beforeprint", () => { opened = all("details:not(.code):not([open])"); opened.forEach((one) => { one.open = true; }); });
addEventListener("afterprint", () => { opened.forEach((one) => { one.open = false; }); opened = []; });

// Terms explained where they stand.
let tip = null;
const hideTip = () => { tip?.remove(); tip = null; };
const showTip = (link) => {
  hideTip();
  const entry = document.getElementById(decodeURIComponent(link.hash.slice(1)));
  if (!entry) return;
  tip = document.createElement("div");
  tip.className = "tip";
  tip.id = "tip";
  tip.setAttribute("role", "tooltip");
  tip.textContent = entry.querySelector("dd").textContent;
  document.body.append(tip);
  link.setAttribute("aria-describedby", "tip");
  const box = link.getBoundingClientRect();
  tip.style.left = Math.max(8, Math.min(box.left, innerWidth - tip.offsetWidth - 8)) + scrollX + "px";
  tip.style.top = box.bottom + 6 + scrollY + "px";
};
all("a.term").forEach((link) => {
  link.addEventListener("mouseenter", () => showTip(link));
  link.addEventListener("focus", () => showTip(link));
  link.addEventListener("mouseleave", hideTip);
  link.addEventListener("blur", hideTip);
});
addEventListener("keydown", (event) => { if (event.key === "Escape") hideTip(); });

// Tables: sort by a column, filter rows, take the rows along.
const language = root.lang;
const collator = new Intl.Collator(language, { numeric: true, sensitivity: "base" });
const shown = (cell) => { const long = cell.querySelector("details.long"); return (long ? long.lastChild.textContent : cell.textContent).trim(); };
const value = (cell) => {
  if (cell.dataset.s) return cell.dataset.s;
  if (cell.dataset.v === undefined) return shown(cell);
  const number = Number(cell.dataset.v || shown(cell));
  return Number.isNaN(number) ? shown(cell) : number;
};
const empty = (entry) => entry === "" || entry === "–";
const compare = (a, b) => (typeof a === "number" && typeof b === "number") ? a - b : collator.compare(String(a), String(b));
// A cell that opens with one of these could run as a formula in a spreadsheet; an apostrophe keeps it a text.
const quote = (text) => {
  const safe = /^[=+\-@\t\r\n|%]/.test(text) ? "'" + text : text;
  return /[",\r\n]/.test(safe) ? '"' + safe.replaceAll('"', '""') + '"' : safe;
};
const csvCell = (cell) => { const entry = value(cell); return typeof entry === "number" ? String(entry) : quote(entry); };
all(".table").forEach((block) => {
  if (!block.querySelector(".tools")) return;
  const table = block.querySelector("table");
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const count = block.querySelector(".count");
  const tell = () => {
    const visible = rows.filter((row) => !row.hidden).length;
    count.textContent = visible === rows.length ? "" : count.dataset.template.replace("{shown}", visible).replace("{total}", rows.length);
  };
  if (rows.length > 2) [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending" || (!head.hasAttribute("aria-sort") && head.classList.contains("n"));
      all("th[aria-sort]", table.tHead).forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const keyed = rows.map((row, place) => ({ row, place, key: value(row.cells[column]) }));
      keyed.sort((a, b) => (empty(a.key) - empty(b.key)) || (down ? -1 : 1) * compare(a.key, b.key) || a.place - b.place);
      body.append(...keyed.map((entry) => entry.row));
    });
  });
  block.querySelector("[data-do=filter]")?.addEventListener("input", (event) => {
    const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    rows.forEach((row) => { const text = row.textContent.toLowerCase(); row.hidden = !words.every((word) => text.includes(word)); });
    tell();
  });
  const download = block.querySelector("[data-do=csv]");
  download?.addEventListener("click", () => {
    const heads = [...table.tHead.rows[0].cells].map((cell) => quote(cell.textContent.trim()));
    const lines = [...body.rows].filter((row) => !row.hidden).map((row) => [...row.cells].map(csvCell).join(","));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(["\ufeff" + [heads.join(","), ...lines].join("\r\n") + "\r\n"], { type: "text/csv" }));
    link.download = download.dataset.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
});
})();
