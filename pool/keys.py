"""Keys: who may do what. A key is shown once, when it is made; the store has only its digest.

In an open pool, what was posted without a key gets a management key of its own: the id of the job or flow, signed. The
store has nothing of it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pool.errors import Conflict, Forbidden, Invalid, UnknownKey
from pool.fields import REVIEW
from pool.quotas import Quota, quota_of
from pool.sandbox import Share
from storage.base import Document, Store

OWNER, AUDITOR = "owner", "auditor"
ROLES = (OWNER, AUDITOR)
OPERATOR, OPERATOR_KEY, POSTERS_KEY = "operator", "operator.key", "posters.key"
MIN_PREFIX = 4
# What a key keeps when it is replaced.
KEPT = ("role", "quota", "maker")
_KEY = re.compile(r"[A-Za-z0-9_-]{16,128}")
_MANAGEMENT_KEY = re.compile(r"posted\.([0-9a-f-]{16,40})\.([0-9a-f]{40})")
MAX_OWNER = 100


@dataclass(frozen=True)
class Caller:
    """The caller of a request: the digest of its key, the key's owner, and whether it is the operator's.

    Without a key: the address prefix, and the job or flow for which the caller has the management key. `is_self_made`:
    whoever has the key has made it, so that it says no more of its holder than the address.
    """

    key_id: str | None = None
    owner: str | None = None
    is_operator: bool = False
    prefix: str = ""
    managed: str | None = None
    role: str = OWNER
    quota: Quota | None = None
    is_self_made: bool = False

    @property
    def is_stranger(self) -> bool:
        """Whether nobody has given the caller a key."""
        return self.key_id is None or self.is_self_made

    @property
    def share(self) -> Share:
        return _share(None if self.is_stranger else self.key_id, self.prefix)

    @property
    def facts(self) -> Document:
        """What a job or flow keeps of its poster, beside the key: its address if it is a stranger, and its quota."""
        facts: Document = {"poster": self.prefix} if self.is_stranger else {}
        facts |= {"self_made": True} if self.is_self_made else {}
        return facts | ({"quota": self.quota.document} if self.quota is not None else {})


class Keys:
    """With `is_open` anyone may post jobs."""

    def __init__(self, store: Store, is_open: bool) -> None:
        self._store, self._is_open = store, is_open

    def make_operator_key(self) -> str | None:
        """Makes the operator's key at the first start and returns it; None at later starts."""
        key, made = self._store.keys.secret(OPERATOR_KEY, new_key)
        # A lost key file means a lost key: whoever has the old one must not remain operator.
        if made:
            self._remove_former_operators()
        # Apart from `made`: a crash between secret and key is completed at the next start.
        if self._store.keys.get(digest(key)) is None:
            self._store_key(key, OPERATOR, is_operator=True)
        return key if made else None

    def _remove_former_operators(self) -> None:
        for known, document in list(self._store.keys.all()):
            if document["is_operator"]:
                self._store.keys.remove(known)

    def operator(self) -> Caller:
        """The operator as a caller, for the pool's own requests."""
        return Caller(digest(self._store.keys.secret(OPERATOR_KEY, new_key)[0]), OPERATOR, is_operator=True)

    def add(self, owner: str, role: str = OWNER, quota: Quota | None = None, maker: str | None = None) -> str:
        """Makes a key for an owner, or an auditor, and returns it; it can't be read again.

        `maker` is the address prefix of whoever makes one for itself.
        """
        # A stranger may choose it, and the operator's terminal shows it.
        if not (0 < len(owner) <= MAX_OWNER and owner.isprintable()):
            raise Invalid("owner", f"must be 1 to {MAX_OWNER} printable characters")
        if role not in ROLES:
            raise Invalid("role", f"must be one of {', '.join(ROLES)}")
        key = new_key()
        facts: Document = {"role": role} if role != OWNER else {}
        facts |= {"quota": quota.document} if quota is not None and quota.document else {}
        self._store_key(key, owner, is_operator=False, **facts | ({"maker": maker} if maker is not None else {}))
        return key

    def _store_key(self, key: str, owner: str, is_operator: bool, **facts: Any) -> None:
        created = self._store.clock.now_text()
        self._store.keys.add(digest(key), {"owner": owner, "is_operator": is_operator, "created": created, **facts})

    def rotate(self, key_id: str) -> str:
        """Makes a new key in place of the one whose digest begins with `key_id`, and returns it.

        What the old one owns belongs to the new one. Raises Invalid as `revoke` does.
        """
        known, document = self._found(key_id)
        key = new_key()
        # First, so that a crash leaves both: the old one is rotated again.
        facts = {name: document[name] for name in KEPT if name in document}
        self._store_key(key, document["owner"], is_operator=False, replaces=identity_of(known, document), **facts)
        self._store.keys.remove(known)
        return key

    def all(self) -> Iterator[tuple[str, Document]]:
        return self._store.keys.all()

    def revoke(self, key_id: str) -> str:
        """Removes the key whose digest begins with `key_id`; returns its owner.

        Raises Invalid if that is not exactly one key, or is the operator's, which the pool would make again.
        """
        known, document = self._found(key_id)
        self._store.keys.remove(known)
        return str(document["owner"])

    def _found(self, key_id: str) -> tuple[str, Document]:
        if len(key_id) < MIN_PREFIX:
            raise Invalid("key", f"give at least {MIN_PREFIX} characters of its digest")
        found = [(known, document) for known, document in self.all() if known.startswith(key_id)]
        if len(found) != 1:
            raise Invalid("key", f"{len(found)} keys begin with {key_id!r}")
        ((known, document),) = found
        if document["is_operator"]:
            raise Invalid("key", "is the operator's: to replace it, remove secrets/operator.key and restart the pool")
        return known, document

    def caller(self, key: str | None, prefix: str = "") -> Caller:
        """Raises UnknownKey for a key that is not one of the pool's."""
        if key is None:
            return Caller(prefix=prefix)
        managed = self._managed(key)
        if managed is not None:
            return Caller(prefix=prefix, managed=managed)
        # Only a well-formed key is hashed: the header may be long.
        document = self._store.keys.get(digest(key)) if _KEY.fullmatch(key) else None
        if document is None:
            raise UnknownKey("Authorization: not a key of this pool")
        return Caller(
            identity_of(digest(key), document),
            document["owner"],
            document["is_operator"],
            prefix=prefix if "maker" in document else "",
            role=document.get("role", OWNER),
            quota=quota_of(document),
            is_self_made="maker" in document,
        )

    def management_key(self, document: Document) -> str:
        """The key that manages a job or flow which was posted without a key."""
        subject = _subject(document)
        return f"posted.{subject}.{self._signature(subject)}"

    def _managed(self, key: str) -> str | None:
        """The subject of a management key."""
        parts = _MANAGEMENT_KEY.fullmatch(key)
        is_valid = parts is not None and hmac.compare_digest(parts[2], self._signature(parts[1]))
        return parts[1] if parts is not None and is_valid else None

    def _signature(self, subject: str) -> str:
        return hmac.new(self._posters_secret, subject.encode(), hashlib.sha256).hexdigest()[:40]

    @cached_property
    def _posters_secret(self) -> bytes:
        return self._store.keys.secret(POSTERS_KEY, new_key)[0].encode()

    def require_poster(self, caller: Caller) -> None:
        if caller.key_id is None and not self._is_open:
            raise UnknownKey("posting a job or a flow needs a key: send Authorization: Bearer <key>")
        if caller.role == AUDITOR:
            raise Forbidden("an auditor's key posts no jobs and no flows")

    def owns(self, caller: Caller, document: Document) -> bool:
        if caller.managed is not None:
            return document["key"] is None and caller.managed == _subject(document)
        return caller.is_operator or (caller.key_id is not None and caller.key_id == document["key"])

    def decides(self, caller: Caller, job: Document) -> bool:
        """Whether a result of this caller counts at once, and decides on those that are held."""
        return caller.role == AUDITOR or self.owns(caller, job)

    def require_operator(self, caller: Caller) -> None:
        """Raises UnknownKey or Forbidden."""
        if not caller.is_operator:
            self._refuse(caller, "what the operator decides")

    def require_owner(self, caller: Caller, document: Document, kind: str = "job") -> None:
        """Raises UnknownKey or Forbidden unless the caller owns the job or flow."""
        if not self.owns(caller, document):
            self._refuse(caller, f"{kind} {document['id']!r}")

    def require_contributor(self, caller: Caller, job: Document) -> None:
        """The owner may post variables; in an open pool anyone, to a job that was posted without a key.

        Nobody may while the job is in review, since its functions are not called, or once it is replaced. Raises
        UnknownKey, Forbidden, Conflict.
        """
        if not (self._is_open and job["key"] is None):
            self.require_owner(caller, job)
        if "replaced_by" in job:
            raise Conflict(f"job {job['id']!r} was replaced by {job['replaced_by']['id']!r}: post to that one")
        if job.get("state") == REVIEW:
            raise Conflict(f"job {job['id']!r} is in review: it takes variables once the operator has agreed to it")

    def _refuse(self, caller: Caller, what: str) -> None:
        if caller.key_id is None and caller.managed is None:
            raise UnknownKey(f"changing {what} needs its owner's key: send Authorization: Bearer <key>")
        raise Forbidden(f"{what} belongs to another key")


def share_of(document: Document) -> Share:
    """The share of whoever posted a job or flow."""
    return _share(None if is_strangers(document) else document["key"], document.get("poster", ""), document["id"])


def is_strangers(document: Document) -> bool:
    """Whether a job or flow was posted without a key, or with one that its poster has made."""
    return document.get("key") is None or document.get("self_made", False)


def identity_of(known: str, document: Document) -> str:
    """What owns the jobs of the key with this digest: the digest of the first key, whatever has replaced it."""
    return str(document.get("replaces", known))


def _share(key_id: str | None, prefix: str, subject: str = "") -> Share:
    is_anonymous = key_id is None
    return Share(f"anonymous {prefix}" if key_id is None else key_id, subject, is_anonymous)


def _subject(document: Document) -> str:
    """What a management key is for: a job by its uid, since another may get its name; a flow by its id."""
    return str(document.get("uid") or document["id"])


def new_key() -> str:
    """A random key. It does not begin with a dash: behind `--key` it would be taken for an option."""
    while (key := secrets.token_urlsafe(32)).startswith("-"):
        pass
    return key


def digest(key: str) -> str:
    """A plain hash is enough: a key has 256 random bits, so that its hash can't be reversed."""
    return hashlib.sha256(key.encode()).hexdigest()[:40]
