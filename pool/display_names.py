"""Names that volunteers and teams are shown under: which characters they may have, and which look alike.

Two names look alike if their *skeletons* are equal (after UTS 39): without case, accents, spaces and punctuation, and
with one letter for those of Latin, Cyrillic and Greek that the eye takes for each other.
"""

from __future__ import annotations

import functools
import re
import unicodedata

from pool.errors import Invalid

MAX_LENGTH = 30
# Of a letter: more of them pile up over the lines above and below.
MAX_MARKS = 2
_PUNCTUATION = frozenset(" -_.'\u2019&+!")
_ALPHABETS = ("LATIN", "CYRILLIC", "GREEK")
# Small letters: the capitals fold to them. Of those that look like a capital only, too.
_ALIKE = str.maketrans(
    {
        **dict(zip("аеорсухіјѕһԁԛԝвкмнтгьп", "aeopcyxijshdqwbkmhtrbn", strict=True)),
        **dict(zip("αβγεζηικμνορτυχω", "abyezhikmvoptuxw", strict=True)),
        **dict(zip("\u04cf\u0475", "lv", strict=True)),
        **dict(zip("01i58\u0131łøđæ", "ollsbllod" + "a", strict=True)),
        # Small capitals of phonetics, and letters that differ by a stroke of the pen.
        **dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghljklmnoprstuvwyz", strict=True)),
        **dict(zip("\u0251\u0261\u0269\u01c0\u01c3", "aglll", strict=True)),
    }
)
_NOT_SHOWN = re.compile(r"[\W_]")
# Letters to Unicode, blanks to the eye: the fillers of Hangul.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0")
RESERVED = ("admin", "administrator", "anonymous", "comp pool", "moderator", "operator", "root", "system")


def checked(text: object, field: str) -> str:
    """A name as it is stored: NFC, with single spaces. Raises Invalid."""
    if not isinstance(text, str):
        raise Invalid(field, "must be text")
    # Before it is normalised, which takes longer.
    if len(text) > 4 * MAX_LENGTH:
        raise Invalid(field, f"must have at most {MAX_LENGTH} characters")
    name = " ".join(unicodedata.normalize("NFC", text).split(" ")).strip()
    if not 0 < len(name) <= MAX_LENGTH:
        raise Invalid(field, f"must have 1 to {MAX_LENGTH} characters")
    _require_characters(name, field)
    name = re.sub(" +", " ", name)
    if not skeleton(name):
        raise Invalid(field, "must have a letter or a digit")
    if skeleton(name) in _RESERVED:
        raise Invalid(field, "is one of those that nobody may have")
    return name


def _require_characters(name: str, field: str) -> None:
    marks = 0
    for character in name:
        kind = unicodedata.category(character)[0]
        marks = marks + 1 if kind == "M" else 0
        if marks > MAX_MARKS:
            raise Invalid(field, f"must have at most {MAX_MARKS} combining marks in a row")
        # Not among them: control characters, those that turn the direction of text, invisible ones.
        if character in _BLANK or (kind not in "LMN" and character not in _PUNCTUATION):
            raise Invalid(field, "may have letters, digits, spaces and - _ . ' & + ! only")
    if len(_alphabets(name)) > 1:
        raise Invalid(field, "must not mix letters of the Latin, Cyrillic and Greek alphabets")


def _alphabets(name: str) -> set[str]:
    first_words = {unicodedata.name(character, "").partition(" ")[0] for character in name if character.isalpha()}
    return first_words.intersection(_ALPHABETS)


@functools.lru_cache(maxsize=1024)  # Of one name several times in a row, where 20,000 are read again.
def skeleton(name: str) -> str:
    """What two names that look alike have in common."""
    alike = _NOT_SHOWN.sub("", _plain(name.casefold()).translate(_ALIKE))
    return alike.replace("rn", "m").replace("vv", "w")


def _plain(folded: str) -> str:
    """Without accents."""
    if folded.isascii():
        return folded
    letters = unicodedata.normalize("NFKD", folded).casefold()
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


_RESERVED = frozenset(map(skeleton, RESERVED))
