"""Display names: which are permitted, how they are stored, and which look alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pool.display_names import MAX_LENGTH, checked, skeleton
from pool.errors import Invalid


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Anna", "Anna"),
        ("  Anna   Müller ", "Anna Müller"),
        ("A\u030a", "\u00c5"),
        ("O\u2019Neill & Co. +1!", "O\u2019Neill & Co. +1!"),
        ("Дмитрий", "Дмитрий"),
        ("日本語", "日本語"),
        ("हिन्दी", "हिन्दी"),
        ("x" * MAX_LENGTH, "x" * MAX_LENGTH),
    ],
)
def test_letters_of_any_script_are_permitted(text: str, name: str) -> None:
    assert checked(text, "name") == name


@pytest.mark.parametrize(
    "text",
    [
        *("", "   ", "...", "x" * (MAX_LENGTH + 1), "x" * 10**6),
        *("a\u202eb", "a\u2066b", "a\u200fb", "a\u200bb", "a\u0000b", "a\nb", "a\u2028b", "\ufeffa", "a\u00adb"),
        *("<b>", "a/b", "http://x", "a@b.example", "a\ud800", "a\ue000b", "\U0001f600", "a\u00a0b"),
        "b\u0300\u0301\u0302",
        # Letters that nobody sees.
        *("\u3164", "Admin\u3164", "a\uffa0", "\u115fa", "a\u1160"),
        # Latin with one letter that is Cyrillic, and with one that is Greek.
        *("P\u0430ypal", "P\u03bftter"),
        *("Admin", "0perator", "\u0410dm\u0456n", "comp-pool"),
    ],
)
def test_other_names_are_refused(text: str) -> None:
    with pytest.raises(Invalid):
        checked(text, "name")


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Anna", "ANNA"),
        ("Anna", "\u00c4nna"),
        ("Anna 1", "annal"),
        ("Bill", "B1ll"),
        ("Oscar", "0scar"),
        ("modern", "modem"),
        ("Straße", "strasse"),
        ("\uff21\uff22\uff23", "abc"),
        ("\u0420\u043e\u0441\u0435", "Poce"),
        ("A.B-C_d", "abcd"),
        ("ᴀᴅᴍɪɴ", "admin"),
        ("\u0261\u0251\u01c0\u0251", "Gala"),
    ],
)
def test_names_that_look_alike_have_one_skeleton(name: str, other: str) -> None:
    assert skeleton(name) == skeleton(other)


@pytest.mark.parametrize(("name", "other"), [("Anna", "Anne"), ("Team 2", "Team 3"), ("Jan", "Jana"), ("日本", "日木")])
def test_other_names_have_not(name: str, other: str) -> None:
    assert skeleton(name) != skeleton(other)


@given(st.text())
def test_whatever_is_permitted_stays_as_it_is_and_is_harmless(text: str) -> None:
    try:
        name = checked(text, "name")
    except Invalid:
        return
    assert checked(name, "name") == name
    assert name.isprintable()
    assert not set(name) & set('<>"/@:;\\')
