"""Jobs: a posted job is checked and compiled as a whole before anything is stored."""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from slugify import slugify

from pool import fields
from pool.errors import Changed, Conflict, Forbidden, Invalid, NameTaken, QuotaReached
from pool.flows import Flows
from pool.job_index import JobIndex
from pool.keys import Caller, Keys
from pool.posters import Posters
from pool.replacements import Replacements
from pool.sandbox import Sandbox
from pool.trust.policy import policy_of
from pool.validation import require_client_function, require_function
from storage import ids
from storage.base import Document, Page, Store, canonical
from storage.errors import AlreadyExists, InvalidCursor, NotFound
from storage.flow_store import UsedJob

RESERVED_IDS = ("index", "scheduled", "scheduler")
MAX_ID = 80
# No result depends on `render`.
_PATCHED = ("state", "metadata", "settings", "requirements", "render")
_POSTED = ("name", "replaces", *_PATCHED, *(name for name in fields.FUNCTIONS if name not in _PATCHED))
# The field of a stored job with the fingerprint of its idempotency key and body.
FINGERPRINT = "posted_as"
log = logging.getLogger("comp-pool")


class Jobs:
    """With `needs_review`, the operator must agree to what strangers post before it is served."""

    def __init__(
        self,
        store: Store,
        sandbox: Sandbox,
        keys: Keys,
        flows: Flows,
        posters: Posters,
        index: JobIndex,
        replacements: Replacements,
        needs_review: bool = False,
    ) -> None:
        self._store, self._sandbox, self._keys, self._flows = store, sandbox, keys, flows
        self._posters, self._index, self._needs_review = posters, index, needs_review
        self._replacements = replacements

    def get(self, job_id: str) -> Document:
        return self._store.jobs.get(job_id)

    def post(self, posted: Any, caller: Caller, key: str | None = None) -> Document:
        """Stores a new job and returns its document; the same idempotency `key` stores one job.

        One that `replaces` another gets its unfinished variables. Raises Invalid, NameTaken, UnknownKey, Forbidden,
        Conflict, QuotaReached, SandboxBusy.
        """
        self._keys.require_poster(caller)
        document = self.checked(fields.require_object("the body", posted), caller)
        # The digest alone: whoever reads the files must not get a key.
        document["key"] = caller.key_id
        document |= caller.facts
        if caller.is_stranger and self._needs_review:
            document["state"] = fields.REVIEW
        if key is not None:
            document[FINGERPRINT] = hashlib.sha256(f"{key}/{canonical(posted)}".encode()).hexdigest()
        if "replaces" in posted:
            return self._post_replacing(document, posted["replaces"], caller)
        return self._store_once(document, caller)

    def _post_replacing(self, document: Document, name: Any, caller: Caller) -> Document:
        document |= self._replacements.fields_for(name, document["requirements"], caller)
        known = self._same(document)
        if known is None:
            self._replacements.require_replaceable(document)
        stored = known or self._store_once(document, caller)
        try:
            self._replacements.start(stored)
        except Conflict:
            self._delete(stored)
            raise
        return stored

    def _store_once(self, document: Document, caller: Caller) -> Document:
        try:
            self._posters.add_job(document, caller)
        except QuotaReached as ex:
            # A repeated request stores nothing.
            known = self._same(document)
            if known is None and not (ex.is_of_all and self._delete_stale_jobs()):
                raise
            return known or self._create(document, caller)
        except AlreadyExists:
            return self._same(document) or self._replace(document, caller)
        return document

    def _create(self, document: Document, caller: Caller) -> Document:
        try:
            self._posters.add_job(document, caller)
        except AlreadyExists as ex:
            raise NameTaken(document["id"]) from ex
        return document

    def _replace(self, document: Document, caller: Caller) -> Document:
        """Deletes the job that has the name of this new one, if it gives way. Raises NameTaken."""
        with suppress(NotFound):
            self._delete_if(document["id"], lambda present: self._posters.gives_way(present, caller))
        return self._create(document, caller)

    def _delete_stale_jobs(self) -> bool:
        """Returns whether there were any."""
        stale = self._posters.stale_jobs()
        for job in stale:
            with suppress(NotFound):
                self._delete_if(job["id"], lambda present: self._posters.gives_way(present, Caller()))
        return bool(stale)

    def _delete_if(self, job_id: str, is_expected: Callable[[Document], bool]) -> None:
        if self._delete(self._store.jobs.get(job_id), is_expected):
            log.warning("job %s, posted without a key and without recent results, gave way to another", job_id)

    def _same(self, document: Document) -> Document | None:
        """The stored job, if it was posted with the same idempotency key: a request repeated after a lost response."""
        try:
            present = self._store.jobs.get(document["id"])
        except NotFound:
            return None
        if FINGERPRINT in document and all(
            present.get(name) == document.get(name) for name in (FINGERPRINT, "key", "poster")
        ):
            return present
        return None

    def checked(self, posted: Document, caller: Caller) -> Document:
        """The document of a posted job, with defaults. Raises Invalid, SandboxBusy."""
        fields.refuse_reserved(posted)
        fields.refuse_unknown(posted, _POSTED)
        name = _name(posted)
        document: Document = {
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
        document |= self._compiled(posted, document["requirements"], caller)
        require_validator(document)
        return document

    def _compiled(self, posted: Document, requirements: Document, caller: Caller) -> Document:
        if "execute_function" not in posted:
            raise Invalid("execute_function", "is missing")
        functions = {name: fields.function(name, posted[name]) for name in fields.FUNCTIONS if name in posted}
        self._require_client_functions(functions, requirements, caller)
        for name, source in functions.items():
            if name not in fields.CLIENT_FUNCTIONS:
                require_function(self._sandbox, name, source, caller.share)
        return {**functions, "digest": digest_of(functions["execute_function"])}

    def _require_client_functions(self, functions: Document, requirements: Document, caller: Caller) -> None:
        for name in fields.CLIENT_FUNCTIONS:
            if name in functions:
                require_client_function(self._sandbox, name, functions[name], requirements, caller.share)

    def patch(
        self,
        job_id: str,
        patch: Any,
        caller: Caller,
        is_expected: Callable[[Document], bool] = lambda _: True,
    ) -> Document:
        """Changes state, metadata, settings, requirements and `render` by a merge patch (RFC 7396), under a lock.

        Raises Changed if `is_expected` returns False for the stored job: it was changed since the caller read it.
        """
        present = self._store.jobs.get(job_id)
        self._keys.require_owner(caller, present)
        given = fields.require_object("the body", patch)
        fields.refuse_reserved(given)
        for name in given:
            # Results depend on the functions: changed ones would make a job inconsistent.
            if name in _POSTED and name not in _PATCHED:
                raise Invalid(name, "can't be changed: post another job")
        fields.refuse_unknown(given, _PATCHED)
        if "requirements" in given or "render" in given:
            self._require_compilable(_patched(present, given), caller)

        # Checked under the lock of `update`: two requests with the same If-Match must not both succeed.
        def change(document: Document) -> Document:
            if not is_expected(document):
                raise Changed("If-Match: the job has been changed since it was read")
            if "state" in given and "replaced_by" in document:
                raise Conflict(f"job {job_id!r} was replaced by {document['replaced_by']['id']!r}: it stays paused")
            if "state" in given and document["state"] == fields.REVIEW and not caller.is_operator:
                raise Forbidden(f"job {job_id!r} is in review: only the operator changes its state")
            return _patched(document, given)

        changed = self._store.jobs.update(job_id, change)
        # A job that its failures paused gets another chance, with its failures counted anew.
        if "state" in given:
            self._store.counts.resumed(job_id)
        return changed

    def _require_compilable(self, changed: Document, caller: Caller) -> None:
        """Without its requirement, a function that only browsers can parse would fail at others."""
        self._require_client_functions(changed, changed["requirements"], caller)

    def approve(self, job_id: str) -> Document:
        """Opens a job that is in review. Raises Conflict if it is not, NotFound."""

        def opened(document: Document) -> Document:
            if document["state"] != fields.REVIEW:
                raise Conflict(f"job {job_id!r} is not in review: it is {document['state']}")
            return {**document, "state": "open"}

        return self._store.jobs.update(job_id, opened)

    def delete(self, job_id: str, caller: Caller) -> None:
        job = self._store.jobs.get(job_id)
        self._keys.require_owner(caller, job)
        if not self._delete(job):
            raise NotFound("job", job_id)

    def _delete(self, job: Document, is_expected: Callable[[Document], bool] = lambda _: True) -> bool:
        """False if another job has its name by now, or it is not as expected."""

        def is_same(present: Document) -> bool:
            return present.get("uid") == job.get("uid") and is_expected(present)

        # Read before the references are deleted with the job: these flows fail now.
        flow_ids = self._store.flows.references(UsedJob(job["id"]))
        if not self._store.jobs.delete(job["id"], is_same):
            return False
        self._posters.remove_job(job)
        self._flows.on_job_deleted(flow_ids)
        return True

    def page(self, cursor: str | None, limit: int) -> Page:
        """Jobs sorted by id; the cursor is the last id of the previous page."""
        if cursor is not None and not (cursor.isascii() and len(cursor) <= ids.MAX_LENGTH):
            raise InvalidCursor(cursor)
        wanted = self._index.ids_after(cursor, limit + 1)
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
        changed["settings"] = fields.settings(_merged_settings(document, patch))
        require_validator(changed)
    if "render" in patch:
        changed.pop("render", None)
        if patch["render"] is not None:
            changed["render"] = fields.function("render", patch["render"])
    if "requirements" in patch:
        changed["requirements"] = fields.requirements(_merged_object(document, patch, "requirements"))
        # It follows from the variables that are stored.
        if fields.has_json_variables(document):
            changed["requirements"][fields.JSON_VARIABLES] = True
    return changed


def digest_of(source: str) -> str:
    """What volunteers pin: they compute this function, and no other under the same name."""
    return f"sha256:{hashlib.sha256(source.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _merged_settings(document: Document, patch: Document) -> Any:
    """As a whole `trust` is replaced: numbers of another policy would make it invalid."""
    merged = _merged_object(document, patch, "settings")
    given = patch["settings"]
    if isinstance(given, dict) and isinstance(given.get("trust"), dict) and isinstance(merged, dict):
        return {**merged, "trust": given["trust"]}
    return merged


def require_validator(job: Document) -> None:
    """Raises Invalid if the job's policy is a validator, and there is none."""
    if policy_of(job).name == "validator" and "validate_result" not in job:
        raise Invalid("settings.trust.policy", "validator needs the function validate_result")


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
