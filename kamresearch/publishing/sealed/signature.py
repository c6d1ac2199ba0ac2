"""Whose version is it? A signature beside the manifest, made and checked by ssh-keygen.

The manifest holds the checksum of every other file, so that who signs it signs the version:
``ssh-keygen -Y sign -f KEY -n kam reports/VERSION/manifest.json``.
"""

import subprocess
import tempfile
from pathlib import Path

from kamresearch.errors import ParameterError
from kamresearch.publishing.sealed.manifest import MANIFEST

SIGNATURE = f"{MANIFEST}.sig"
NAMESPACE = "kam"


def check_signature(folder: Path, key: Path) -> str:
    """What speaks against a version's signature by a key; empty where nothing does.

    Parameters
    ----------
    folder : Path
        The version.
    key : Path
        The public key that is trusted (``id_ed25519.pub``).

    Raises
    ------
    ParameterError
        It is no public key, or there is no ssh-keygen.
    """
    words = key.read_text(encoding="utf-8", errors="replace").split() if key.is_file() else []
    if len(words) < 2 or not words[0].startswith(("ssh-", "ecdsa-", "sk-")):
        raise ParameterError(
            f"--trust {key}", "a public key of ssh-keygen (id_ed25519.pub)", "none", "name its file"
        )
    if not (folder / SIGNATURE).is_file():
        return f"no {SIGNATURE} stands beside {MANIFEST}"
    with tempfile.NamedTemporaryFile("w", prefix="kam-signers-", encoding="utf-8") as signers:
        signers.write(f"{NAMESPACE} {words[0]} {words[1]}\n")
        signers.flush()
        command = ["ssh-keygen", "-Y", "verify", "-f", signers.name, "-I", NAMESPACE]
        command += ["-n", NAMESPACE, "-s", str(folder / SIGNATURE)]
        try:
            with (folder / MANIFEST).open("rb") as signed:
                done = subprocess.run(command, stdin=signed, capture_output=True, timeout=60)
        except FileNotFoundError:
            raise ParameterError(
                "--trust", "ssh-keygen", "none here", "install OpenSSH's client"
            ) from None
    return "" if done.returncode == 0 else f"{SIGNATURE} is not by the key {key.name}"
