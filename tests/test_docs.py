"""The documentation: its code runs, its commands parse, its links lead somewhere, it is complete."""

import dataclasses
import logging
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
import typer
from pydantic import TypeAdapter, ValidationError

import sdaasp_geo as sg
from sdaasp_geo import cli
from sdaasp_geo.cli.app import app
from sdaasp_geo.territory import sections
from sdaasp_geo.territory.sections import TerritoryToml

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMES = {path: path.relative_to(ROOT).as_posix() for path in PAGES}


def blocks(page, *languages):
    """Code blocks of a page in these languages, with the line each begins on."""
    text = page.read_text("utf-8")
    return [
        (text[: found.start()].count("\n") + 2, found[2])
        for found in FENCE.finditer(text)
        if found[1] in languages
    ]


def commands(page):
    """Lines that call the command line, continued lines joined, comments cut."""
    for line, block in blocks(page, "sh", "console", ""):
        for text in block.replace("\\\n", " ").splitlines():
            if "sdaasp-geo " not in text:
                continue
            words = shlex.split(text.removeprefix("$ "), comments=True)
            if words and words[0].removeprefix(".venv/bin/") == "sdaasp-geo":
                told = words[1:]
                for sign in ("|", ">", "2>"):
                    told = told[: told.index(sign)] if sign in told else told
                yield line, told


# --- code -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """The folder of somebody who has the project's example, and one network for all pages."""
    folder = tmp_path_factory.mktemp("reader")
    (folder / "data" / "raw").mkdir(parents=True)
    shutil.copytree(ROOT / "data" / "raw" / "exemple", folder / "data" / "raw" / "exemple")
    shutil.copytree(ROOT / "territories", folder / "territories")
    return folder


def alike(one, other):
    """Tell whether a question's parts are the same; diagnostics are, if they are one."""
    return one is other or (isinstance(one, sg.Territory | sg.Scenario) and one == other)


def remembering(function):
    """Give the earlier answer to an equal question: territories, scenarios, results are frozen."""
    told = []

    def remembered(*asked, **options):
        for question, answer in told:
            if all(map(alike, question, asked)):
                return answer
        told.append((asked, function(*asked, **options)))
        return told[-1][1]

    return remembered


@pytest.fixture(scope="module")
def once(reader):
    """Let all pages share what they measure alike."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("check", "diagnose", "simulate"):
            patch.setattr(sg, name, remembering(getattr(sg, name)))
        yield


TUTORIAL = DOCS / "tutorial.md"
CODED = [page for page in PAGES if blocks(page, "python") and page != TUTORIAL]


@pytest.mark.parametrize("page", CODED, ids=NAMES.get)
def test_the_code_of_each_page_runs_as_it_stands(page, reader, once, monkeypatch):
    monkeypatch.chdir(reader)
    monkeypatch.setattr(logging, "basicConfig", lambda **_: None)
    space = {"__name__": "page"}
    with mpl.rc_context({"backend": "agg"}):
        for line, block in blocks(page, "python"):
            # The lines of the page, so that a failure names the one to look at.
            code = compile("\n" * (line - 1) + block, str(page), "exec")
            exec(code, space)  # noqa: S102
    plt.close("all")


@pytest.fixture
def typed(monkeypatch, capsys):
    """Type a command as a reader would."""

    def command(words):
        monkeypatch.setattr(sys, "argv", ["sdaasp-geo", *words])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        assert caught.value.code == 0, capsys.readouterr().err

    return command


def test_the_tutorial_ends_with_a_map(tmp_path, reader, once, typed, monkeypatch):
    # The example's files are those of the project, byte for byte (tests/example): copying
    # them is what writing them comes to.
    def copied(folder):
        shutil.copytree(ROOT / "data" / "raw" / "exemple", folder, dirs_exist_ok=True)
        told = (ROOT / "territories" / "exemple.toml").read_text("utf-8")
        told = told.replace("../data/raw/exemple/", "").replace("../data/processed/cache", "cache")
        (folder / "exemple.toml").write_text(told, encoding="utf-8")
        return [folder / "exemple.toml"]

    monkeypatch.setattr(sg, "write_example", lambda folder, **_: copied(Path(folder)))
    monkeypatch.chdir(tmp_path)
    # The network that the other pages built: the same roads under the same choices.
    shutil.copytree(reader / "data" / "processed" / "cache", tmp_path / "kept")
    space = {"__name__": "page"}
    text = TUTORIAL.read_text("utf-8")
    with mpl.rc_context({"backend": "agg"}):
        for found in FENCE.finditer(text):
            if found[1] == "sh":
                for words in map(shlex.split, found[2].splitlines()):
                    if words[0] == "sdaasp-geo":
                        typed(words[1:])
                        if words[1] == "example":
                            (tmp_path / "kept").rename(tmp_path / words[2] / "cache")
            if found[1] == "python":
                exec(compile(found[2], str(TUTORIAL), "exec"), space)  # noqa: S102
    plt.close("all")
    assert (tmp_path / "superieure.png").stat().st_size > 50_000
    assert (tmp_path / "gains.png").is_file()
    page = (tmp_path / "resultats" / "observatoire.html").read_text("utf-8")
    assert "Aigues-Brunes" in page
    for name in re.findall(r"^\| `([^|]+?)` \|", text, re.MULTILINE):
        for file in name.replace("`", "").split(", "):
            assert (tmp_path / "resultats" / file).is_file(), file


# --- commands ---------------------------------------------------------------------------


@pytest.mark.parametrize("page", [page for page in PAGES if list(commands(page))], ids=NAMES.get)
def test_each_command_of_each_page_can_be_typed(page):
    whole = typer.main.get_command(app)
    for line, words in commands(page):
        rest = [word for word in words if word not in {"-q", "--quiet", "--json", "-v"}]
        if "--lang" in rest:
            at = rest.index("--lang")
            del rest[at : at + 2]
        if not rest or rest[0] == "COMMAND" or rest[0].startswith("-"):
            continue
        assert rest[0] in whole.commands, f"{page}:{line}"
        if "--help" in rest:
            continue
        context = whole.commands[rest[0]].make_context(rest[0], rest[1:], resilient_parsing=False)
        assert context.params, f"{page}:{line}"


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "toml")], ids=NAMES.get)
def test_each_piece_of_a_territory_file_is_one(page):
    fields = TerritoryToml.model_fields
    for line, block in blocks(page, "toml"):
        told = tomllib.loads(block)
        # Others are of scenarios, baskets and criteria.
        if set(told) <= set(fields) - {"name"} or "departement" in told:
            for key, value in told.items():
                try:
                    TypeAdapter(fields[key].annotation).validate_python(value)
                except ValidationError as error:
                    pytest.fail(f"{page}:{line}: {key}: {error}")


# --- what must be told --------------------------------------------------------------------


def test_every_assumption_is_told_with_its_default():
    page = (DOCS / "assumptions.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", page, re.MULTILINE))
    defaults = {item.name: getattr(sg.Assumptions(), item.name) for item in FIELDS}
    assert list(rows) == list(defaults)
    for name, value in defaults.items():
        if isinstance(value, dict):
            for key, number in value.items():
                assert f"`{key}` {number:g}" in page, name
        elif isinstance(value, tuple):
            assert rows[name] == ", ".join(f"`{item}`" for item in value)
        else:
            assert rows[name] == f"`{value}`"
    measured = page.partition("<!-- measured: begin -->")[2]
    for name in defaults:
        assert f"| `{name}" in measured, f"{name} has no measured effect"


FIELDS = dataclasses.fields(sg.Assumptions)


def test_every_public_name_has_its_place_in_the_reference_and_one_alone():
    pages = [page.read_text("utf-8") for page in sorted((DOCS / "reference").glob("*.md"))]
    placed = [
        name
        for page in pages
        for name in re.findall(r"^::: sdaasp_geo\.(\w+)$", page, re.MULTILINE)
    ]
    assert sorted(placed) == sorted(sg.__all__)
    index = (DOCS / "reference" / "index.md").read_text("utf-8")
    listed = re.findall(r"^\| \[`(\w+)`\]", index, re.MULTILINE)
    assert sorted(listed) == sorted(sg.__all__)


def keys_of(section):
    """Keys of a section of the territory file, with those of the sections in it."""
    for name, field in section.model_fields.items():
        yield name
        for model in models_in(field.annotation):
            yield from keys_of(model)


def models_in(annotation):
    if hasattr(annotation, "model_fields"):
        yield annotation
    for part in getattr(annotation, "__args__", ()):
        yield from models_in(part)


def test_every_key_and_word_of_the_territory_file_is_told():
    page = (DOCS / "territory.md").read_text("utf-8")
    told = set(re.findall(r"[`.\[](\w+)[`\]]", page))
    assert not set(keys_of(TerritoryToml)) - told
    for words in ("FacilitySource", "SiteSource", "RoadFormat", "RoadProfile"):
        assert not set(getattr(sections, words).__args__) - told, words
    assert set(sg.shipped_baskets()) <= set(re.findall(r"`([\w-]+)`", page))


def test_every_layer_is_in_the_picture():
    sys.path.insert(0, str(DOCS))
    try:
        import draw_architecture as drawing  # noqa: PLC0415
    finally:
        sys.path.remove(str(DOCS))
    assert drawing.PICTURE.read_text("utf-8") == drawing.picture()


def test_the_citation_is_of_this_version():
    citation = (ROOT / "CITATION.cff").read_text("utf-8")
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert f"version: {version}" in citation
    assert f"version {version}" in (DOCS / "cite.md").read_text("utf-8")


# --- the site -----------------------------------------------------------------------------


class Anchors(HTMLParser):
    """Ids of a page, and where it leads."""

    def __init__(self):
        super().__init__()
        self.ids, self.links, self.sources = set(), set(), set()

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        self.ids |= {told[key] for key in ("id", "name") if told.get(key)}
        if tag == "a" and told.get("href"):
            self.links.add(told["href"])
        if tag in {"script", "img", "iframe"} and told.get("src"):
            self.sources.add(told["src"])
        if tag == "link" and told.get("rel") != "canonical" and told.get("href"):
            self.sources.add(told["href"])


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, built as `make docs` does, without running the notebooks."""
    pytest.importorskip("mkdocs")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    # Proxies that nobody answers at: a build that asked the network would fail.
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "HTTPS_PROXY"), "http://127.0.0.1:9")
    environment = {**os.environ, **nowhere, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    pages = {}
    for path in sorted(folder.rglob("*.html")):
        pages[path] = Anchors()
        pages[path].feed(path.read_text("utf-8"))
    return folder, pages


def test_every_link_of_the_site_leads_somewhere(site):
    folder, pages = site
    broken = []
    for page, anchors in pages.items():
        if page.name == "404.html":
            continue
        for link in anchors.links:
            target, _, anchor = link.partition("#")
            if ":" in target:
                continue
            path = (page.parent / unquote(target)).resolve() if target else page
            if not path.exists() or (
                anchor and path in pages and unquote(anchor) not in pages[path].ids
            ):
                broken.append(f"{page.relative_to(folder)} -> {link}")
    assert not broken


def test_the_site_asks_nothing_of_the_network(site):
    folder, pages = site
    for page, anchors in pages.items():
        foreign = {source for source in anchors.sources if "//" in source}
        assert not foreign, page.relative_to(folder)
        if page.name != "404.html":
            for source in anchors.sources:
                found = (page.parent / unquote(source.partition("?")[0])).resolve()
                assert source.startswith("data:") or found.is_file(), source


def test_the_reference_shows_every_public_name(site):
    _, pages = site
    shown = set().union(*(anchors.ids for anchors in pages.values()))
    assert {f"sdaasp_geo.{name}" for name in sg.__all__} <= shown


def test_links_of_the_readme_lead_to_files():
    text = (ROOT / "README.md").read_text("utf-8")
    for link in re.findall(r"\]\(([^)#]+)", text):
        assert (ROOT / link).exists(), link
