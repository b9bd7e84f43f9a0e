"""Errors of a pool as a user of the command line reads them: what happened, and what to do."""

import difflib
from collections.abc import Iterable

from comp_pool.client import Client
from comp_pool.display import printable
from comp_pool.errors import REQUEST_ERRORS, BadCertificate, Blocked, MissingLink, PoolError, Unreachable

# Of jobs that are compared with a name that is unknown.
MAX_NAMES = 2000


def describe(ex: Exception, url: str) -> str:
    """Return the text of an error of a request to the pool at `url`, with the remedy."""
    if isinstance(ex, BadCertificate):
        return str(ex)
    if isinstance(ex, Unreachable):
        return (
            f"no pool responds at {url} ({printable(str(ex))}). Start one: comp-pool serve. "
            "Or name one: --pool URL, COMP_POOL_URL, or comp-pool login URL"
        )
    if isinstance(ex, MissingLink):
        return f"the pool at {url} is older than this command ({ex}): update it"
    text = printable(str(ex))
    return f"{text}{_remedy(ex, url)}" if isinstance(ex, PoolError) else text


def _remedy(ex: PoolError, url: str) -> str:
    if ex.status == 401:
        return f". Give the pool's key: comp-pool login {url}, COMP_POOL_KEY, or --key"
    if ex.status == 403 and not isinstance(ex, Blocked):
        return ". Use the key with which it was posted, or the operator's: --key, or COMP_POOL_KEY"
    return ""


def unknown_job(client: Client, job_id: str) -> str:
    """Return the text of the error that there is no such job, with the names that are most like it."""
    names = list(_names(client))
    near = difflib.get_close_matches(job_id, names, n=3, cutoff=0.5) or [name for name in names if job_id in name][:3]
    hint = f" Is it {' or '.join(near)}?" if near else " comp-pool jobs lists them."
    return f"the pool has no job {job_id!r}.{hint}"


def _names(client: Client) -> Iterable[str]:
    names = []
    try:
        for job in client.jobs():
            names.append(str(job.content.get("id", "")))
            if len(names) >= MAX_NAMES:
                break
    except REQUEST_ERRORS:
        pass
    return names
