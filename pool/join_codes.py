"""Join codes: one device shows a code, another types it within minutes, and both are the same volunteer from then on.

The pool knows volunteers by hashes and stores no id. For the life of a code it has the id sealed: whoever reads the
disk needs the code to open it. A code is valid once. It has 49 random bits: whoever
guesses a thousand times a second, while a thousand codes are valid, needs 18 years for one; and each address has few
guesses.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from functools import cached_property

from pool.errors import LimitReached, UnknownCode
from pool.rates import Rates
from storage.base import Store

# Without letters and digits that look alike.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH, GROUP = 10, 5
SECONDS = 300
MAX_CODES = 1000
# Codes and guesses of one address: a class of thirty at once, then six a minute.
BURST, PER_SECOND = 60, 0.1


class JoinCodes:
    def __init__(self, store: Store, read_secret: Callable[[], str]) -> None:
        self._store, self._clock, self._read_secret = store, store.clock, read_secret
        refusal = "too many codes and guesses from this address: wait a little"
        self._rates = Rates(self._clock, PER_SECOND, BURST, refusal)

    @cached_property
    def _secret(self) -> bytes:
        return self._read_secret().encode()

    def make(self, volunteer_id: str, prefix: str) -> tuple[str, int]:
        """A code for the volunteer with this id, and until when it is valid. Raises LimitReached."""
        self._rates.take(prefix)
        self._require_room()
        code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        until = self._clock.now_milliseconds() + SECONDS * 1000
        self._store.join_codes.put(
            self._name(code), {"id": self._sealed(code, volunteer_id.encode()).hex(), "until": until}
        )
        return f"{code[:GROUP]}-{code[GROUP:]}", until

    def redeem(self, text: str, prefix: str) -> str:
        """The id of the volunteer who has shown this code. Raises UnknownCode, LimitReached."""
        self._rates.take(prefix)
        code = "".join(character for character in text.upper() if character.isalnum())
        document = self._store.join_codes.take(self._name(code))
        if document is None or not 0 < self._seconds_left(document["until"]) <= SECONDS:
            raise UnknownCode("code: is wrong, was used, or is older than five minutes")
        return self._sealed(code, bytes.fromhex(document["id"])).decode()

    def _require_room(self) -> None:
        """Raises LimitReached while too many codes are valid; removes the others."""
        valid = 0
        for name, document in self._store.join_codes.all():
            if 0 < self._seconds_left(document["until"]) <= SECONDS:
                valid += 1
            else:
                self._store.join_codes.take(name)
        if valid >= MAX_CODES:
            raise LimitReached(f"{MAX_CODES} codes are valid (the limit)", SECONDS / 10, "codes")

    def _seconds_left(self, until: int) -> float:
        """More than at first after the clock was set back: then it is not valid either."""
        return (until - self._clock.now_milliseconds()) / 1000

    def _name(self, code: str) -> str:
        return hashlib.sha256(b"name" + self._secret + code.encode()).hexdigest()[:32]

    def _sealed(self, code: str, content: bytes) -> bytes:
        """Seals and opens: a stream cipher, whose key is used for this content alone."""
        stream = hashlib.shake_256(b"seal" + self._secret + code.encode()).digest(len(content))
        return bytes(one ^ other for one, other in zip(content, stream, strict=True))
