"""The tokens of a JavaScript source, each with the position of the bracket that belongs to it.

Like all of the process's side this imports nothing of the pool.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_SKIPPED = re.compile(r"(?:\s|//[^\n\r\u2028\u2029]*|/\*.*?\*/)+", re.DOTALL)
_TOKEN = re.compile(
    r"""
      (?P<name> [A-Za-z_$][\w$]* )
    | (?P<number> \.?\d[\w.]* )
    | (?P<text> "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*' )
    | (?P<sign> => | [=!]==? | \.\.\. | \?\.(?!\d) | >>>=? | (?:\*\*|<<|>>|&&|\|\||\?\?)=? | \+\+ | -- | [-+*/%&|^<>]=?
              | [=(){}\[\];,:?~!.] )
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_EXPRESSION = re.compile(r"/(?![*/])(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
_TEMPLATE = re.compile(r"(?:[^`\\$]|\\.|\$(?!\{))*", re.DOTALL)
_CLOSING = {"(": ")", "[": "]", "{": "}", "${": "}"}
# A slash behind one of these begins a regular expression, and so does one behind most signs.
_BEFORE_EXPRESSION = {"return", "typeof", "case", "in", "of", "else", "do", "void", "throw", "new"}


# To read more takes longer than a few calls save.
_MAX_SOURCE = 20_000
_WORD = re.compile(r"""["'`}]?[\w$]*["'`]?""", re.ASCII)


class Unknown(Exception):
    """The source is none that these rules can read, or too long."""


class Token(NamedTuple):
    """`kind` is name, number, text (which a template's parts and regular expressions are too) or sign."""

    kind: str
    text: str


def tokens_of(source: str) -> list[Token]:
    """Raises Unknown. An expression in a template stands between the signs `${` and `}`."""
    if len(source) > _MAX_SOURCE:
        raise Unknown
    found: list[Token] = []
    opened: list[str] = []
    position = 0
    while True:
        skipped = _SKIPPED.match(source, position)
        position = skipped.end() if skipped else position
        if position == len(source):
            break
        if source[position] == "`" or (source[position] == "}" and opened[-1:] == ["${"]):
            position = _template_part(source, position, found, opened)
            continue
        match = _next(source, position, found)
        found.append(Token(match.lastgroup or "text", match[0]))
        if match.lastgroup == "sign":
            _track(match[0], opened)
        position = match.end()
    if opened:
        raise Unknown
    return found


def _next(source: str, position: int, found: list[Token]) -> re.Match[str]:
    match = None
    if source[position] == "/" and _may_begin_expression(found):
        match = _EXPRESSION.match(source, position)
    match = match or _TOKEN.match(source, position)
    if match is None:
        raise Unknown
    return match


def _may_begin_expression(found: list[Token]) -> bool:
    if not found:
        return True
    kind, text = found[-1]
    if kind == "sign" and text == "}":
        # Behind a block a regular expression, behind an object a division.
        raise Unknown
    return text in _BEFORE_EXPRESSION if kind == "name" else kind == "sign" and text not in {")", "]", "++", "--"}


def _track(sign: str, opened: list[str]) -> None:
    if sign in _CLOSING:
        opened.append(sign)
    elif sign in _CLOSING.values() and (not opened or _CLOSING[opened.pop()] != sign):
        raise Unknown


def _template_part(source: str, position: int, found: list[Token], opened: list[str]) -> int:
    """Reads from the beginning of a template, or from the end of an expression in it, to the next one or the end."""
    if source[position] == "}":
        opened.pop()
        found.append(Token("sign", "}"))
    match = _TEMPLATE.match(source, position + 1)
    end = match.end() if match else position + 1
    found.append(Token("text", source[position:end]))
    if source.startswith("${", end):
        opened.append("${")
        found.append(Token("sign", "${"))
        return end + 2
    if end == len(source):
        raise Unknown
    return end + 1


def partners_of(tokens: list[Token]) -> dict[int, int]:
    """The position of the other bracket of each pair."""
    partners: dict[int, int] = {}
    opened: list[int] = []
    for position, (kind, text) in enumerate(tokens):
        if kind != "sign":
            continue
        if text in _CLOSING:
            opened.append(position)
        elif text in _CLOSING.values():
            begin = opened.pop()
            partners[begin], partners[position] = position, begin
    return partners


def code_of(tokens: list[Token]) -> str:
    """The source without its comments, and without texts that are no names."""
    return " ".join(text if kind != "text" or _is_name(text) else text[0] for kind, text in tokens)


def _is_name(text: str) -> bool:
    """Whether a text may be the name of a member; a regular expression counts as one."""
    return text[0] == "/" or _WORD.fullmatch(text) is not None
