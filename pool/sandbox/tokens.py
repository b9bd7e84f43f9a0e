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
# Comments of old: `<!--`, and `-->` at the beginning of a line.
_HTML_COMMENT = re.compile(r"<!--|-->")
_TEMPLATE = re.compile(r"(?:[^`\\$]|\\.|\$(?!\{))*", re.DOTALL)
_CLOSING = {"(": ")", "[": "]", "{": "}", "${": "}"}
# A slash behind one of these begins a regular expression, and so does one behind most signs.
_BEFORE_EXPRESSION = {
    "await", "case", "delete", "do", "else", "in", "instanceof", "new", "return", "throw", "typeof", "void", "yield",
}  # fmt: skip
# Behind the parentheses of one of these too.
_CONTROL = {"for", "if", "while", "with"}

# To read more takes longer than a few calls save.
_MAX_SOURCE = 20_000
# Of brackets in brackets: rules that look at all around a token stay fast.
_MAX_DEPTH = 100
_WORD = re.compile(r"""["'`}]?[\w$]*["'`]?""", re.ASCII)


class Unknown(Exception):
    """The source is none that these rules can read, or too long."""


class Token(NamedTuple):
    """`kind` is name, number, text (which a template's parts and regular expressions are too) or sign."""

    kind: str
    text: str


def tokens_of(source: str) -> list[Token]:
    """Raises Unknown. An expression in a template stands between the signs `${` and `}`."""
    if len(source) > _MAX_SOURCE or _HTML_COMMENT.search(source):
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
        if match.lastgroup == "sign":
            _track(match[0], opened)
        found.append(Token(match.lastgroup or "text", match[0]))
        position = match.end()
    if opened or _has_unclear_slash(found):
        raise Unknown
    return found


def _next(source: str, position: int, found: list[Token]) -> re.Match[str]:
    is_expression = source[position] == "/" and _may_begin_expression(found)
    match = (_EXPRESSION if is_expression else _TOKEN).match(source, position)
    if match is None:
        raise Unknown
    return match


def _may_begin_expression(found: list[Token]) -> bool:
    """Raises Unknown where that takes a parser."""
    if not found:
        return True
    kind, text = found[-1]
    if kind == "name":
        is_member = len(found) > 1 and found[-2].text in {".", "?."}
        if text == "of" and not is_member:
            # In a loop, or a variable of that name.
            raise Unknown
        return text in _BEFORE_EXPRESSION and not is_member
    if kind == "sign" and text == "}":
        # Behind a block a regular expression, behind an object a division.
        raise Unknown
    return kind == "sign" and text not in {")", "]", "++", "--"}


def _has_unclear_slash(found: list[Token]) -> bool:
    """Whether a slash that was read as a division may begin a regular expression: `if (x) /a/.test(y)`."""
    behind = [
        position
        for position, (kind, text) in enumerate(found)
        if kind == "sign" and text in {"/", "/="} and found[position - 1] == ("sign", ")")
    ]
    partners = partners_of(found) if behind else {}
    return any(found[partners[position - 1] - 1].text in _CONTROL for position in behind)


def _track(sign: str, opened: list[str]) -> None:
    if sign in _CLOSING:
        if len(opened) == _MAX_DEPTH:
            raise Unknown
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
        _track("${", opened)
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
    code = " ".join(text if kind != "text" or _is_name(text) else text[0] for kind, text in tokens)
    # A name may go on there: `set${unit}`.
    return code.replace(" ${", "${")


def _is_name(text: str) -> bool:
    """Whether a text may be the name of a member; a regular expression counts as one."""
    return text[0] == "/" or _WORD.fullmatch(text) is not None
