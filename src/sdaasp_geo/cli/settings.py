"""What every command is told: the language, how much to say, and in which form."""

from __future__ import annotations

import dataclasses
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sdaasp_geo.cli.words import LANGUAGES, Language, language_of

if TYPE_CHECKING:
    from collections.abc import Sequence

PANEL = "Common options"


@dataclass(frozen=True)
class Settings:
    """How a command speaks.

    Parameters
    ----------
    language
        Of messages, errors and help.
    quiet
        Whether errors alone are said.
    json
        Whether one JSON object on the standard output says everything.
    verbose
        Whether the steps are told as they are made.
    """

    language: Language = "en"
    quiet: bool = False
    json: bool = False
    verbose: bool = False

    def told(self, *, quiet: bool, as_json: bool, verbose: bool, lang: str | None) -> Settings:
        """Return the settings with what an option adds to them."""
        language: Language = self.language
        if lang is not None:
            language = "fr" if lang == "fr" else "en"
        return dataclasses.replace(
            self,
            language=language,
            quiet=self.quiet or quiet,
            json=self.json or as_json,
            verbose=self.verbose or verbose,
        )


def settings_of(arguments: Sequence[str]) -> Settings:
    """Return what can be told before the arguments are parsed: wrong ones need a language."""
    return Settings(language_of(arguments, os.environ), json="--json" in arguments)


def settings_in(context: Any) -> Settings:  # noqa: ANN401 (typer's context, whose home moved)
    """Return the settings of a running command."""
    found = context.find_root().obj if context is not None else None
    return found if isinstance(found, Settings) else settings_of(sys.argv[1:])


def _known(value: str | None) -> str | None:
    if value is not None and value not in LANGUAGES:
        message = f"{value!r} is not one of {', '.join(LANGUAGES)}."
        raise typer.BadParameter(message)
    return value


def _languages(incomplete: str) -> list[str]:
    return [name for name in LANGUAGES if name.startswith(incomplete)]


Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Say errors alone.", rich_help_panel=PANEL)
]
AsJson = Annotated[
    bool,
    typer.Option(
        "--json", help="Say everything as one JSON object, for programs.", rich_help_panel=PANEL
    ),
]
Verbose = Annotated[
    bool,
    typer.Option("--verbose", "-v", help="Tell each step as it is made.", rich_help_panel=PANEL),
]
Lang = Annotated[
    str | None,
    typer.Option(
        "--lang",
        metavar="fr|en",
        help="Language of messages and help; by default, that of the locale.",
        callback=_known,
        autocompletion=_languages,
        rich_help_panel=PANEL,
    ),
]
COMMON: dict[str, Any] = {"quiet": Quiet, "as_json": AsJson, "verbose": Verbose, "lang": Lang}
