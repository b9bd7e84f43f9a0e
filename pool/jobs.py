"""Jobs: a posted job is checked and compiled as a whole before anything is stored."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from typing import Any

from slugify import slugify

from pool import fields
from pool.errors import Changed, Invalid, NameTaken
from pool.flows import Flows
from pool.keys import Caller, Keys
from pool.sandbox import Sandbox
from pool.validation import require_function
from storage import ids
from storage.base import Document, Page, Store, canonical
from storage.errors import AlreadyExists, InvalidCursor, InvalidId, NotFound
from storage.flow_store import UsedJob

RESERVED_IDS = ("index", "scheduled", "scheduler")
MAX_ID = 80
_PATCHED = ("state", "metadata", "settings", "requirements")
_POSTED = ("name", *_PATCHED, *fields.FUNCTIONS)
# The field of a stored job with the fingerprint of its idempotency key and body.
FINGERPRINT = "posted_as"


class Jobs:
    def __init__(self, store: Store, sandbox: Sandbox, keys: Keys, flows: Flows) -> None:
        self._store, self._sandbox, self._keys, self._flows = store, sandbox, keys, flows

    def get(self, job_id: str) -> Document:
        return self._store.jobs.get(job_id)

    def exists(self, job_id: str) -> bool:
        try:
            return bool(self.get(job_id))
        except (InvalidId, NotFound):
            return False

    def post(self, posted: Any, caller: Caller, key: str | None = None) -> Document:
        """Stores a new job and returns its document; the same idempotency `key` stores one job.

        Raises Invalid, NameTaken, UnknownKey, SandboxBusy.
        """
        self._keys.require_poster(caller)
        document = self._checked(fields.require_object("the body", posted), caller)
        # The digest alone: whoever reads the files must not get a key.
        document["key"] = caller.key_id
        if caller.key_id is None:
            document["poster"] = caller.prefix
        if key is not None:
            document[FINGERPRINT] = hashlib.sha256(f"{key}/{canonical(posted)}".encode()).hexdigest()
        try:
            self._store.jobs.create(document["id"], document)
        except AlreadyExists as ex:
            return self._posted_before(document, ex)
        return document

    def _posted_before(self, document: Document, ex: AlreadyExists) -> Document:
        """The stored job, if it was posted with the same idempotency key: a request repeated after a lost response."""
        present = self._store.jobs.get(document["id"])
        if FINGERPRINT in document and all(
            present.get(name) == document.get(name) for name in (FINGERPRINT, "key", "poster")
        ):
            return present
        raise NameTaken(document["id"]) from ex

    def _checked(self, posted: Document, caller: Caller) -> Document:
        fields.refuse_reserved(posted)
        fields.refuse_unknown(posted, _POSTED)
        name = _name(posted)
        document = {
            "id": job_id_of(name),
            # Distinguishes a job from a later one of the same name, in tokens and flows.
            "uid": secrets.token_hex(8),
            "name": name,
            "created": self._store.clock.now_text(),
            "state": fields.state(posted.get("state", "open")),
            "metadata": fields.metadata(posted.get("metadata", {}), name),
            "settings": fields.settings(posted.get("settings", {})),
            "requirements": fields.requirements(posted.get("requirements", {})),
        }
        return document | self._compiled(posted, caller)

    def _compiled(self, posted: Document, caller: Caller) -> Document:
        if "execute_function" not in posted:
            raise Invalid("execute_function", "is missing")
        functions = {
            name: fields.require_text(name, posted[name], 1 << 20) for name in fields.FUNCTIONS if name in posted
        }
        for name, source in functions.items():
            require_function(self._sandbox, name, source, caller.share)
        return functions

    def patch(
        self,
        job_id: str,
        patch: Any,
        caller: Caller,
        is_expected: Callable[[Document], bool] = lambda _: True,
    ) -> Document:
        """Changes state, metadata, settings and requirements by a merge patch (RFC 7396), under a lock.

        Raises Changed if `is_expected` returns False for the stored job: it was changed since the caller read it.
        """
        self._keys.require_owner(caller, self._store.jobs.get(job_id))
        given = fields.require_object("the body", patch)
        fields.refuse_reserved(given)
        for name in given:
            # Results depend on the functions: changed ones would make a job inconsistent.
            if name in _POSTED and name not in _PATCHED:
                raise Invalid(name, "can't be changed: post another job")
        fields.refuse_unknown(given, _PATCHED)

        # Checked under the lock of `update`: two requests with the same If-Match must not both succeed.
        def change(document: Document) -> Document:
            if not is_expected(document):
                raise Changed("If-Match: the job has been changed since it was read")
            return _patched(document, given)

        changed = self._store.jobs.update(job_id, change)
        # A job that its failures paused gets another chance, with its failures counted anew.
        if "state" in given:
            self._store.counts.resumed(job_id)
        return changed

    def delete(self, job_id: str, caller: Caller) -> None:
        self._keys.require_owner(caller, self._store.jobs.get(job_id))
        # Read before the references are deleted with the job: these flows fail now.
        flow_ids = self._store.flows.references(UsedJob(job_id))
        self._store.jobs.delete(job_id)
        self._flows.on_job_deleted(flow_ids)

    def page(self, cursor: str | None, limit: int) -> Page:
        """Jobs sorted by id; the cursor is the last id of the previous page."""
        if cursor is not None and not (cursor.isascii() and len(cursor) <= ids.MAX_LENGTH):
            raise InvalidCursor(cursor)
        wanted = [job_id for job_id in self._store.jobs.ids() if cursor is None or job_id > cursor]
        return Page(list(self._store.jobs.get_many(wanted[:limit])), wanted[limit - 1] if len(wanted) > limit else None)


def job_id_of(name: str) -> str:
    """The slug of a job's name. Raises Invalid if it is empty or reserved."""
    job_id = slugify(name, max_length=MAX_ID)
    if not job_id:
        raise Invalid("name", "needs at least one letter or digit")
    if job_id in RESERVED_IDS:
        raise Invalid("name", f"{job_id!r} is reserved")
    return job_id


def _name(posted: Document) -> str:
    """The name is a field of the job or, as in a served job, of its metadata."""
    given = posted.get("metadata")
    inner = given.get("name") if isinstance(given, dict) else None
    if "name" not in posted and inner is None:
        raise Invalid("name", "is missing")
    return fields.require_text("name", posted.get("name", inner), fields.MAX_NAME)


def _patched(document: Document, patch: Document) -> Document:
    changed = dict(document)
    if "state" in patch:
        changed["state"] = fields.state("open" if patch["state"] is None else patch["state"])
        # The reason belongs to the former state.
        changed.pop("paused", None)
    if "metadata" in patch:
        changed["metadata"] = fields.metadata(_merged_object(document, patch, "metadata"), document["name"])
    if "settings" in patch:
        changed["settings"] = fields.settings(_merged_object(document, patch, "settings"))
    if "requirements" in patch:
        changed["requirements"] = fields.requirements(_merged_object(document, patch, "requirements"))
    return changed


def _merged_object(document: Document, patch: Document, field: str) -> Any:
    return {} if patch[field] is None else _merged(document.get(field), patch[field])


def _merged(target: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merged(merged.get(name), value)
    return merged
