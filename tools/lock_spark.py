"""Write requirements-spark.lock: what the extra ``spark`` adds to requirements.lock, with
hashes.
"""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEAD = "# What Apache Spark adds to requirements.lock (extra: spark). Made by `make lock`.\n"


def read_blocks(text: str) -> dict[str, str]:
    """A lock's text → package name → its lines."""
    blocks: dict[str, str] = {}
    name = None
    for line in text.splitlines(keepends=True):
        start = re.match(r"^([a-z0-9._-]+)==", line)
        name = start.group(1) if start else name
        if name:
            blocks[name] = blocks.get(name, "") + line
    return blocks


def main() -> None:
    """Resolve with the extra under the main lock's constraints and keep what is new."""
    command = [
        "uv",
        "pip",
        "compile",
        "pyproject.toml",
        "--universal",
        "--python-version",
        "3.11",
        "--generate-hashes",
        "--no-emit-index-url",
        "--no-header",
        "--extra",
        "spark",
        "--constraints",
        "requirements.lock",
    ]
    resolved = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    known = read_blocks((ROOT / "requirements.lock").read_text())
    added = {name: block for name, block in read_blocks(resolved).items() if name not in known}
    (ROOT / "requirements-spark.lock").write_text(HEAD + "".join(added.values()))


if __name__ == "__main__":
    main()
