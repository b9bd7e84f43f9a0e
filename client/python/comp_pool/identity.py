"""The volunteer's id: made once, kept in `$XDG_STATE_HOME/comp-pool/volunteer`, which only its user can read."""

import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

VALID = re.compile(r"[A-Za-z0-9_-]{16,128}")


def volunteer_id(environment: Mapping[str, str] = os.environ) -> str:
    """Return the kept id; where there is none make it, and where it can't be kept return a fresh one."""
    fresh = secrets.token_urlsafe(24)
    try:
        place = _place(environment)
        return _kept(place) or _keep(place, fresh)
    except (OSError, RuntimeError):
        # Without a home, or without the right to write there, the volunteer is a new one each time.
        return fresh


def _place(environment: Mapping[str, str]) -> Path:
    state = environment.get("XDG_STATE_HOME") or ""
    # The XDG specification has relative paths ignored.
    home = Path(state) if Path(state).is_absolute() else Path.home() / ".local" / "state"
    return home / "comp-pool" / "volunteer"


def _kept(place: Path) -> str | None:
    try:
        kept = place.read_text(encoding="ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return None
    return kept if VALID.fullmatch(kept) else None


def _keep(place: Path, fresh: str) -> str:
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    written = place.with_name(f"{place.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(fresh + "\n")
    # Of two volunteers that start at once the later one wins, and both have a valid id.
    written.replace(place)
    return fresh
