"""Errors of a publication that was begun: a study failed, or the shelf could not be written."""

from pathlib import Path

from kamresearch.errors import StoreError, StudyError

NO_ROOM_WORDS = "there is no room left to write"


class SealError(StoreError):
    """A finished version could not be put on the shelf."""

    exit_code = 1


def unwritable(folder: Path, error: OSError | str) -> SealError:
    """The error to raise where a folder cannot be written."""
    found = (
        error if isinstance(error, str) else f"{type(error).__name__}: {error.strerror or error}"
    )
    return SealError(
        str(folder),
        "a folder that can be written",
        found,
        "make room or rights there, or name another folder with --reports; no version was made",
    )


class FailedRunError(StudyError):
    """One or more studies of a version failed; nothing was sealed."""

    def __init__(self, version: str, lines: list[str], kept: Path) -> None:
        self.version, self.lines, self.kept = version, lines, kept
        super().__init__(
            f"version {version}",
            "every study to end well",
            f"{len(lines)} failed:\n  " + "\n  ".join(lines),
            f"look into {kept}, mend, publish again (the others are kept)",
        )

    def __reduce__(self) -> tuple:
        return type(self), (self.version, self.lines, self.kept)
