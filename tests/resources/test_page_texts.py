"""Texts that the server reads from the modules of the pages' scripts."""

from __future__ import annotations

from pathlib import Path

import pytest

import client
from resources.page_texts import PageLanguage, parsed

MODULES = sorted(client.WEB.glob("**/texts/??.js"))
SOURCE = r"""// English: "not": this.

export default {
  plain: "one",
  "with.dots": "it says \"two\", {count}",
  // A comment between.
  "long":
    "three " +
    "and " +
    "four", // and behind
  plural: { one: "{count} unit", other: "{count} units" },
};
"""


def test_a_module_is_read_as_its_object() -> None:
    assert parsed(SOURCE) == {
        "plain": "one",
        "with.dots": 'it says "two", {count}',
        "long": "three and four",
        "plural": {"one": "{count} unit", "other": "{count} units"},
    }


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(client.WEB)))
def test_every_module_of_texts_can_be_read(path: Path) -> None:
    texts = parsed(path.read_text(encoding="utf-8"))
    assert texts
    assert all(isinstance(text, str) or "other" in text for text in texts.values())


@pytest.mark.parametrize(
    ("code", "count", "text"),
    [
        ("en", 1, "One result"),
        ("en", 0, "0 results"),
        ("en", 1234, "1,234 results"),
        ("de", 1234, "1.234 Ergebnisse"),
        ("fr", 0, "0 résultat "),
        ("fr", 2, "2 résultats"),
        ("es", 1, "Un resultado"),
    ],
)
def test_the_count_chooses_the_plural_form(code: str, count: int, text: str) -> None:
    language = PageLanguage(code, ("job",))
    assert language.text("job-page.errors.rejected", count=count).startswith(text)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0004, "0.40 ms"), (0.0501, "50.1 ms"), (0.5, "500 ms"), (2, "2.00 s"), (119, "119 s")]
)
def test_run_times_have_three_digits(seconds: float, text: str) -> None:
    assert PageLanguage("en", ()).run_time(seconds) == text.replace(" ", "\u00a0")
    assert PageLanguage("en", ()).run_time(7200) == "2.0\u00a0h"


def test_a_text_of_another_directory_is_left_to_the_script() -> None:
    template = '<p data-text="skip"></p><p data-text="unknown"></p>'
    assert (
        PageLanguage("en", ()).translated(template)
        == '<p data-text="skip">Skip to content</p><p data-text="unknown"></p>'
    )
