"""What the site shows that does not lie in this folder: notebooks, territory files, changes.

Pages link to these files by their places in the project, so that the links work where the
sources are read as well; here they are turned to their places in the site.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.plugins import event_priority
from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
# Kept as they are beside the pages, or shown as pages (notebooks).
OUTSIDE = ("notebooks/*.ipynb", "territories/*.toml", "CITATION.cff")
# Files of the project that a page of the site already shows.
SHOWN_BY = {"CHANGELOG.md": "changelog.md", "README.md": "index.md"}
# What docstrings say to Sphinx, which no Markdown reads.
ROLE = re.compile(r":(?:attr|class|data|exc|func|meth|mod):<code>~?([\w.]+)</code>")
LINK = re.compile(r"(?<=\]\()((?:\.\./)+)([^)#\s]+)")


# Before mkdocs-jupyter, which turns the notebooks that it finds into pages.
@event_priority(100)
def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the files that lie outside of the documentation's folder."""
    for pattern in OUTSIDE:
        for path in sorted(ROOT.glob(pattern)):
            name = path.relative_to(ROOT).as_posix()
            files.append(File(name, str(ROOT), config.site_dir, config.use_directory_urls))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """Turn links that leave the folder to the same files in the site."""
    here = posixpath.dirname(page.file.src_uri)
    known = {file.src_uri for file in files} | set(SHOWN_BY)

    def place(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join("docs", here, match[1] + match[2]))
        if target not in known:
            return match[0]
        return posixpath.relpath(SHOWN_BY.get(target, target), here or ".")

    return LINK.sub(place, markdown)


def on_page_content(html: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """Turn the names that docstrings refer to into links, where the site has them."""
    return ROLE.sub(_reference, html)


def _reference(match: re.Match[str]) -> str:
    short = match[1].rpartition(".")[2]
    return f'<autoref identifier="{match[1]}" optional><code>{short}</code></autoref>'
