"""What counts as an error against a variable: the one place that decides, for refused results and reported failures.

A variable fails when errors of enough different parties count against it. A party is an address prefix: ids of
volunteers cost nothing. An id is a party of its own only in a network that the operator trusts, or once it has earned
that with accepted results. Of one IPv6 /48, which a single customer may have, two prefixes count.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

from pool.peers import DIGITS, WIDE_DIGITS, Peer
from storage import ids
from storage.base import Document, canonical

# A party that has failed on a variable gets it again after so long: whoever computes alone is not locked out.
PAUSE_SECONDS = 600
PREFIXES_PER_NETWORK = 2
LEASE_DIGITS = 6


def party_of(peer: Peer, is_proven: bool) -> str:
    """The party of a peer: 12 hexadecimal digits, of which the first 6 stand for a network of prefixes."""
    if peer.volunteer and (is_proven or peer.is_trusted):
        # Without the prefix: else one id at all prefixes of a network would be many parties.
        return hashlib.sha256(peer.volunteer.encode()).hexdigest()[:DIGITS]
    return peer.prefix


def error_id(timed_id: str, party: str, document: Document) -> str:
    """The id of an error, which says enough to count it without reading documents."""
    return f"{timed_id}-{party}-{_digits(document['lease'])}{_digits(_told(document))}"


def same_error(error_ids: Sequence[str], document: Document) -> str | None:
    """The id of the same error under the same lease, sent before: a repeated request counts once."""
    if not error_ids:
        return None
    suffix = f"-{_digits(document['lease'])}{_digits(_told(document))}"
    return next((known for known in error_ids if known.endswith(suffix)), None) if document["lease"] else None


def is_under_lease(error_ids: Sequence[str], lease_id: str) -> bool:
    """Whether one of the errors was made under this lease, which has ended with it."""
    if not error_ids:
        return False
    digits = _digits(lease_id)
    return any(
        (parts := ids.ERROR_ID.fullmatch(known)) and (parts["same"] or "").startswith(digits) for known in error_ids
    )


def _told(document: Document) -> object:
    return document.get("failure", document.get("result"))


def _digits(value: object) -> str:
    return hashlib.sha256(canonical(value).encode("utf-8", "surrogatepass")).hexdigest()[:LEASE_DIGITS]


def count_errors(error_ids: Sequence[str]) -> int:
    """How many errors count against a variable."""
    return count_parties({ids.party_of_error(identifier) for identifier in error_ids})


def adds(error_ids: Sequence[str], party: str) -> bool:
    """Whether an error of this party counts beside these: of one network others may have failed already."""
    parties = {ids.party_of_error(identifier) for identifier in error_ids}
    return party in parties or count_parties(parties | {party}) > count_parties(parties)


def count_parties(parties: set[str]) -> int:
    networks = Counter(party[:WIDE_DIGITS] if len(party) == DIGITS else party for party in parties)
    return sum(min(number, PREFIXES_PER_NETWORK) for number in networks.values())


def is_paused(error_ids: Sequence[str], party: str, now: int) -> bool:
    """Whether the party's own error keeps it from this variable for the present. `now` is in milliseconds."""
    return any(
        # The clock may have been set back since: no pause is longer for that.
        ids.party_of_error(known) == party and abs(now - ids.time_of(known)) < PAUSE_SECONDS * 1000
        for known in error_ids
    )
