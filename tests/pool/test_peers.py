"""Who sends a request: the address behind trusted proxies, and its prefix."""

from __future__ import annotations

import logging

import pytest

from pool.peers import InvalidNetworks, Networks, Peer, Peers, parse


def peers(proxies: str = "", trusted: str = "") -> Peers:
    return Peers(lambda: "secret", Networks(proxies), Networks(trusted))


def prefix(address: str) -> str:
    return peers().of(address, []).prefix


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        (" 192.0.2.1 ", "192.0.2.1"),
        ("192.0.2.1:5000", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]:5000", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("unknown", None),
        ("", None),
        ("192.0.2.1, 192.0.2.2", None),
    ],
)
def test_an_address_is_read(text: str, address: str | None) -> None:
    found = parse(text)
    assert (found and str(found)) == address


@pytest.mark.parametrize(
    ("proxies", "remote", "forwarded", "address"),
    [
        ("", "192.0.2.1", [], "192.0.2.1"),
        # Without a proxy the header is the client's own word.
        ("", "192.0.2.1", ["198.51.100.7"], "192.0.2.1"),
        ("", "127.0.0.1", ["198.51.100.7"], "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("127.0.0.1", "127.0.0.1", [], "127.0.0.1"),
        # What stands before the last address that is no proxy was sent by the client.
        ("127.0.0.1", "127.0.0.1", ["203.0.113.9", "198.51.100.7"], "198.51.100.7"),
        ("127.0.0.1, 10.0.0.0/8", "127.0.0.1", ["203.0.113.9", "198.51.100.7", "10.1.2.3"], "198.51.100.7"),
        ("10.0.0.0/8", "192.0.2.1", ["198.51.100.7"], "192.0.2.1"),
        ("unix", "", ["198.51.100.7"], "198.51.100.7"),
        ("unix", "", ["203.0.113.9", "nonsense"], None),
        ("::1", "::1", ["2001:db8::1"], "2001:db8::1"),
    ],
)
def test_the_address_is_the_one_that_a_trusted_proxy_names(
    proxies: str, remote: str, forwarded: list[str], address: str | None
) -> None:
    found = peers(proxies).of(remote, forwarded).address
    assert (found and str(found)) == address


def test_a_local_proxy_that_no_setting_names_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    known = peers()
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            known.of("127.0.0.1", ["198.51.100.7"])
    assert [record.message.count("COMP_POOL_PROXIES") for record in caplog.records] == [1]


def test_a_prefix_is_an_ipv4_address_or_an_ipv6_64() -> None:
    assert prefix("192.0.2.1") != prefix("192.0.2.2")
    assert prefix("2001:db8:0:1::1") == prefix("2001:db8:0:1:ffff::2") != prefix("2001:db8:0:2::1")


def test_prefixes_of_one_ipv6_48_begin_alike() -> None:
    assert prefix("2001:db8:0:1::1")[:6] == prefix("2001:db8:0:2::1")[:6] != prefix("2001:db8:1:1::1")[:6]


def test_a_prefix_does_not_reveal_the_address_without_the_secret() -> None:
    other = Peers(lambda: "another secret", Networks(), Networks())
    assert prefix("192.0.2.1") != other.of("192.0.2.1", []).prefix


def test_a_trusted_network_is_recognised() -> None:
    known = peers(trusted="::ffff:192.0.2.0/120, 2001:db8::/32")
    assert [known.of(address, []).is_trusted for address in ("192.0.2.9", "2001:db8::1", "198.51.100.7", "")] == [
        True,
        True,
        False,
        False,
    ]


def test_an_invalid_network_is_an_error() -> None:
    with pytest.raises(InvalidNetworks, match=r"192\.0\.2\.1/24"):
        Networks("192.0.2.1/24")


def test_a_peer_is_anonymous_by_default() -> None:
    assert Peer() == Peer("", "", is_trusted=False)
