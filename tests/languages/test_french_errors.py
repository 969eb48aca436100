"""Every error has its French, and the French says the same with the same data."""

import ast
import pickle
import re
import textwrap
import tomllib

import pytest
from followed_texts import (
    Follower,
    Source,
    error_templates,
    logged_texts,
    texts_of,
    to_fill_in,
)
from hypothesis import given, settings
from hypothesis import strategies as st

import sdaasp_geo as sg
from sdaasp_geo.cli import words
from sdaasp_geo.cli.progress import STEPS_IN_ENGLISH
from sdaasp_geo.errors import Fault, InputError, OutputError
from sdaasp_geo.errors.translation import CATALOGUE, HOLE, french, read_catalogue

SECTIONS = tomllib.loads(CATALOGUE.read_text("utf-8"))
SAID = {
    english
    for section in tomllib.loads(words.CATALOGUE.read_text("utf-8")).values()
    for english in section
}
PAIRS = {**SECTIONS["foreign"], **SECTIONS["texts"]}
NAMES = st.text(alphabet="abcdéè_ 0123456789-", min_size=1, max_size=12).map(repr)


def test_every_text_has_its_french():
    """One test, so that the source is read once: errors, sentences, logs and steps."""
    found = error_templates()
    assert len(found) > 500
    # One made in a function of another module and given by name, one through a loop.
    assert "a typing mistake" in found
    assert "two vintages with {*} in common" in found
    missing = {
        text: place
        for text, place in found.items()
        if text not in PAIRS and text.strip() not in PAIRS
    }
    assert not missing, f"fill in {CATALOGUE.name} [texts]:\n{to_fill_in(missing)}"
    sentences = texts_of({"say": 0, "words": 0, "Finding": 2}) | logged_texts()
    assert "{} files written" in sentences
    missing = {text: place for text, place in sentences.items() if text not in SAID}
    assert not missing, f"fill in {words.CATALOGUE.name} [said]:\n{to_fill_in(missing)}"
    steps = texts_of({"progress": 2})
    assert "temps d'accès" in steps
    missing = {text: place for text, place in steps.items() if text not in STEPS_IN_ENGLISH}
    assert not missing, f"name in English, in cli/progress.py:\n{to_fill_in(missing)}"


def test_the_french_has_a_place_for_each_piece_of_data():
    for english, told in PAIRS.items():
        holes, marks = len(HOLE.findall(english)), HOLE.findall(told)
        numbered = [int(mark) for mark in marks if mark.isdigit()]
        assert told.strip(), english
        assert not numbered or max(numbered) <= holes, english
        # What another library tells may go unsaid in part; what is ours may not.
        if english in SECTIONS["texts"]:
            assert len(set(numbered) or marks) == holes, english
            # Keys and tables of a TOML stay as they are.
            assert english.count("[") == told.count("["), english


@settings(deadline=None, max_examples=30)
@given(st.data())
def test_data_comes_through_untouched(data):
    english = data.draw(st.sampled_from([text for text in SECTIONS["texts"] if "{}" in text]))
    values = data.draw(st.lists(NAMES, min_size=9, max_size=9))
    given_values = iter(values)
    filled = re.sub(r"\{\*?\}", lambda _: next(given_values), english)
    filled = filled.replace("{{", "{").replace("}}", "}")
    said = french(filled)
    used = values[: len(HOLE.findall(english))]
    assert all(value in said for value in used)


def test_a_text_in_a_text_is_said_in_french_too():
    text = "a wrong separator: this file is cut by a tab"
    assert french(text) == "un mauvais séparateur : ce fichier est découpé par une tabulation"
    assert french("a known operator: caf, msa") == "un nom connu d'opérateur : caf, msa"
    assert french("a known set of criteria: a, b") == "un nom connu de jeu de critères : a, b"


@pytest.mark.parametrize("text", ["'none'", "'a folder'", '"no such key"', "'3 for 4'", "43.2", ""])
def test_what_a_file_holds_is_never_translated(text):
    assert french(text) == text


def test_an_unknown_text_stays():
    assert french("something new under the sun") == "something new under the sun"


def test_a_fault_says_where_what_and_why():
    fault = Fault("a.csv", "this column", "the columns x, y", "a typing mistake", 2, "lon")
    assert fault.in_french() == (
        "a.csv, ligne 2, colonne « lon » : attendu cette colonne, trouvé les colonnes x, y. "
        "Cause probable : une faute de frappe"
    )
    assert str(fault).startswith("a.csv, row 2, column 'lon': expected this column")


def test_all_faults_are_listed_up_to_200():
    error = InputError([Fault("a.csv", "a value", "nothing", row=n) for n in range(1, 204)])
    lines = error.in_french().splitlines()
    assert lines[0] == "203 fautes dans les données :"
    assert lines[1] == "  - a.csv, ligne 1 : attendu une valeur, trouvé rien"
    assert lines[-1] == "  … et 3 autres"
    assert len(lines) == len(str(error).splitlines()) == 202
    assert pickle.loads(pickle.dumps(error)).in_french() == error.in_french()  # noqa: S301 (our own)
    assert InputError(error.faults[:1]).in_french().startswith("1 faute dans")


def test_a_message_in_a_message():
    message = (
        "out: expected a folder for the outputs, found a file. Likely cause: a wrong folder name"
    )
    assert OutputError(message).in_french() == (
        "out : attendu un dossier pour les résultats, trouvé un fichier. "
        "Cause probable : a wrong folder name"
    )


TOML = """
name = "A"
departement = "01"
[communes]
path = "c.gpkg"
[[roads]]
format = "lines"
path = "r.gpkg"
[[facilities]]
source = "bpe"
path = "b.csv"
[thresholds]
proximite_min = 4
intermediaire_min = 10
superieure_min = 20
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('name = "A"', "name = 3"),
        ('name = "A"', 'nom = "A"'),
        ("= 4", '= "four"'),
        ("= 4", "= 40"),
        ("= 4", "= "),
        ('"lines"', '"shapes"'),
        ('"bpe"', '"bpee"'),
        ('"01"', '"01"\nbuffer_km = -1'),
        ("[thresholds]", "[assumptions]\nsnap_limit_m = -3\n[thresholds]"),
        ("[thresholds]", '[assumptions]\nmissing_service = "zero"\n[thresholds]'),
        ("[thresholds]", '[basket]\nname = "sdaasp"\n[thresholds]'),
        ("[thresholds]", '[origins]\nkind = "squares"\n[thresholds]'),
    ],
)
def test_a_wrong_territory_file_is_told_in_french_alone(tmp_path, old, new):
    path = tmp_path / "t.toml"
    path.write_text(TOML.replace(old, new, 1), "utf-8")
    with pytest.raises(InputError) as caught:
        sg.read_territory(path)
    told = caught.value.in_french().replace(str(path), "")
    words = re.sub(r"'[^']*'|\"[^\"]*\"", "", told)
    english = {"expected", "found", "the", "should", "than", "with", "valid", "known", "did"}
    assert not english.intersection(re.findall(r"\w+", words.lower())), told


def follow(tmp_path, text):
    (tmp_path / "a.py").write_text(textwrap.dedent(text), "utf-8")
    (tmp_path / "assumptions.py").write_text("", "utf-8")
    (tmp_path / "territory").mkdir()
    (tmp_path / "territory" / "reading.py").write_text("", "utf-8")
    parsed = Source(tmp_path)
    return set(Follower(parsed).all(parsed.sinks()))


FAULT = """
class SdaaspError(Exception): ...
class Fault:
    file: str
    expected: str
    found: str
    cause: str
"""


@pytest.mark.parametrize(
    ("code", "texts"),
    [
        ("Fault('f', 'one thing', repr(x))", {"one thing"}),
        ("Fault('f', f'one of {names}', 'none')", {"one of {}", "none"}),
        ("Fault('f', expected='at least' if a else 'at most')", {"at least", "at most"}),
        ("SdaaspError(f'{path}: expected a file, found {what}')", {"a file"}),
        (
            """
            def make(expected):
                return Fault('f', expected, 'nothing')
            make('a row' + '!')
            """,
            {"a row!", "nothing"},
        ),
        (
            """
            def near(name):
                return f' (or {name})' if name else ''
            def make(name):
                cause = 'a mistake'
                cause += ': look again'
                for what in ('left', 'right'):
                    Fault('f', f'the {what} side{near(name)}', 'none', cause)
            """,
            {"the {*} side{*}", "left", "right", " (or {})", "none"}
            | {"a mistake", "a mistake: look again"},
        ),
        (
            """
            KINDS = {'a': 'first kind', 'b': 'other kind'}
            class WrongError(SdaaspError): ...
            raise WrongError(KINDS.get(x, 'no kind'))
            """,
            {"first kind", "other kind", "no kind"},
        ),
    ],
)
def test_texts_are_followed_back_to_where_they_are_made(tmp_path, code, texts):
    assert follow(tmp_path, FAULT + textwrap.dedent(code)) == texts


def test_the_longest_form_wins(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text(
        '[a]\n"{} of {}" = "{} sur {}"\n"{} of all {}" = "{} de tous les {}"\n', "utf-8"
    )
    whole = read_catalogue(path)
    assert whole.translated("3 of all rows", str) == "3 de tous les rows"
    assert ast.literal_eval(repr(whole.translated("3 of 4", str))) == "3 sur 4"
