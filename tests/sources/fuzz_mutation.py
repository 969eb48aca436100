"""Seeded damage to files: what exports, spreadsheets and broken downloads do, and worse."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

# What has broken readers of such files, here or elsewhere.
TOKENS: tuple[bytes, ...] = (
    *(b'"', b'""', b'"""', b"'", b";", b",", b"\t", b"|", b"\n", b"\r", b"\r\n", b"\n\n"),
    *(
        b"\x00",
        b"\x1a",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\xc2\xa0",
        b"\xe2\x80\xaf",
        b"\xe9",
        b"\xc3",
    ),
    *("é".encode(), "e\u0301".encode(), "İ".encode(), "１３".encode(), b"\xf0\x9f\x98\x80"),
    *(b"NA", b"NaN", b"nan", b"inf", b"-inf", b"null", b"None", b"#REF!", b"=1+1", b"true"),
    *(b"0", b"-0", b"-1", b"1e999", b"1e-400", b"9" * 30, b"1_000", b"0x10", b"1 234", b"1,5"),
    *(b"1004", b"01004", b"2A004", b"2a004", b"97411", b"13055", b"13201", b"99999", b"_T", b"_Z"),
    *(b"2013", b"2024", b"2021-02-30", b"24:00", b"25h61", b"-12h", b"9h-", b"h", b"lundi"),
    *(b"[", b"]", b"[[", b"{", b"}", b"=", b"#", b"\\", b"\\u0000", b"..", b"/", b"%s", b"$"),
    *(b" " * 50, b"a" * 5000, b";" * 300, b'"' * 301),
)


def mutated(seed: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """Damage a file a few times.

    Parameters
    ----------
    seed
        A file that is read without fault, or not far from one.
    others
        Files to take pieces from.
    random
        Decides everything.
    """
    data = bytearray(seed)
    for _ in range(random.choice((1, 1, 1, 2, 2, 3, 5, 8))):
        _damage(data, others, random)
    return bytes(data)


def _damage(data: bytearray, others: Sequence[bytes], random: Random) -> None:
    start = random.randrange(len(data) + 1)
    end = min(start + random.choice((0, 1, 1, 2, 4, 8, 30, 200)), len(data))
    kind = random.randrange(8)
    if kind <= 1:
        data[start:start] = random.choice(TOKENS)
    elif kind == 2:
        data[start:end] = random.choice(TOKENS)
    elif kind == 3:
        del data[start:end]
    elif kind == 4:
        data[start:start] = data[start:end] * random.choice((1, 2, 20))
    elif kind == 5 and len(data):
        data[min(start, len(data) - 1)] = random.randrange(256)
    elif kind == 6:
        other = random.choice(others)
        place = random.randrange(len(other) + 1)
        data[start:end] = other[place : place + random.choice((1, 5, 20, 100))]
    elif kind == 7 and random.random() < 0.3:
        del data[start:]
    elif random.random() < 0.5:
        _swap_value(data, random)
    else:
        _swap_cells(data, random)


def _swap_cells(data: bytearray, random: Random) -> None:
    """Replace one cell by a token: deeper than damage to the form."""
    separators = [place for place, octet in enumerate(data) if octet in b";,=\n"]
    if len(separators) > 1:
        place = random.randrange(len(separators) - 1)
        data[separators[place] + 1 : separators[place + 1]] = random.choice(TOKENS)


def _swap_value(data: bytearray, random: Random) -> None:
    """Replace what stands between two marks, so that JSON, XML and TOML keep their form."""
    marks = [place for place, octet in enumerate(data) if octet in b'"<>']
    if len(marks) > 1:
        place = random.randrange(len(marks) - 1)
        value = random.choice(TOKENS).translate(None, b'"<>&\\\n\r')
        data[marks[place] + 1 : marks[place + 1]] = value
