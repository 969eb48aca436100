"""The messages of errors in French, from the English in which they are made.

A message keeps its English where it is made, beside the code that knows what is wrong. Its
French is found by its form: ``data/errors.fr.toml`` lists every form with its holes, and what
stands in a hole is data, left as it is, or again a text of the list.
"""

from __future__ import annotations

import ast
import functools
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

CATALOGUE = Path(__file__).parent / "data" / "errors.fr.toml"

MESSAGE = re.compile(
    r"(?P<where>(?:(?!: expected ).)+): expected (?P<expected>.+?),? found:? (?P<found>.+?)"
    r"(?:\. Likely cause: (?P<cause>.+))?",
    re.DOTALL,
)
HOLE = re.compile(r"\{(\*|de|\d+)?\}")
_VOWELS = tuple("aeiouyhàâéèêëîïôöûùAEIOUYHÉÈ")
_QUOTES = ("'", '"')
_FEWEST_LETTERS = 3


def french(text: str) -> str:
    """Say a text of an error in French; as it is, where its form is not known.

    Parameters
    ----------
    text
        What an error, or the `expected`, `found` or `cause` of a fault, says in English.

    Examples
    --------
    >>> french("no such file")
    'aucun fichier de ce nom'
    >>> french("a known service (did you mean 'pharmacie'?)")
    "un nom connu de service (vouliez-vous dire 'pharmacie' ?)"
    >>> french("'no such file'")
    "'no such file'"
    """
    if text in _catalogue().fixed or not text or _is_quoted(text):
        return _catalogue().fixed.get(text, text)
    message = MESSAGE.fullmatch(text)
    if message is not None:
        return sentence(**message.groupdict(""))
    return _catalogue().translated(text, french)


def sentence(where: str, expected: str, found: str, cause: str = "") -> str:
    """Return a whole message in French, from its parts in English."""
    message = f"{french(where)} : attendu {french(expected)}, trouvé {french(found)}"
    return f"{message}. Cause probable : {french(cause)}" if cause else message


@dataclass(frozen=True)
class Form:
    """A text with holes, and the same in French.

    Parameters
    ----------
    pattern
        What the English looks like, one group a hole.
    texts
        For each hole, whether it holds a text again (``{*}``) or data (``{}``).
    french
        The French with its holes: in the same order, or by number (``{2}``), or after an
        elided *de* (``{de}``: d'opérateur, de service).
    """

    pattern: re.Pattern[str]
    texts: tuple[bool, ...]
    french: str

    def fill(self, match: re.Match[str], inner: Callable[[str], str]) -> str:
        """Return the French with what stood in the holes."""
        values = [
            inner(value) if is_text else value
            for value, is_text in zip(match.groups(), self.texts, strict=True)
        ]
        order = iter(range(len(values)))

        def value(hole: re.Match[str]) -> str:
            mark = hole[1] or ""
            given = values[int(mark) - 1] if mark.isdigit() else values[next(order)]
            if mark != "de":
                return given
            return f"d'{given}" if given.startswith(_VOWELS) else f"de {given}"

        return HOLE.sub(value, unescaped(self.french))


@dataclass(frozen=True)
class Catalogue:
    """Texts in French: those without holes, and the forms of the others, the longest first."""

    fixed: dict[str, str]
    forms: tuple[Form, ...]

    def translated(self, text: str, inner: Callable[[str], str]) -> str:
        """Say a text in French, and what stands in its holes by `inner`."""
        if text in self.fixed:
            return self.fixed[text]
        for form in self.forms:
            match = form.pattern.fullmatch(text)
            if match is not None:
                return form.fill(match, inner)
        # Spaces and signs between two parts belong to neither.
        bare = text.strip()
        return text.replace(bare, self.fixed[bare]) if bare in self.fixed else text


def read_catalogue(path: Path) -> Catalogue:
    """Read a list of texts: a TOML whose sections give the French of each English text."""
    sections = tomllib.loads(path.read_text("utf-8"))
    pairs = [pair for section in sections.values() for pair in section.items()]
    fixed = {
        unescaped(english): unescaped(told) for english, told in pairs if not HOLE.search(english)
    }
    # The form that says the most is the one meant: a short one may match by chance.
    with_holes = sorted(
        (pair for pair in pairs if HOLE.search(pair[0])),
        key=lambda pair: (-len(HOLE.sub("", pair[0])), pair[0]),
    )
    return Catalogue(fixed, tuple(_form(english, told) for english, told in with_holes))


@functools.cache
def _catalogue() -> Catalogue:
    return read_catalogue(CATALOGUE)


def unescaped(text: str) -> str:
    """Return a text whose doubled braces are single again."""
    return text.replace("{{", "{").replace("}}", "}")


def _form(english: str, told: str) -> Form:
    marks = [hole[1] == "*" for hole in HOLE.finditer(english)]
    # Split by a pattern with a group gives the marks too: every second piece is text.
    pieces = HOLE.split(english)[::2]
    letters = sum(letter.isalpha() for piece in pieces for letter in piece)
    # A form of next to no words would match any text: its data is one word.
    hole = "(.*?)" if letters >= _FEWEST_LETTERS else r"(\S+)"
    pattern = hole.join(re.escape(unescaped(piece)) for piece in pieces)
    return Form(re.compile(pattern, re.DOTALL), tuple(marks), told)


def _is_quoted(text: str) -> bool:
    """Tell a value of a file, which errors quote, from words of ours."""
    if not (text.startswith(_QUOTES) and text.endswith(text[0])):
        return False
    try:
        return isinstance(ast.literal_eval(text), str)
    except (SyntaxError, ValueError):
        return False
