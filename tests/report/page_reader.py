"""Reads a page as a browser would: elements with their attributes and text."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "img", "br", "link", "input", "hr"}


@dataclass
class Element:
    tag: str
    attributes: dict
    children: list = field(default_factory=list)

    @property
    def text(self):
        return "".join(c if isinstance(c, str) else c.text for c in self.children)

    def all(self, tag):
        found = []
        for child in self.children:
            if not isinstance(child, str):
                found += [child] if child.tag == tag else []
                found += child.all(tag)
        return found

    def by_id(self, name):
        for child in self.children:
            if isinstance(child, str):
                continue
            if child.attributes.get("id") == name:
                return child
            if (found := child.by_id(name)) is not None:
                return found
        return None


class Reader(HTMLParser):
    """Refuses what is not closed in order."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, names)
        element = Element(tag, dict(attrs))
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag):
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data):
        self.open[-1].children.append(data)


def read_page(text):
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == [reader.root], reader.open[-1].tag
    return reader.root


def plain(text):
    """Text with single, breakable spaces."""
    return " ".join(text.replace("\u202f", " ").replace("\u00a0", " ").split())


def rows_of(table):
    """Cells of the body of a table as plain text, group headings left out."""
    rows = []
    for row in table.all("tr"):
        cells = [c for c in row.children if not isinstance(c, str)]
        if all(cell.tag == "td" or cell.attributes.get("scope") == "row" for cell in cells):
            rows.append([plain(cell.text) for cell in cells])
    return rows
