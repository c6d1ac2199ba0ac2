"""The last look before sealing: no file of a version holds the password of its data.

No process that writes into a version is given a password, so that there is nothing to take out;
should one come there all the same (the data themselves may hold it), the version is not sealed.
"""

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from kamresearch.errors import StoreError

LONG = 8
"""Letters from which on a password is looked for alone: shorter ones (``x``, ``2012``) stand in
every report by chance, and are looked for as part of an address.
"""


def refuse_secrets(folder: Path, secrets: Iterable[str]) -> None:
    """Let no version be sealed that holds a secret; the file is named, the secret is not.

    Raises
    ------
    StoreError
        A file holds one.
    """
    wanted = {form.encode() for secret in secrets for form in _forms(secret)}
    if not wanted:
        return
    for path in sorted(folder.rglob("*")):
        content = path.read_bytes() if path.is_file() else b""
        if any(form in content for form in wanted):
            raise StoreError(
                path.relative_to(folder).as_posix(),
                "no password in a version",
                "the password of the data",
                "look whether the data or a notebook hold it, and give the reader another one",
            )


def _forms(secret: str) -> set[str]:
    written = {secret, quote(secret, safe=""), secret.replace("\\", "\\\\").replace('"', '\\"')}
    return {f":{one}@" for one in written} | {one for one in written if len(one) >= LONG}
