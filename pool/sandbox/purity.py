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
REFUSED = names(
    """
    FinalizationRegistry Promise Proxy Symbol WeakMap WeakRef WeakSet arguments async await class console
    debugger delete enum export extends get set static super this yield
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
        self._declared = Counter(self._declarations())
        self._once = {name for name, count in self._declared.items() if count == 1}
        self._functions = {name for position, name in self._named_functions() if self._is_never_assigned(name)}
        self._fresh = {name for position, name in self._constants() if self._is_made(position + 2)}

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
            return True
        if text in REFUSED:
            return False
        if text == "new":
            made = self._tokens[position + 1].text
            return made in CONSTRUCTORS and self._sign(position + 2) == "("
        # The variable of such a loop is written.
        return text not in ("of", "in") or self._is_harmless_loop(position)

    def _is_harmless_loop(self, position: int) -> bool:
        """Whether the variable of a loop is declared in it. An `in` may also be an operator."""
        begin = position - 1
        while self._sign(begin) not in ("(", ";", "{", "[", "${"):
            begin = self._partners.get(begin, begin) - 1
        is_loop = self._sign(begin) == "(" and self._tokens[begin - 1].text == "for"
        return not is_loop or self._tokens[begin + 1].text in ("const", "let", "var")

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
        if text in BEFORE_EXPRESSION or before == "function":
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
        kind, text = self._tokens[position]
        return kind == "name" and text in self._declared and self._sign(position + 1) not in (".", "?.", "[", "(")

    def _may_be_written(self, position: int) -> bool:
        """Whether what ends here is a variable of the source, or a member of an object that it has made."""
        kind, text = self._tokens[position]
        if kind == "name":
            return self._is_fresh(position - 2) if self._is_member(position) else text in self._declared
        if kind != "sign" or text not in ("]", "}"):
            return False
        begin = self._partners[position]
        if self._tokens[begin - 1].text in ("const", "let", "var"):
            return True
        return text == "]" and (self._is_fresh(begin - 1) or self._is_list_of_variables(begin, position))

    def _is_list_of_variables(self, begin: int, end: int) -> bool:
        """`[a, b]`, at the beginning of a statement."""
        inside = self._tokens[begin + 1 : end]
        is_statement = self._sign(begin - 1) in (";", "{", "}")
        return is_statement and all(text == "," or text in self._declared for _, text in inside)

    def _is_fresh(self, position: int) -> bool:
        """Whether this is the constant of an object that the source has made."""
        return self._tokens[position].text in self._fresh and not self._is_member(position)

    def _is_new(self, position: int) -> bool:
        """Whether what ends here is an object that the source has just made, or the constant of one."""
        begin = self._partners.get(position, position)
        if self._sign(position) == ")":
            called, is_made = self._tokens[begin - 1].text, self._tokens[begin - 2].text == "new"
            return is_made or (self._is_member(begin - 1) and called in FRESH_METHODS | RETURN_RECEIVER)
        return self._is_fresh(position) or (self._sign(position) == "]" and not self._ends_value(begin - 1))

    # Declarations

    def _declarations(self) -> list[str]:
        """Each name that may be one of a variable, as often as it is declared. Some are none: names of members, say."""
        found = []
        for position, (kind, text) in enumerate(self._tokens):
            if kind == "name" and not self._is_member(position):
                if text in ("const", "let", "var"):
                    found += self._declared_behind(position)
                elif text in ("function", "catch"):
                    found += self._parameters(position)
            elif text == "=>":
                found += self._names(self._partners.get(position - 1, position - 1), position)
        return found

    def _declared_behind(self, position: int) -> list[str]:
        """Of `const`, `let` and `var`, with all that follow a comma until the statement ends."""
        found: list[str] = []
        is_name = True
        position += 1
        while self._sign(position) not in (";", ")", "}", "]"):
            end = self._partners.get(position, position)
            if is_name:
                found += self._names(position, end + 1)
            is_name = self._sign(end) == ","
            position = end + 1
        return found

    def _parameters(self, position: int) -> list[str]:
        """Of a function with its name, or of a `catch`."""
        begin = position + 2 if self._tokens[position + 1].kind == "name" else position + 1
        end = self._partners[begin] if self._sign(begin) == "(" else begin
        return self._names(position + 1, end)

    def _names(self, begin: int, end: int) -> list[str]:
        return [text for kind, text in self._tokens[begin:end] if kind == "name" and text not in KEYWORDS]

    def _constants(self) -> list[tuple[int, str]]:
        """The positions and names of `const name = …` that are declared once."""
        return [
            (position, text)
            for position, (_, text) in enumerate(self._tokens)
            if text in self._once
            and self._tokens[position - 1] == ("name", "const")
            and self._sign(position + 1) == "="
        ]

    def _named_functions(self) -> list[tuple[int, str]]:
        """The positions and names of functions that are declared, and of constants that are functions."""
        declared = [
            (position, text)
            for position, (_, text) in enumerate(self._tokens)
            if text in self._once and self._tokens[position - 1] == ("name", "function")
        ]
        return declared + [(position, name) for position, name in self._constants() if self._is_function(position + 2)]

    def _is_function(self, begin: int) -> bool:
        if self._tokens[begin].text == "function":
            return True
        return self._sign(self._partners.get(begin, begin) + 1) == "=>"

    def _is_never_assigned(self, name: str) -> bool:
        return not any(
            token.text == name
            and ASSIGNMENT.fullmatch(self._tokens[position + 1].text)
            and self._tokens[position - 1].text != "const"
            for position, token in enumerate(self._tokens[:-1])
        )

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
            is_new = is_new and name in RETURN_RECEIVER
            if self._sign(end + 1) == "(":
                is_new, end = is_new or name in FRESH_METHODS, self._partners[end + 1]
        return is_new and self._ends_statement(end + 1)

    def _ends_statement(self, position: int) -> bool:
        kind, text = self._tokens[position]
        # A name behind an expression is in the next line.
        return text in (";", ",") if kind == "sign" else kind == "name" and text not in ("in", "instanceof", "of")

    # Tokens

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
