"""Pictures of every page of a version, phone and desktop, to be looked at.

    python -m tools.screenshots reports/2012-12-31-0123456789 pictures [--width 390 --width 1440]
    [--dark] [--print]

A long page is cut into pieces, so that each can be looked at in full size.
"""

import argparse
import os
import shutil
from pathlib import Path

PIECE = 2400
"""Height of a piece in pixels of the page."""


def main() -> None:
    """Read the command line and take the pictures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pages", type=Path, help="a version's folder, or one page")
    parser.add_argument("target", type=Path, help="folder for the pictures")
    parser.add_argument(
        "--width", type=int, action="append", help="width of the window; may be given again"
    )
    parser.add_argument("--dark", action="store_true", help="as a device set to dark shows it")
    parser.add_argument("--print", action="store_true", help="as paper shows it")
    chosen = parser.parse_args()
    pages = sorted(chosen.pages.glob("*.html")) if chosen.pages.is_dir() else [chosen.pages]
    chosen.target.mkdir(parents=True, exist_ok=True)
    for path in pages:
        for width in chosen.width or [390, 1440]:
            for name in photograph(
                path, chosen.target, width, dark=chosen.dark, paper=chosen.print
            ):
                print(name)


def photograph(
    path: Path, target: Path, width: int, *, dark: bool = False, paper: bool = False
) -> list[str]:
    """One page in one width: names of the pictures taken, each with how far the page is wider
    than its window.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.getuid() == 0 else []
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=arguments
        )
        page = browser.new_page(
            viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
        )
        page.goto(path.resolve().as_uri())
        if paper:
            page.emulate_media(media="print")
        height = page.evaluate("document.documentElement.scrollHeight")
        wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        page.set_viewport_size({"width": width, "height": height})
        taken = []
        for number, top in enumerate(range(0, height, PIECE)):
            name = (
                target
                / f"{path.stem}-{width}{'-dark' if dark else ''}{'-print' if paper else ''}-{number:02d}.png"
            )
            clip = {"x": 0, "y": top, "width": width, "height": min(PIECE, height - top)}
            page.screenshot(path=name, clip=clip)
            taken.append(f"{name}" + (f"  wider by {wider}" if wider > 0 else ""))
        browser.close()
    return taken


if __name__ == "__main__":
    main()
