"""Whether calls of a source leave the context in which they run as it was, so that the next may use it too.

A call evaluates its source anew: variables, closures, classes and regular expressions of a source are never those of
another call. What calls in one context share are the built-in objects and the global object. So a source is pure if it
writes to nothing but its own variables and to objects that it has just made, by their constant: `const seen = {}`,
`seen[key] = 1`, `seen.push(1)`. `table[key].count = 1` is refused, since a key of a result may be `__proto__`.

The rules are for the code of honest people, whatever is in a result. Whoever fools them sways the verdicts of their own
functions alone, which they may write as they like: no other source ever runs in the same context.

Like all of the process's side this imports nothing of the pool.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from pool.sandbox.tokens import Token, partners_of


def names(text: str) -> frozenset[str]:
    return frozenset(text.split())


KEYWORDS = names(
    """
    break case catch const continue default do else false finally for function if in instanceof let new null
    of return switch throw true try typeof undefined var void while
    """
)
# Behind one of these a parenthesis is no call, and a bracket no member.
BEFORE_EXPRESSION = KEYWORDS - {"false", "null", "true", "undefined"}
# They begin a statement, or a part of one, and stand in no expression.
STATEMENTS = names(
    "break case catch const continue default do else finally for if let return switch throw try var while"
)
REFUSED = names(
    """
    FinalizationRegistry Promise Proxy Symbol WeakMap WeakRef WeakSet arguments async await class console
    debugger delete enum export extends get set static super this yield
    """
)
# They change what they are given, wherever they are called from: `rows.forEach(Object.freeze)`. A `stack` shows
# functions of boot.js, which are others in a fresh context.
REFUSED_MEMBERS = names(
    """
    assign captureStackTrace defineProperties defineProperty freeze preventExtensions seal setPrototypeOf
    stack __defineGetter__ __defineSetter__
    """
)
FUNCTIONS = names(
    """
    Array BigInt Boolean Number String decodeURI decodeURIComponent encodeURI encodeURIComponent isFinite
    isNaN parseFloat parseInt
    """
)
CONSTRUCTORS = names(
    """
    Array BigInt64Array BigUint64Array Date Error Float32Array Float64Array Int16Array Int32Array Int8Array
    Map RangeError RegExp Set TypeError Uint16Array Uint32Array Uint8Array Uint8ClampedArray
    """
)
NAMESPACES = names("Array BigInt Date JSON Math Number Object String")
MUTATORS = names("add clear copyWithin delete fill pop push reverse set shift sort splice unshift")
# Methods that return something new, and change neither their receiver nor their arguments.
FRESH_METHODS = names(
    """
    concat create entries filter flat flatMap from fromEntries keys map of slice split toReversed toSorted
    values
    """
)
RETURN_RECEIVER = names("fill reverse sort")
METHODS = FRESH_METHODS | names(
    """
    UTC abs acos acosh asIntN asUintN asin asinh at atan atan2 atanh cbrt ceil charAt charCodeAt clz32
    codePointAt cos cosh endsWith every exec exp expm1 find findIndex findLast findLastIndex floor forEach
    fromCharCode fromCodePoint fround get getDate getDay getFullYear getHours getMinutes getMonth getSeconds
    getTime getUTCDate getUTCDay getUTCFullYear getUTCHours getUTCMinutes getUTCMonth getUTCSeconds has hasOwn
    hypot imul includes indexOf is isArray isFinite isInteger isNaN isSafeInteger join lastIndexOf
    localeCompare log log10 log1p log2 match matchAll max min normalize now padEnd padStart parse parseFloat
    parseInt pow random reduce reduceRight repeat replace replaceAll round search sign sin sinh some sqrt
    startsWith stringify substr substring tan tanh test toExponential toFixed toISOString toJSON toLowerCase
    toPrecision toString toUpperCase trim trimEnd trimStart trunc valueOf
    """
)
ASSIGNMENT = re.compile(r"(?:[-+*/%&|^]|\*\*|<<|>>>?|&&|\|\||\?\?)?=")


def is_pure(tokens: list[Token]) -> bool:
    return _Source(tokens).is_pure()


class _Source:
    def __init__(self, tokens: list[Token]) -> None:
        # Ends, so that there is always a token before and behind.
        end = Token("sign", ";")
        self._tokens = [end, end, end, end, *tokens, end, end]
        self._partners = partners_of(self._tokens)
        self._around = self._brackets_around()
        declarations = [*self._declarations()]
        self._declared = Counter(name for name, _ in declarations)
        self._known = {(name, bracket) for name, brackets in declarations for bracket in brackets}
        once = {name for name, count in self._declared.items() if count == 1}
        self._functions = once & {*self._named_functions()} - self._assigned_names()
        self._redefined = self._names_of_members()
        self._fresh = {name for position, name in self._constants() if name in once and self._is_made(position + 2)}

    def is_pure(self) -> bool:
        if self._declared.keys() & (FUNCTIONS | CONSTRUCTORS | NAMESPACES | REFUSED):
            return False
        return self._is_one_function() and all(
            self._is_harmless(position) for position in range(4, len(self._tokens) - 2)
        )

    def _is_one_function(self) -> bool:
        """Whether no code runs before the call: random numbers, say, would be those after the last one."""
        if not self._is_function(4):
            return False
        outside = []
        position = 4
        while position < len(self._tokens) - 2:
            outside.append(self._tokens[position].text)
            position = self._partners.get(position, position) + 1
        return "," not in outside if "=>" in outside else outside[-1] == "{"

    def _is_harmless(self, position: int) -> bool:
        kind, text = self._tokens[position]
        if kind == "name":
            return self._is_harmless_name(position)
        if kind == "text":
            return not (text.startswith("`") and self._ends_value(position - 1))
        if kind != "sign":
            return True
        if text == "(":
            return self._is_harmless_call(position)
        if text in ("++", "--"):
            return self._is_harmless_step(position)
        return ASSIGNMENT.fullmatch(text) is None or self._may_be_written(position - 1)

    def _is_harmless_name(self, position: int) -> bool:
        text = self._tokens[position].text
        if self._is_member(position):
            # Of a method that changes its receiver only a call shows which one that is.
            return text not in REFUSED_MEMBERS and (text not in MUTATORS or self._sign(position + 1) == "(")
        if text in REFUSED or (text == "function" and self._sign(position + 1) == "*"):
            return False
        if text == "new":
            made = self._tokens[position + 1].text
            return made in CONSTRUCTORS and self._sign(position + 2) == "("
        return text not in ("of", "in") or self._is_harmless_loop(position)

    def _is_harmless_loop(self, position: int) -> bool:
        """Whether the variable of a loop, which is written, is declared in it. An `in` may also be an operator."""
        begin = self._around[position]
        if self._sign(begin) != "(" or self._tokens[begin - 1].text != "for":
            return self._tokens[position].text == "in"
        return self._tokens[begin + 1].text in ("const", "let", "var")

    # Calls

    def _is_harmless_call(self, position: int) -> bool:
        kind, text = self._tokens[position - 1]
        if kind in ("number", "text"):
            return False
        if kind == "sign":
            if text == ")":
                return self._tokens[self._partners[position - 1] - 1].text in ("if", "for", "while")
            return text not in ("]", "}", "?.")
        if self._is_member(position - 1):
            return text in METHODS or (text in MUTATORS and self._is_new(position - 3))
        before = self._tokens[position - 2].text
        if before == "function" or text == "function":
            return True
        if self._sign(self._partners[position] + 1) == "{":
            # Else it is a method, whose parameters are not known: `{ check(x) { … } }`.
            return text in ("catch", "for", "if", "switch", "while")
        if text in BEFORE_EXPRESSION:
            return True
        if before == "new":
            return text in CONSTRUCTORS
        return text in self._functions or text in FUNCTIONS

    # Writes

    def _is_harmless_step(self, position: int) -> bool:
        """Of `++` and `--`, that may belong to what is before or behind them, where a line ends."""
        is_behind = self._ends_value(position - 1)
        is_before = self._tokens[position + 1].kind == "name" or self._sign(position + 1) in ("(", "[")
        if not is_behind and not is_before:
            return False
        if is_behind and not self._may_be_written(position - 1):
            return False
        return not is_before or self._is_variable(position + 1)

    def _is_variable(self, position: int) -> bool:
        """Whether this is a variable of the source, and no member of what it has."""
        is_whole = self._sign(position + 1) not in (".", "?.", "[", "(")
        return is_whole and self._tokens[position].kind == "name" and self._is_declared(position)

    def _is_declared(self, position: int) -> bool:
        """Whether a name is that of a variable which is declared in a bracket around this place."""
        text, bracket = self._tokens[position].text, position
        while bracket > 0:
            bracket = self._around[bracket]
            if (text, bracket) in self._known:
                return True
        return False

    def _may_be_written(self, position: int) -> bool:
        """Whether what ends here is a variable of the source, or a member of an object that it has made."""
        kind, text = self._tokens[position]
        if kind == "name":
            return self._is_fresh(position - 2) if self._is_member(position) else self._is_declared(position)
        if kind != "sign" or text not in ("]", "}"):
            return False
        begin = self._partners[position]
        if self._tokens[begin - 1].text in ("const", "let", "var") and not self._is_member(begin - 1):
            return True
        return text == "]" and (self._is_fresh(begin - 1) or self._is_list_of_variables(begin, position))

    def _is_list_of_variables(self, begin: int, end: int) -> bool:
        """`[a, b]`, at the beginning of a statement."""
        return self._sign(begin - 1) in (";", "{", "}") and all(
            self._sign(position) == "," or (text not in self._functions and self._is_declared(position))
            for position, (_, text) in enumerate(self._tokens[begin + 1 : end], begin + 1)
        )

    def _is_fresh(self, position: int) -> bool:
        """Whether this is the constant of an object that the source has made."""
        is_name = self._tokens[position].kind == "name" and not self._is_member(position)
        return is_name and self._tokens[position].text in self._fresh and self._is_declared(position)

    def _is_new(self, position: int) -> bool:
        """Whether what ends here is an object that the source has just made, or the constant of one."""
        begin = self._partners.get(position, position)
        if self._sign(position) == ")":
            called, is_made = self._tokens[begin - 1].text, self._tokens[begin - 2].text == "new"
            returns_new = called in FRESH_METHODS | RETURN_RECEIVER and called not in self._redefined
            return is_made or (self._is_member(begin - 1) and returns_new)
        is_member = self._ends_value(begin - 1) or self._sign(begin - 1) == "?."
        return self._is_fresh(position) or (self._sign(position) == "]" and not is_member)

    def _names_of_members(self) -> set[str]:
        """Names that the source gives to members of its objects: its own `map` may return what is not new."""
        found = set()
        for position, (kind, text) in enumerate(self._tokens[:-1]):
            behind = self._sign(position + 1)
            is_short = self._sign(self._around[position]) == "{" and behind in (",", "}")
            is_written = self._is_member(position) and ASSIGNMENT.fullmatch(behind)
            if kind in ("name", "text") and (behind == ":" or is_short or is_written):
                found.add(text.strip("'\""))
        return found

    # Declarations

    def _declarations(self) -> Iterator[tuple[str, list[int]]]:
        """Each name of a variable, with the opening brackets of where it is known, or of a part of that."""
        for position, (kind, text) in enumerate(self._tokens):
            if kind == "name" and not self._is_member(position):
                if text in ("const", "let", "var"):
                    yield from self._declared_behind(position)
                elif text in ("function", "catch"):
                    yield from self._parameters(position)
            elif text == "=>":
                begin = self._partners.get(position - 1, position - 1)
                yield from ((name, [begin, position + 1]) for name in self._names(begin, position))

    def _declared_behind(self, position: int) -> Iterator[tuple[str, list[int]]]:
        """Of `const`, `let` and `var`, with all that follow a comma until the statement ends."""
        known = self._known_in(position)
        is_name = True
        position += 1
        while not self._ends_declaration(position):
            end = self._partners.get(position, position)
            if is_name:
                yield from ((name, known) for name in self._names(position, end + 1))
            is_name = self._sign(end) == ","
            position = end + 1

    def _ends_declaration(self, position: int) -> bool:
        kind, text = self._tokens[position]
        if kind == "name":
            # Of the next statement, where there is no semicolon.
            return text in STATEMENTS and not self._is_member(position)
        return kind == "sign" and text in (";", ")", "}", "]")

    def _known_in(self, position: int) -> list[int]:
        """Of `const`, `let` and `var`: the block around it; of those of a loop, its header and its block."""
        around = self._around[position]
        if self._sign(around) != "(":
            return [around]
        is_var = self._tokens[position].text == "var"
        return [around, self._partners[around] + 1, *([self._around[around]] if is_var else [])]

    def _parameters(self, position: int) -> Iterator[tuple[str, list[int]]]:
        """Of a function with its name, or of a `catch`."""
        begin = position + 2 if self._tokens[position + 1].kind == "name" else position + 1
        if self._sign(begin) == "(":
            end = self._partners[begin]
            yield from ((name, [begin, end + 1]) for name in self._names(begin, end))
        yield from ((name, []) for name in self._names(position + 1, begin))

    def _names(self, begin: int, end: int) -> list[str]:
        """Of variables that a pattern has: no default values, and no names of members."""
        found = []
        position = begin
        while position < end:
            kind, text = self._tokens[position]
            if kind == "name" and text not in KEYWORDS and self._sign(position + 1) != ":":
                found.append(text)
            if self._sign(position) == "=":
                position = self._end_of_value(position)
            elif self._sign(position) == "[" and self._sign(self._partners[position] + 1) == ":":
                position = self._partners[position]
            else:
                position += 1
        return found

    def _end_of_value(self, position: int) -> int:
        """Where a default value ends."""
        while self._sign(position) not in (",", ")", "]", "}"):
            position = self._partners.get(position, position) + 1
        return position

    def _constants(self) -> list[tuple[int, str]]:
        """The positions and names of `const name = …`."""
        return [
            (position, text)
            for position, (kind, text) in enumerate(self._tokens)
            if kind == "name" and self._tokens[position - 1] == ("name", "const") and self._sign(position + 1) == "="
        ]

    def _named_functions(self) -> Iterator[str]:
        """The names of functions that are declared, and of constants that are functions."""
        for position, (kind, text) in enumerate(self._tokens):
            if kind == "name" and self._tokens[position - 1] == ("name", "function"):
                yield text
        yield from (name for position, name in self._constants() if self._is_function(position + 2))

    def _is_function(self, begin: int) -> bool:
        if self._tokens[begin].text == "function":
            return True
        return self._sign(self._partners.get(begin, begin) + 1) == "=>"

    def _assigned_names(self) -> set[str]:
        """Of variables that are written behind their declaration."""
        return {
            text
            for position, (kind, text) in enumerate(self._tokens[:-1])
            if kind == "name"
            and ASSIGNMENT.fullmatch(self._tokens[position + 1].text)
            and self._tokens[position - 1].text != "const"
        }

    def _is_made(self, begin: int) -> bool:
        """Whether the expression that begins here, up to the end of its statement, is an object that is new."""
        if self._sign(begin) in ("[", "{"):
            end, is_new = self._partners[begin], True
        elif self._tokens[begin].text == "new":
            end, is_new = self._partners.get(begin + 2, begin), True
        elif self._tokens[begin].kind == "name" and self._tokens[begin].text not in KEYWORDS:
            end, is_new = begin, False
        else:
            return False
        while self._sign(end + 1) in (".", "?."):
            name, end = self._tokens[end + 2].text, end + 2
            if self._sign(end + 1) != "(":
                is_new = False
                continue
            is_new = name not in self._redefined and (name in FRESH_METHODS or (is_new and name in RETURN_RECEIVER))
            end = self._partners[end + 1]
        return is_new and self._ends_statement(end + 1)

    def _ends_statement(self, position: int) -> bool:
        kind, text = self._tokens[position]
        # A name behind an expression is in the next line.
        return text in (";", ",") if kind == "sign" else kind == "name" and text not in ("in", "instanceof", "of")

    # Tokens

    def _brackets_around(self) -> list[int]:
        """Of each token the position of the opening bracket around it; 0, if there is none."""
        found: list[int] = []
        around = 0
        for position in range(len(self._tokens)):
            partner = self._partners.get(position, position)
            if partner < position:
                around = found[partner]
            found.append(around)
            if partner > position:
                around = position
        return found

    def _sign(self, position: int) -> str:
        kind, text = self._tokens[position]
        return text if kind == "sign" else ""

    def _is_member(self, position: int) -> bool:
        return self._sign(position - 1) in (".", "?.")

    def _ends_value(self, position: int) -> bool:
        kind, text = self._tokens[position]
        if kind == "name":
            return text not in BEFORE_EXPRESSION or self._is_member(position)
        return kind != "sign" or text in (")", "]", "}")
