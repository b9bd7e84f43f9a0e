"""Which pool and key a command uses: by option, environment, file, or the pool of this directory, in this order.

The file is `$XDG_CONFIG_HOME/comp-pool/config.json`, readable by its user only: `{"pool": URL, "keys": {URL: KEY}}`. A
key may be that of a pool, or of a job that was posted without a key (its address).
"""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

DEFAULT_POOL = "http://127.0.0.1:7070/"
URL_VARIABLE, KEY_VARIABLE = "COMP_POOL_URL", "COMP_POOL_KEY"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class InvalidConfiguration(Exception):
    """The configuration file can't be read, or is not of its form."""


@dataclass
class Configuration:
    """The content of the file. `pool` is the default one, empty without one."""

    path: Path
    pool: str = ""
    keys: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> "Configuration":
        """Return the stored configuration, an empty one without a file; raise InvalidConfiguration."""
        path = _path(environment)
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return cls(path)
        except (OSError, ValueError) as ex:
            raise InvalidConfiguration(f"{path}: {ex}") from ex
        return cls(path, *_checked(path, content))

    def write(self) -> None:
        """Store it, for its user only."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = self.path.with_name(f"{self.path.name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump({"pool": self.pool, "keys": self.keys}, file, indent=2)
        temporary.replace(self.path)

    def url(self, option: str | None, environment: Mapping[str, str] = os.environ) -> str:
        """Return the address of the pool, with a slash at its end."""
        url = option or environment.get(URL_VARIABLE) or self.pool or DEFAULT_POOL
        if urlsplit(url).scheme not in ("http", "https"):
            raise InvalidConfiguration(f"the pool's address must begin with http:// or https://, not {url!r}")
        return url if url.endswith("/") else f"{url}/"

    def key(self, url: str, option: str | None, environment: Mapping[str, str] = os.environ) -> str | None:
        """Return the key for a pool, None without one."""
        return option or environment.get(KEY_VARIABLE) or self.keys.get(url) or _operator_key(url, environment)


def _path(environment: Mapping[str, str]) -> Path:
    home = Path(environment.get("XDG_CONFIG_HOME") or "")
    # The XDG specification requires that a relative path is ignored.
    return (home if home.is_absolute() else Path.home() / ".config") / "comp-pool" / "config.json"


def _checked(path: Path, content: Any) -> tuple[str, dict[str, str]]:
    pool = content.get("pool", "") if isinstance(content, dict) else None
    keys = content.get("keys", {}) if isinstance(content, dict) else None
    if (
        not isinstance(pool, str)
        or not isinstance(keys, dict)
        or not all(isinstance(key, str) for key in keys.values())
    ):
        raise InvalidConfiguration(f'{path}: must be {{"pool": URL, "keys": {{URL: KEY}}}}')
    return pool, keys


def _operator_key(url: str, environment: Mapping[str, str]) -> str | None:
    """Return the key of a pool that was started in this directory, where `url` is on this computer."""
    if urlsplit(url).hostname not in LOOPBACK:
        return None
    path = Path(environment.get("COMP_POOL_DATA") or "data/pool") / "secrets" / "operator.key"
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
