"""What a source may use, by the names in its text: a context gets the parts of the language that it may reach, no more.

To make all of them takes four times as long as most calls. A name counts wherever it stands in the code, also as a
text, and where a source may reach what it doesn't name (by `eval`, by a computed name that it calls) it gets
everything. Only a source that hides a name on purpose misses something, and that sways no verdict but its own: what
keeps a script in is not here, and is always there.
"""

from __future__ import annotations

import re
from typing import NamedTuple

# Reaches what it doesn't name: code made from texts, names made from texts, the global object, the web functions.
EVERYTHING = re.compile(
    r"""
    \\u
    | \b(?: eval | Function | globalThis | import | with | Reflect | __proto__ | __lookup\w+ | getPrototypeOf
          | getOwnProperty\w* | SharedArrayBuffer | Atomics | performance | queueMicrotask | InternalError
          | DOMException | TextDecoder | TextEncoder | atob | btoa | crypto | structuredClone )\b
    # The method of a class is no way to its constructor.
    | \.\s*constructor\b | \bconstructor\b(?!\s*\()
    | \bthis\b(?!\s*\.\s*\w)
    | \]\s*(?:\?\.\s*)?(?: [(`] | /[*/] ) | \]\s*\??\.\s*(?:call|apply|bind)\b
    """,
    re.VERBOSE,
)
# Parts that are needed where the source has one of these names; the others always.
INTRINSICS = {
    "BaseObjects": None,
    "Date": re.compile(r"Date"),
    # A slash may begin a regular expression.
    "RegExp": re.compile(r"/|RegExp|match|search|escape"),
    "JSON": None,
    "Proxy": re.compile(r"Proxy"),
    "MapSet": re.compile(r"Map|Set|groupBy"),
    "TypedArrays": re.compile(r"(?:8|16|32|64|Clamped)Array|ArrayBuffer|DataView"),
    "Promise": None,
    "BigInt": None,
    "WeakRef": re.compile(r"WeakRef|FinalizationRegistry"),
}
CONSOLE = re.compile(r"\bconsole\b")
# Of a verdict that replaces the result, as most write it: another is found when it is made.
VERDICT, REPLACEMENT = re.compile(r"\bvalid\b"), re.compile(r"\bresult\s*(?:[:}]|=(?![=>]))")
USED_BY_SERIALISER = "Date RegExp ArrayBuffer"
SECTION = re.compile(r"^ *// ---- /([^/]*)/.*\n", re.MULTILINE)


class Needs(NamedTuple):
    """Parts of the language, sections of language.js, and whether the rest is needed, of a call that is alike.

    A context that may be kept for further calls (`kept`) is made for that.
    """

    intrinsics: tuple[str, ...]
    sections: tuple[int, ...]
    console: bool = False
    web: bool = False
    serialiser: bool = False
    kept: bool = False


class Section(NamedTuple):
    """A part of language.js as a script by itself, and the sources that need it."""

    pattern: re.Pattern[str]
    script: str


def sections_of(language: str) -> list[Section]:
    """Cuts the text of a function at its headings, each of which has a pattern; what is before belongs to all."""
    head, *parts = SECTION.split(language)
    ends = ["\n})()"] * (len(parts) // 2 - 1) + ["()"]
    return [
        Section(re.compile(pattern), head + body.rstrip() + end)
        for pattern, body, end in zip(parts[::2], parts[1::2], ends, strict=True)
    ]


def needs_of(source: str, sections: list[Section], everything: Needs) -> Needs:
    """What a call of this source needs, if it returns a verdict."""
    if EVERYTHING.search(source):
        return everything
    needed = tuple(number for number, section in enumerate(sections) if section.pattern.search(source))
    has_console = CONSOLE.search(source) is not None
    # Without a console the call can be made again, when it turns out to need the serialiser.
    is_serialised = has_console or all(pattern.search(source) for pattern in (VERDICT, REPLACEMENT))
    text = source + USED_BY_SERIALISER * is_serialised + "".join(sections[number].script for number in needed)
    intrinsics = tuple(name for name, pattern in INTRINSICS.items() if pattern is None or pattern.search(text))
    return Needs(intrinsics, needed, has_console, serialiser=is_serialised)
