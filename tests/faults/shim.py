"""Orders to the library that makes calls fail (``shim.c``), and what it has counted."""

import struct
from pathlib import Path

CALLS = {"write": 1, "sync": 2, "rename": 4, "create": 8, "read": 16}
FORM = struct.Struct("=9q")
ORDERS = ("calls", "error", "after", "times", "slow", "shift", "stand")


class Shim:
    """The library and the file that it shares with whoever gives it orders."""

    def __init__(self, library: Path, state: Path) -> None:
        self.library, self.state = library, state
        self.state.touch()
        self.order()

    def order(self, *calls: str, **orders: int) -> None:
        """Begin to count anew, and do from now on as is said; nothing said: nothing done."""
        orders["calls"] = sum(CALLS[call] for call in calls)
        content = FORM.pack(0, 0, *(orders.get(name, 0) for name in ORDERS))
        with self.state.open("r+b", buffering=0) as file:  # in place: processes have it mapped
            file.write(content)

    @property
    def seen(self) -> int:
        """Calls that were meant."""
        return FORM.unpack(self.state.read_bytes())[0]

    @property
    def injected(self) -> int:
        """Of these, those that failed or took longer."""
        return FORM.unpack(self.state.read_bytes())[1]

    def environment(self, place: Path) -> dict[str, str]:
        """What a process needs to stand under it, for files whose path holds ``place``."""
        return {
            "LD_PRELOAD": str(self.library),
            "KAM_SHIM_STATE": str(self.state),
            "KAM_SHIM_PLACE": str(place),
        }
