"""Records of a large JSON file one after the other, in bounded memory."""

from __future__ import annotations

import codecs
import json
from typing import TYPE_CHECKING, Any, NoReturn

from sdaasp_geo.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# No record of a directory is a hundredth of it: a longer one is a file of another form.
_MOST_CHARACTERS = 1 << 22
_SPACE = " \t\r\n"


def json_records(
    pieces: Iterable[bytes], file: str, *, keys: tuple[str, ...]
) -> Iterator[dict[str, Any] | None]:
    """Yield the records of a JSON file that is read piece by piece.

    Parameters
    ----------
    pieces
        The bytes of the file, UTF-8 with or without a byte order mark.
    file
        For messages.
    keys
        Names under which the list of records may stand; a file that is the list itself
        needs none.

    Yields
    ------
    dict or None
        Each object of the list; None for an entry that is no object.

    Raises
    ------
    InputError
        If the file is no JSON, is cut, or holds no such list; records before the fault
        have been given by then.

    Examples
    --------
    >>> list(json_records([b'{"date": 1, "service": [{"a"', b': 1}, 2]}'], "f", keys=("service",)))
    [{'a': 1}, None]
    """
    return _Reader(pieces, file).records(keys)


class _Reader:
    def __init__(self, pieces: Iterable[bytes], file: str) -> None:
        self._pieces = iter(pieces)
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._json = json.JSONDecoder()
        self._text, self._at, self._ended = "", 0, False
        self._count = 0

    def records(self, keys: tuple[str, ...]) -> Iterator[dict[str, Any] | None]:
        opening = self._next()
        if opening == "[":
            yield from self._list()
        elif opening == "{":
            yield from self._object(keys)
        else:
            self._refuse("a list of records in JSON", repr(opening) if opening else "nothing")
        if self._next():
            self._refuse("one list of records", f"{self._next()!r} behind it")

    def _object(self, keys: tuple[str, ...]) -> Iterator[dict[str, Any] | None]:
        self._at += 1
        found, names = False, []
        while self._next() not in {"}", ""}:
            name = self._value()
            names.append(str(name))
            self._take(":")
            if name in keys and self._next() == "[":
                found = True
                yield from self._list()
            else:
                self._value()
            if self._next() == ",":
                self._at += 1
        self._take("}")
        if not found:
            wanted = " or ".join(repr(key) for key in keys)
            self._refuse(f"a list of records under {wanted}", ", ".join(names[:20]) or "no key")

    def _list(self) -> Iterator[dict[str, Any] | None]:
        self._take("[")
        while self._next() not in {"]", ""}:
            value = self._value()
            self._count += 1
            yield value if isinstance(value, dict) else None
            if self._next() == ",":
                self._at += 1
        self._take("]")

    def _next(self) -> str:
        """Return the next character that is no space, or nothing at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def _take(self, expected: str) -> None:
        found = self._next()
        if found != expected:
            self._refuse(f"{expected!r}", repr(found) if found else "the end of the file")
        self._at += 1

    def _value(self) -> Any:  # noqa: ANN401 (JSON)
        self._next()
        while True:
            try:
                value, end = self._json.raw_decode(self._text, self._at)
            except (ValueError, RecursionError) as error:
                if len(self._text) - self._at > _MOST_CHARACTERS or not self._more():
                    self._refuse("JSON", str(error))
                continue
            # A number at the very end of what is known may go on.
            if end < len(self._text) or not self._more():
                self._at = end
                return value

    def _more(self) -> bool:
        """Read on; what is behind us is dropped."""
        if self._ended:
            return False
        piece = next(self._pieces, b"")
        self._ended = not piece
        try:
            text = self._decoder.decode(piece, final=self._ended)
        except UnicodeDecodeError as error:
            self._refuse("text in UTF-8", str(error))
        self._text = self._text[self._at :] + text
        self._at = 0
        return True

    def _refuse(self, expected: str, found: str) -> NoReturn:
        cause = "an interrupted download, or another file"
        raise InputError([Fault(self._file, expected, found, cause, row=self._count + 1)])
