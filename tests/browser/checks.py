"""What must hold on any page: asked of pages made by hand and of those of the built-in case."""

TOFU = "\ue000"
"""A character that no font of the house knows: what an empty box looks like."""

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]


def violations(page) -> list[str]:
    """What axe-core finds, each as rule and place."""
    from axe_playwright_python.sync_playwright import Axe

    options = {"runOnly": {"type": "tag", "values": TAGS}}
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"[:400]
        for one in found
        for node in one["nodes"]
    ]


THIN = """() => {
  document.querySelectorAll("tbody").forEach((body) => [...body.rows].slice(4).forEach((row) => { if (!row.id) row.remove(); }));
  document.querySelectorAll("main svg").forEach((picture) => picture.querySelectorAll("path, use").forEach((one) => one.remove()));
}"""


def keep_one_of_a_kind(page) -> None:
    """Rows beyond the fourth are made as those before them, and strokes carry no words: axe
    need not read each.
    """
    page.evaluate(THIN)


def asked_elsewhere(page) -> list[str]:
    """Requests beyond the page itself and what it carries."""
    return [address for address in page.asked[1:] if not address.startswith(("data:", "blob:"))]


def overflow(page) -> int:
    """Pixels by which the page is wider than its window."""
    return page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )


VISIBLE = """() => {
  const wanted = [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']")];
  return wanted.filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.disabled && !one.closest("[hidden]")
    && getComputedStyle(one).pointerEvents !== "none" || one.matches(".contents summary") && innerWidth < 1024).length; }"""

MARK_FOCUS = """() => { const one = document.activeElement; if (!one || one === document.body) return null;
  if (!one.dataset.seen) one.dataset.seen = "1"; const style = getComputedStyle(one);
  return { outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2, name: one.outerHTML.slice(0, 120) }; }"""

UNSEEN = """() => [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']")]
  .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest("[hidden]") && !one.dataset.seen)
  .map((one) => one.outerHTML.slice(0, 120))"""


def walk_by_keyboard(page) -> tuple[list[str], list[str]]:
    """Tab through the page: what cannot be reached, and what shows no focus when reached."""
    count, dim = page.evaluate(VISIBLE), []
    for _ in range(count + 5):
        page.keyboard.press("Tab")
        focus = page.evaluate(MARK_FOCUS)
        if focus and not focus["outlined"]:
            dim.append(focus["name"])
    return page.evaluate(UNSEEN), dim


BOXES = """(most) => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = new Map();
  while (walker.nextNode()) {
    const node = walker.currentNode, parent = node.parentElement;
    if (!parent.checkVisibility() || parent.closest("script, style, .quiet, .skip")) continue;
    const picture = !!parent.closest("svg");
    [...node.data].forEach((character, place) => {
      if (!/[\\u4e00-\\u9fff]/.test(character)) return;
      const range = document.createRange(); range.setStart(node, place); range.setEnd(node, place + 1);
      const box = range.getBoundingClientRect();
      const style = getComputedStyle(parent);
      const key = `${picture}|${character}`;
      if (box.width > 5 && box.height > 5 && !found.has(key)) found.set(key, { character, picture, size: Math.round(box.width),
        x: box.x + scrollX, y: box.y + scrollY, width: box.width, height: box.height, weight: style.fontWeight, family: style.fontFamily, fontSize: style.fontSize });
    });
  }
  const all = [...found.values()];
  return [...all.filter((one) => one.picture).slice(0, most), ...all.filter((one) => !one.picture).slice(0, most)]; }"""


def chinese_glyphs(page, most: int = 60) -> tuple[list[dict], set[bytes]]:
    """Chinese characters as pixels where they stand (scaled to one size), and what an empty
    box looks like.
    """
    from io import BytesIO

    from PIL import Image

    page.set_viewport_size(
        {"width": 1200, "height": page.evaluate("document.documentElement.scrollHeight")}
    )
    places = page.evaluate(BOXES, most)
    whole = Image.open(BytesIO(page.screenshot(full_page=True))).convert("L")

    def pixels(place):
        x, y = round(place["x"]), round(place["y"])
        crop = whole.crop((x, y, x + round(place["width"]), y + round(place["height"])))
        return crop.resize((16, 16)).point(lambda value: value // 86).tobytes()

    return [{**place, "pixels": pixels(place)} for place in places]
