"""The volunteer's id: generated once, stored in `$XDG_STATE_HOME/comp-pool/volunteer`, readable by its user only."""

import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

VALID_ID = re.compile(r"[A-Za-z0-9_-]{16,128}")


def volunteer_id(environment: Mapping[str, str] = os.environ) -> str:
    """Return the stored id, or else a new one, stored where that is possible."""
    new_id = secrets.token_urlsafe(24)
    try:
        path = _path(environment)
        return _read(path) or _write(path, new_id)
    except (OSError, RuntimeError):
        # No home, or no permission: still a valid id, but another one each time.
        return new_id


def adopt(joined_id: str, environment: Mapping[str, str] = os.environ) -> None:
    """Store the id of the same person's other device in place of this one's. Raise OSError."""
    if not VALID_ID.fullmatch(joined_id):
        raise ValueError("not the id of a volunteer")
    _write(_path(environment), joined_id)


def _path(environment: Mapping[str, str]) -> Path:
    state = environment.get("XDG_STATE_HOME") or ""
    # The XDG specification requires that a relative path is ignored.
    home = Path(state) if Path(state).is_absolute() else Path.home() / ".local" / "state"
    return home / "comp-pool" / "volunteer"


def _read(path: Path) -> str | None:
    try:
        stored = path.read_text(encoding="ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return None
    return stored if VALID_ID.fullmatch(stored) else None


def _write(path: Path, new_id: str) -> str:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(new_id + "\n")
    # A rename is atomic: when two volunteers start at once, the later one wins, and both have a valid id.
    temporary.replace(path)
    return new_id
