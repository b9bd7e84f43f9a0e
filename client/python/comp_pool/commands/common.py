"""What the commands of an owner have in common: the pool and its key, errors as one line, exit statuses."""

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import unquote, urldefrag, urlsplit

from comp_pool.configuration import Configuration, InvalidConfiguration
from comp_pool.display import printable
from comp_pool.errors import REQUEST_ERRORS, PoolError
from comp_pool.links import Document
from comp_pool.mapping.lines import InvalidInput
from comp_pool.mapping.source import InvalidFile
from comp_pool.owner import Owner
from comp_pool.remedies import describe, unknown_job
from comp_pool.retry_policy import Retries

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

INTERRUPTED, BROKEN_PIPE = 130, 141
QUICK = Retries(attempts=3)


class UsageError(Exception):
    """A command that makes no sense; the message says what to do."""


@dataclass
class Session:
    """The pool of a command. The client is made at its first use."""

    url: str
    key: str | None
    configuration: Configuration
    _clients: list[Owner] = field(default_factory=list)

    @property
    def client(self) -> Owner:
        """The pool."""
        if not self._clients:
            self._clients.append(Owner(self.url, key=self.key, retries=QUICK))
        return self._clients[-1]

    def job(self, name: str) -> Document:
        """Return a job, by its id or its address; raise UsageError without it.

        A job that was posted without a key is managed by its own key from now on.
        """
        job_id = id_in(name)
        try:
            job = self.client.job(job_id)
        except PoolError as ex:
            if ex.status == 404:
                raise UsageError(unknown_job(self.client, job_id)) from ex
            raise
        own_key = self.configuration.keys.get(job.link("self"))
        if own_key is not None and own_key != self.key:
            self.key = own_key
            self._clients.append(Owner(self.url, key=own_key, retries=QUICK))
            job = self.client.job(job_id)
        return job

    def post_job(self, job: dict[str, object]) -> Document:
        """Post a job; keep the key that an open pool gives to a poster without one."""
        posted = self.client.post_job(job)
        key = posted.content.get("key")
        if isinstance(key, str):
            self.configuration.keys[posted.link("self")] = key
            self.configuration.write()
        review = posted.content.get("review")
        if isinstance(review, str):
            complain(review)
        return posted

    def close(self) -> None:
        """Close the connections."""
        for client in self._clients:
            client.close()


Command: TypeAlias = Callable[[argparse.Namespace, Session], int]


def id_in(name: str) -> str:
    """Return the id in the address of a job or flow, or the id itself."""
    address = urldefrag(name)[0]
    return unquote(urlsplit(address).path.rstrip("/").rpartition("/")[2]) if "/" in address else address


def add_command(
    subparsers: Subparsers, name: str, command: Command, summary: str, examples: str, *, failure: int = 1
) -> argparse.ArgumentParser:
    """Add a command with the options that all have; `failure` is its exit status after an error."""
    parser = subparsers.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--pool", metavar="URL", help="the pool (default: COMP_POOL_URL, comp-pool login, this computer)"
    )
    parser.add_argument("--key", metavar="KEY", help="the key (default: COMP_POOL_KEY, comp-pool login)")
    parser.set_defaults(run=lambda args: guarded(command, args, failure))
    return parser


def guarded(command: Command, args: argparse.Namespace, failure: int) -> int:
    """Run a command; show an error as one line, and return the exit status."""
    try:
        with open_session(args) as session, _explained(session):
            return command(args, session)
    except (UsageError, InvalidConfiguration, InvalidFile, InvalidInput) as ex:
        complain(str(ex))
    except BrokenPipeError:
        return end_of_pipe()
    except OSError as ex:
        complain(f"{ex.filename}: {ex.strerror}" if isinstance(ex.filename, str) else str(ex))
    except KeyboardInterrupt:
        return INTERRUPTED
    return failure


@contextlib.contextmanager
def open_session(args: argparse.Namespace) -> Iterator[Session]:
    """Open the session of the options, the environment and the configuration."""
    configuration = Configuration.read()
    url = configuration.url(args.pool)
    session = Session(url, configuration.key(url, args.key), configuration)
    try:
        yield session
    finally:
        session.close()


@contextlib.contextmanager
def _explained(session: Session) -> Iterator[None]:
    try:
        yield
    except REQUEST_ERRORS as ex:
        raise UsageError(describe(ex, session.url)) from ex
    except ValueError as ex:
        raise UsageError(str(ex)) from ex


def end_of_pipe() -> int:
    """Return the status of a command whose output nobody reads any more."""
    # Python writes what is left when it ends, and would complain.
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return BROKEN_PIPE


def complain(text: str) -> None:
    """Write a line to standard error."""
    # What a pool sends could control the terminal.
    shown = "".join(character if character.isprintable() else " " for character in text)
    sys.stderr.write(f"comp-pool: {shown[:2000]}\n")


def say(text: str) -> None:
    """Write a line to standard output."""
    sys.stdout.write(f"{printable(text)}\n")


def count(text: str) -> int:
    """Return an option that is a whole number, 1 or more."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def seconds(text: str) -> float:
    """Return an option in seconds, more than 0."""
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError("must be more than 0")
    return number
