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
  const method = goal?.querySelector(":scope > details.method");
  if (method) method.open = true;
  goal?.scrollIntoView();
};
addEventListener("hashchange", unfold);
if (location.hash) unfold();

// Paper shows what is folded, but for code and for what stands behind a figure.
let opened = [];
addEventListener("beforeprint", () => { opened = all("details:not(.code, .behind, .method):not([open])"); opened.forEach((one) => { one.open = true; }); });
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

// A figure may be taken along: its picture on white with the glyphs that it shows, drawn by this page alone.
const save = (blob, name) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
};
const picture = (svg) => {
  const copy = svg.cloneNode(true), before = root.dataset.theme, style = document.createElementNS(svg.namespaceURI, "style");
  const { width, height } = svg.viewBox.baseVal;
  copy.setAttribute("width", width);
  copy.setAttribute("height", height);
  style.textContent = (document.querySelector("style").textContent.match(/@font-face\{.*?\}/g) ?? []).join("") + "text{font-family:'Kam Sans','Kam Han',sans-serif}";
  copy.prepend(style);
  root.dataset.theme = "light";
  const paint = getComputedStyle(root);
  const text = new XMLSerializer().serializeToString(copy).replace(/var\((--[\w-]+)\)/g, (_, name) => paint.getPropertyValue(name).trim());
  if (before) root.dataset.theme = before; else delete root.dataset.theme;
  return { text, width, height };
};
const draw = async ({ text, width, height }) => {
  const image = new Image(), canvas = document.createElement("canvas"), sharper = 2.5;
  image.src = "data:image/svg+xml," + encodeURIComponent(text);
  await image.decode();
  canvas.width = width * sharper;
  canvas.height = height * sharper;
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
};
const take = document.querySelector(".take");
if (take) all("main figure[id]").forEach((figure) => {
  const bar = take.cloneNode(true), title = figure.querySelector("h3").textContent.trim();
  bar.hidden = false;
  all("button", bar).forEach((button) => {
    button.setAttribute("aria-label", `${button.textContent} – ${title}`);
    button.addEventListener("click", async () => {
      const form = button.dataset.do, made = picture(figure.querySelector("svg"));
      save(form === "PNG" ? await draw(made) : new Blob([made.text], { type: "image/svg+xml" }), `${figure.id}.${form.toLowerCase()}`);
    });
  });
  figure.querySelector("figcaption").after(bar);
});

// Tables: sort by a column, filter rows, take the rows along. Rows beyond those shown travel packed
// in the page and are unpacked when somebody first asks for them.
const language = root.lang;
const collator = new Intl.Collator(language, { numeric: true, sensitivity: "base" });
const shown = (cell) => { const long = cell.querySelector("details.long"); return (long ? long.lastChild.textContent : cell.textContent).trim(); };
const value = (cell) => {
  if (cell.dataset.s) return cell.dataset.s;
  if (cell.dataset.v === undefined) return shown(cell);
  const number = Number(cell.dataset.v || shown(cell));
  return Number.isNaN(number) ? shown(cell) : number;
};
const packedValue = (cell, numeric) => {
  const [text, raw = null, rest = ""] = Array.isArray(cell) ? cell : [cell];
  if (raw === null) return rest || text;
  const number = Number(raw || text);
  return numeric && !Number.isNaN(number) ? number : raw || text;
};
const empty = (entry) => entry === "" || entry === "–";
const compare = (a, b) => (typeof a === "number" && typeof b === "number") ? a - b : collator.compare(String(a), String(b));
// A cell that opens with one of these, in either width, could run as a formula in a spreadsheet; an apostrophe keeps it a text.
const quote = (text) => {
  const risky = /^[\s\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff'"]*[=+\-@|%\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/;
  const number = /^([+-]?\d+(\.\d+)?([eE][+-]?\d+)?%?|-+)$/;
  const safe = risky.test(text) && !number.test(text) ? "'" + text : text;
  return /[",;\t\r\n]/.test(safe) ? '"' + safe.replaceAll('"', '""') + '"' : safe;
};
const csvCell = (entry) => typeof entry === "number" ? String(entry) : quote(entry);
// A workbook of one sheet: typed cells, texts that cannot run, a frozen head with filters; a ZIP file without compression.
const bytesOf = (number, size) => Array.from({ length: size }, (_, place) => number >>> 8 * place & 255);
const checksum = (bytes) => {
  let sum = -1;
  for (const byte of bytes) { sum ^= byte; for (let bit = 8; bit--;) sum = sum >>> 1 ^ (sum & 1 ? 0xedb88320 : 0); }
  return ~sum;
};
const zip = (files) => {
  const parts = [], list = [];
  let at = 0, listed = 0;
  Object.entries(files).forEach(([path, text]) => {
    const [name, data] = [path, text].map((one) => new TextEncoder().encode(one));
    const about = [20, 0, 0, 8, 0, 0, 0, 0, 33, 0, ...bytesOf(checksum(data), 4), ...bytesOf(data.length, 4), ...bytesOf(data.length, 4), ...bytesOf(name.length, 2), 0, 0];
    const local = Uint8Array.from([80, 75, 3, 4, ...about, ...name]), entry = Uint8Array.from([80, 75, 1, 2, 20, 0, ...about, ...bytesOf(0, 10), ...bytesOf(at, 4), ...name]);
    parts.push(local, data);
    list.push(entry);
    at += local.length + data.length;
    listed += entry.length;
  });
  const many = bytesOf(list.length, 2);
  return [...parts, ...list, Uint8Array.from([80, 75, 5, 6, 0, 0, 0, 0, ...many, ...many, ...bytesOf(listed, 4), ...bytesOf(at, 4), 0, 0])];
};
const workbook = (names, rows) => {
  const kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.", home = "http://schemas.openxmlformats.org/", links = home + "officeDocument/2006/relationships";
  const plain = (text) => String(text).replace(/[^\t\n\r -\ud7ff\ue000-\ufffd]/gu, "").replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  const cell = (entry) => entry === "" || entry === "–" ? "<c/>" : typeof entry === "number" ? `<c><v>${entry}</v></c>` : `<c t="inlineStr"><is><t xml:space="preserve">${plain(entry)}</t></is></c>`;
  const line = (row) => `<row>${row.map(cell).join("")}</row>`;
  let last = "";
  for (let left = names.length; left > 0; left = Math.floor((left - 1) / 26)) last = String.fromCharCode(65 + (left - 1) % 26) + last;
  const relation = (type, target) => `<Relationships xmlns="${home}package/2006/relationships"><Relationship Id="r1" Type="${links}/${type}" Target="${target}"/></Relationships>`;
  return new Blob(zip({
    "[Content_Types].xml": `<Types xmlns="${home}package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="${kind}sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="${kind}worksheet+xml"/></Types>`,
    "_rels/.rels": relation("officeDocument", "xl/workbook.xml"),
    "xl/_rels/workbook.xml.rels": relation("worksheet", "worksheets/sheet1.xml"),
    "xl/workbook.xml": `<workbook xmlns="${home}spreadsheetml/2006/main"><sheets><sheet name="kamresearch" sheetId="1" r:id="r1" xmlns:r="${links}"/></sheets></workbook>`,
    "xl/worksheets/sheet1.xml": `<worksheet xmlns="${home}spreadsheetml/2006/main"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" state="frozen"/></sheetView></sheetViews><cols><col min="1" max="${names.length}" width="20" customWidth="1"/></cols><sheetData>${[names, ...rows].map(line).join("")}</sheetData><autoFilter ref="A1:${last}${rows.length + 1}"/></worksheet>`,
  }), { type: kind + "sheet" });
};
const unpack = async (text) => {
  const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
};
// Chinese in the initials of its pinyin, by the browser's own collation: the first characters of each letter bound it.
const bounds = [..."阿八嚓哒妸发旮哈讥咔垃痳拏噢妑七呥扨它穵夕丫帀"], letters = "abcdefghjklmnopqrstwxyz";
const pinyin = new Intl.Collator("zh-u-co-pinyin");
const initials = (text) => text.replace(/厦门/g, "xm").replace(/重庆/g, "cq").replace(/[\u4e00-\u9fff]/g, (one) => letters[bounds.findLastIndex((first) => pinyin.compare(first, one) <= 0)] ?? one);
// Look for something by its number or name; what has no page of its own is found in the table of all.
all(".finder").forEach((finder) => {
  const packed = finder.querySelector("script"), list = finder.querySelector("ol");
  if (!globalThis.DecompressionStream) { finder.remove(); return; }
  let rows = null;
  finder.querySelector("[data-do=find]").addEventListener("input", async (event) => {
    const asked = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    rows ??= (await unpack(packed.textContent)).map((row) => [...row, `${row[0]} ${row[1]} ${initials(row[1])}`.toLowerCase()]);
    const found = asked.length ? rows.filter((row) => asked.every((word) => row[3].includes(word))).slice(0, 8) : [];
    list.replaceChildren(...found.map(([number, name, page]) => {
      const entry = document.createElement("li"), link = document.createElement("a");
      link.href = page || packed.dataset.all || "";
      link.textContent = name ? `${name} (${number})` : number;
      entry.append(link);
      return entry;
    }));
  });
});
const FOUND = 500; // rows that a filter shows at most: a page with thousands is slow to read and to draw
all(".table").forEach((block) => {
  if (!block.querySelector(".tools")) return;
  const table = block.querySelector("table");
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const numeric = heads.map((head) => head.classList.contains("n"));
  const first = [...body.rows];
  const packed = block.querySelector("script[type='application/octet-stream']");
  const count = block.querySelector(".count");
  const downloads = all("[data-do=csv], [data-do=xlsx]", block);
  if (packed && !globalThis.DecompressionStream) { downloads.forEach((one) => one.remove()); block.querySelector("[data-do=filter]")?.closest("label").remove(); }
  let entries = first.map((row, place) => ({ place, row }));
  let unpacked = null;
  const everything = () => (unpacked ??= (packed ? unpack(packed.textContent) : Promise.resolve([])).then((rest) => {
    entries = entries.concat(rest.map((data, place) => ({ place: first.length + place, data })));
  }));
  const key = (entry, column) => entry.data ? packedValue(entry.data[column], numeric[column]) : value(entry.row.cells[column]);
  const words = (entry) => (entry.words ??= (entry.data ? entry.data.map((cell) => Array.isArray(cell) ? `${cell[0]} ${cell[2] ?? ""}` : cell).join(" ") : entry.row.textContent).toLowerCase());
  const build = (entry) => {
    if (entry.row) return entry.row;
    entry.row = document.createElement("tr");
    entry.data.forEach((cell, column) => {
      const [text, raw = null, rest = "", href = ""] = Array.isArray(cell) ? cell : [cell];
      const like = first[0].cells[column], made = document.createElement(like.tagName);
      if (like.scope) made.scope = like.scope;
      if (like.dataset.l) made.dataset.l = like.dataset.l;
      if (like.classList.contains("d")) made.className = "d";
      if (numeric[column] && raw === null) made.className = "n";
      if (raw !== null) made.dataset[numeric[column] ? "v" : "s"] = raw;
      if (rest) {
        const long = document.createElement("details"), head = document.createElement("summary");
        long.className = "long";
        head.textContent = text;
        long.append(head, rest);
        made.append(long);
      } else if (href) {
        const link = document.createElement("a");
        link.href = href;
        link.textContent = text;
        made.append(link);
      } else made.textContent = text;
      entry.row.append(made);
    });
    return entry.row;
  };
  let asked = [];
  const found = () => asked.length ? entries.filter((entry) => asked.every((word) => words(entry).includes(word))) : entries;
  const show = () => {
    const rows = found(), most = asked.length ? FOUND : first.length;
    body.replaceChildren(...rows.slice(0, most).map(build));
    const text = rows.length > most ? count.dataset.most : count.dataset.template;
    count.textContent = asked.length ? text.replace("{shown}", rows.length).replace("{total}", entries.length).replace("{most}", most) : "";
  };
  if (first.length > 2) heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", async () => {
      await everything();
      const down = head.getAttribute("aria-sort") === "ascending" || (!head.hasAttribute("aria-sort") && numeric[column]);
      all("th[aria-sort]", table.tHead).forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const keyed = entries.map((entry) => ({ entry, key: key(entry, column) }));
      keyed.sort((a, b) => (empty(a.key) - empty(b.key)) || (down ? -1 : 1) * compare(a.key, b.key) || a.entry.place - b.entry.place);
      entries = keyed.map((one) => one.entry);
      show();
    });
  });
  block.querySelector("[data-do=filter]")?.addEventListener("input", async (event) => {
    asked = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    await everything();
    show();
  });
  downloads.forEach((button) => button.addEventListener("click", async () => {
    await everything();
    const names = heads.map((head) => head.textContent.trim());
    const rows = found().map((entry) => heads.map((_, column) => key(entry, column)));
    const csv = () => "\ufeff" + [names.map(quote), ...rows.map((row) => row.map(csvCell))].map((line) => line.join(",") + "\r\n").join("");
    const form = button.dataset.do, name = downloads[0].dataset.name;
    save(form === "csv" ? new Blob([csv()], { type: "text/csv" }) : workbook(names, rows), name.replace(/csv$/, form));
  }));
});
})();
