"""The two languages of the command line: English where it is made, French from a list."""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from sdaasp_geo.errors.translation import Catalogue, read_catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Language = Literal["fr", "en"]
LANGUAGES: tuple[str, ...] = get_args(Language)
CATALOGUE = Path(__file__).parent / "data" / "words.fr.toml"

# The order in which the system's own programs look (man 7 locale).
_LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")
_NARROW_SPACE = "\u202f"


def language_of(arguments: Sequence[str], environ: Mapping[str, str]) -> Language:
    """Return the language asked for by ``--lang``, or else that of the locale.

    French for a locale that begins with ``fr``; English for any other, and for none.

    Examples
    --------
    >>> language_of(["check", "--lang", "fr"], {"LANG": "en_GB.UTF-8"})
    'fr'
    >>> language_of([], {"LC_ALL": "", "LANG": "fr_FR.UTF-8"})
    'fr'
    >>> language_of([], {"LC_ALL": "C", "LANG": "fr_FR.UTF-8"})
    'en'
    """
    asked = ""
    for place, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if name == "--lang":
            asked = value if equals else "".join(arguments[place + 1 : place + 2])
    if asked in LANGUAGES:
        return "fr" if asked == "fr" else "en"
    told = next((environ[name] for name in _LOCALE if environ.get(name)), "")
    return "fr" if told.lower().startswith("fr") else "en"


def spoken(language: Language, template: str, *values: object) -> str:
    """Fill a sentence in a language.

    Parameters
    ----------
    language
        Of the reader.
    template
        The sentence in English, with ``{}`` for each value.
    values
        Numbers are written as the language does; the rest as it is.

    Examples
    --------
    >>> spoken("en", "{} of {} communes", 3, 1200)
    '3 of 1,200 communes'
    """
    if language == "fr":
        template = _templates().get(template, template)
    return template.format(*(number(language, value) for value in values))


def number(language: Language, value: object) -> str:
    """Write a number as a reader of the language does, and anything else as it is.

    Examples
    --------
    >>> number("fr", 12.5), number("en", 1234), number("fr", "1234")
    ('12,5', '1,234', '1234')
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    text = f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
    if language == "en":
        return text
    return text.replace(",", _NARROW_SPACE).replace(".", ",")


def french(text: str) -> str:
    """Say a text of the command line, already filled, in French; as it is if unknown."""
    return _catalogue().translated(text, french)


def said(language: Language, text: str) -> str:
    """Say a text that is already filled."""
    return french(text) if language == "fr" else text


@functools.cache
def _catalogue() -> Catalogue:
    return read_catalogue(CATALOGUE)


@functools.cache
def _templates() -> dict[str, str]:
    sections = tomllib.loads(CATALOGUE.read_text("utf-8"))
    return {english: told for section in sections.values() for english, told in section.items()}
