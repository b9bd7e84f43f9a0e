"""What a web page may make a visitor's browser do: it reads the pool like anybody, and changes it only by CORS.

Without these rules a page could post jobs and lease variables by forms, images and links, at a pool that only the
visitor can reach; and by a host name of its own that leads to the visitor's machine (DNS rebinding) it could read the
responses as well. Clients that are no browsers send none of these headers.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator

import falcon

from pool.peers import Peers, parse
from resources.errors import Problem


def is_from_browser(req: falcon.Request) -> bool:
    return req.get_header("Origin") is not None or req.get_header("Sec-Fetch-Site") is not None


def refuse_tricked_lease(req: falcon.Request) -> None:
    """Raises Problem for a lease that no code of a volunteer requests: an image, a script, a link of another site."""
    mode, site = req.get_header("Sec-Fetch-Mode"), req.get_header("Sec-Fetch-Site")
    if mode == "no-cors" or (mode == "navigate" and site == "cross-site"):
        raise Problem(403, "forbidden", f"Sec-Fetch-Mode: {mode} of another page leases no variable: use fetch")


class Hosts:
    """The names of the pool that are accepted in the header Host.

    They are checked where the pool listens on a loopback or private address: what it serves there is for a machine or
    a local network, which a page of elsewhere reaches only by a host name of its own.
    """

    def __init__(self, names: str, bind: str, peers: Peers) -> None:
        given = (name.strip().lower() for name in names.split(","))
        machine = socket.gethostname().lower()
        self._names = {"", "localhost", machine, machine.partition(".")[0], *given}
        self._listens_privately, self._peers = any(_is_private(address) for address in bind.split(",")), peers

    def require_known(self, req: falcon.Request) -> None:
        """Raises Problem."""
        name = req.get_header("Host")
        if not self.is_accepted(name, req.env.get("REMOTE_ADDR", "")):
            raise Problem(421, "host", f"Host: {str(name)[:100]!r} is no name of this pool, {_REMEDY}")

    def is_accepted(self, host: str | None, remote: str) -> bool:
        """Whether a connection from `remote` may name this host. What a trusted proxy passes on is its own affair."""
        return not self._listens_privately or self._is_known(_name_of(host or "")) or self._peers.is_proxy(remote)

    def _is_known(self, name: str) -> bool:
        return name in self._names or name.endswith((".local", ".localhost")) or parse(name) is not None


_REMEDY = (
    "which listens on a loopback or private address: name it in COMP_POOL_HOSTS, or the proxy before the pool in"
    " COMP_POOL_PROXIES"
)


def _name_of(host: str) -> str:
    """The header without its port; an IPv6 address keeps its brackets."""
    name = host.strip().lower()
    return name if name.endswith("]") else name.rpartition(":")[0].rstrip(".") if ":" in name else name.rstrip(".")


def _is_private(bound: str) -> bool:
    return any(address.is_private and not address.is_unspecified for address in _addresses(bound))


def _addresses(bound: str) -> Iterator[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """The address in `address:port`; none for a Unix socket."""
    name = bound.strip().removeprefix("tcp://")
    address = parse("127.0.0.1" if name.partition(":")[0].lower() == "localhost" else name)
    if address is not None:
        yield address
