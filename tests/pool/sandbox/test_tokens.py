"""The tokens of a source: what is code, what is a text, and what a slash begins."""

from __future__ import annotations

import pytest

from pool.sandbox.tokens import Unknown, code_of, partners_of, tokens_of


@pytest.mark.parametrize(
    ("source", "tokens"),
    [
        ("a.b ?? 0x1F", ["a", ".", "b", "??", "0x1F"]),
        ("x // y\n/* z */ + .5", ["x", "+", ".5"]),
        ("a>>>=b**c", ["a", ">>>=", "b", "**", "c"]),
        ("a?.b", ["a", "?.", "b"]),
        ("a?.5:1", ["a", "?", ".5", ":", "1"]),
        ("'it\\'s' + \"a\"", ["'it\\'s'", "+", '"a"']),
        ("n / 2 / m", ["n", "/", "2", "/", "m"]),
        ("(n) / 2", ["(", "n", ")", "/", "2"]),
        ("/[/'\\]]\\//g.test(s)", ["/[/'\\]]\\//g", ".", "test", "(", "s", ")"]),
        ("return /a/", ["return", "/a/"]),
        ("`a${b}c`", ["`a", "${", "b", "}", "}c"]),
        ("`${{a: `${b}`}.a}`", ["`", "${", "{", "a", ":", "`", "${", "b", "}", "}", "}", ".", "a", "}", "}"]),
        ("`\\`\\${$`", ["`\\`\\${$"]),
        ("a //\u2028b", ["a", "b"]),
        ("a //'\rb", ["a", "b"]),
        ("(a) / 2 / x.in / 'b'", ["(", "a", ")", "/", "2", "/", "x", ".", "in", "/", "'b'"]),
    ],
)
def test_a_source_is_cut_into_tokens(source: str, tokens: list[str]) -> None:
    assert [token.text for token in tokens_of(source)] == tokens


TOO_DEEP = "x".join(["(" * 9000, ")" * 9000])


@pytest.mark.parametrize(
    "source",
    [
        "(",
        ")",
        "(]",
        "`${",
        "`",
        "'a",
        "#a",
        "é",
        "x \\u0061",
        "{} /a/",
        "@",
        "of /a/",
        "if (x) /a/",
        "a <!-- b",
        TOO_DEEP,
    ],
)
def test_what_these_rules_cannot_read_is_unknown(source: str) -> None:
    with pytest.raises(Unknown):
        tokens_of(source)


def test_brackets_have_partners() -> None:
    assert partners_of(tokens_of("f([`${a}`])")) == {1: 9, 9: 1, 2: 8, 8: 2, 4: 6, 6: 4}


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("x // with eval\n.y", "x . y"),
        ("'import this' + 'constructor'", "' + 'constructor'"),
        ("`with ${eval} in it`", "`${ eval } }"),
        ("`set${unit}Hours`", "`set${ unit } }Hours"),
        ("/eval/.test(x)", "/eval/ . test ( x )"),
    ],
)
def test_code_has_no_comments_and_no_prose(source: str, code: str) -> None:
    assert code_of(tokens_of(source)) == code
