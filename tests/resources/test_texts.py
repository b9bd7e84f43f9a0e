"""Texts of the pages that the server makes: the same keys and placeholders in every language."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import resources
from resources.texts import Language

TEXTS = {
    path.name.split(".")[1]: json.loads(path.read_text(encoding="utf-8"))
    for path in Path(resources.__file__).parent.glob("texts.*.json")
}


def placeholders(texts: dict[str, str]) -> dict[str, list[str]]:
    return {key: sorted(re.findall(r"{\w+}", text)) for key, text in texts.items()}


@pytest.mark.parametrize("code", ["de", "es", "fr"])
def test_every_language_has_the_same_keys_and_placeholders(code: str) -> None:
    assert placeholders(TEXTS[code]) == placeholders(TEXTS["en"])


@pytest.mark.parametrize(
    ("code", "number", "duration"),
    [("en", "12,345", "3.4\u00a0h"), ("de", "12.345", "3,4\u00a0h"), ("fr", "12\u202f345", "3,4\u00a0h")],
)
def test_numbers_are_written_as_in_the_language(code: str, number: str, duration: str) -> None:
    assert Language(code).number(12345) == number
    assert Language(code).duration(12345) == duration


@pytest.mark.parametrize(
    ("texts", "best"),
    [
        ({"fr": "Marées", "de-AT": "Gezeiten", "en": "Tides"}, "Gezeiten"),
        ({"de-AT": "Ebbe", "de": "Gezeiten"}, "Gezeiten"),
        ({"fr": "Marées", "en-GB": "Tides"}, "Tides"),
        ({"fr": "Marées"}, "Marées"),
        ({}, ""),
        (None, ""),
    ],
)
def test_the_best_of_several_languages_is_shown(texts: object, best: str) -> None:
    assert Language("de").best_of(texts) == best
