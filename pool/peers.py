"""Peers: who sends a request, by address prefix and volunteer name.

An address prefix is what one party controls without cost: an IPv4 address, or an IPv6 /64. The pool stores a keyed hash
of it and never the address itself: 12 hexadecimal digits, of which the first 6 are those of the IPv6 /48.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import ipaddress
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
WIDE_DIGITS, DIGITS = 6, 12
UNIX = "unix"
MAPPED_BITS = 96  # Of ::ffff:0:0/96, the IPv4 addresses in IPv6 form.
log = logging.getLogger("comp-pool")


class InvalidNetworks(ValueError):
    """A list of networks is invalid."""


class Networks:
    """Networks as text, separated by commas: ``192.0.2.0/24, 2001:db8::/32``; `unix` stands for a Unix socket."""

    def __init__(self, text: str = "") -> None:
        names = [name.strip() for name in text.split(",") if name.strip()]
        self.has_unix = UNIX in names
        try:
            self._networks = [network(name) for name in names if name != UNIX]
        except ValueError as ex:
            raise InvalidNetworks(str(ex)) from ex

    def __bool__(self) -> bool:
        return bool(self._networks) or self.has_unix

    def __contains__(self, address: Address | None) -> bool:
        if address is None:
            return self.has_unix
        return bool(self._networks) and any(address in network for network in self._networks)


@dataclass(frozen=True, slots=True)
class Peer:
    """The sender of a request. `volunteer` is a hash of its id, or empty; `is_trusted`: its ids count as parties."""

    prefix: str = ""
    volunteer: str = ""
    is_trusted: bool = False
    address: Address | None = None


class Peers:
    """`proxies` are the networks of trusted proxies, `trusted` those whose volunteers the operator knows."""

    def __init__(self, read_secret: Callable[[], str], proxies: Networks, trusted: Networks) -> None:
        self._read_secret, self._proxies, self._trusted = read_secret, proxies, trusted
        self._has_warned = False

    @functools.cached_property
    def _secret(self) -> bytes:
        return self._read_secret().encode()

    def of(self, remote: str, forwarded: Sequence[str], volunteer: str = "") -> Peer:
        """The peer behind a connection from `remote`. `forwarded` are the addresses of X-Forwarded-For, in order."""
        address = self._client_address(remote, forwarded)
        prefix, is_trusted = self._known(address)
        return Peer(prefix, volunteer, is_trusted, address)

    @functools.lru_cache(maxsize=4096)  # noqa: B019  # one instance per process
    def _known(self, address: Address | None) -> tuple[str, bool]:
        """The prefix of an address, and whether it is trusted."""
        return self._prefix(address), address is not None and address in self._trusted

    def is_proxy(self, remote: str) -> bool:
        """Whether a connection from `remote` is one of a trusted proxy."""
        return parse(remote) in self._proxies

    def _client_address(self, remote: str, forwarded: Sequence[str]) -> Address | None:
        """The last address that is no trusted proxy: everything before it is the client's own word."""
        address = parse(remote)
        if forwarded and not self._proxies:
            self._warn(address)
        if address in self._proxies:
            for text in reversed(forwarded):
                address = parse(text)
                if address is None or address not in self._proxies:
                    break
        return address

    def _warn(self, address: Address | None) -> None:
        """Logged once: a local proxy that the pool does not know makes one volunteer of all."""
        if not self._has_warned and (address is None or address.is_loopback):
            self._has_warned = True
            log.warning(
                "a local proxy forwards requests, and COMP_POOL_PROXIES does not name it: its volunteers count as one"
            )

    def _prefix(self, address: Address | None) -> str:
        if address is None or address.version == 4:
            return self._hash(str(address))[:DIGITS]
        wide, narrow = (self._hash(str(ipaddress.ip_network((address, bits), strict=False))) for bits in (48, 64))
        return wide[:WIDE_DIGITS] + narrow[: DIGITS - WIDE_DIGITS]

    def _hash(self, text: str) -> str:
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()


@functools.lru_cache(maxsize=4096)
def parse(text: str) -> Address | None:
    """An address, with or without port; an IPv4 address in IPv6 form is one of IPv4. None for any other text."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def network(text: str, strict: bool = True) -> Network:
    """A network; one of IPv4 in IPv6 form is one of IPv4, as its addresses are. Raises ValueError."""
    found = ipaddress.ip_network(text, strict)
    mapped = found.network_address.ipv4_mapped if isinstance(found, ipaddress.IPv6Network) else None
    is_mapped = mapped is not None and found.prefixlen >= MAPPED_BITS
    return ipaddress.ip_network(f"{mapped}/{found.prefixlen - MAPPED_BITS}") if is_mapped else found
