"""One run of a command: what it says, to people or as JSON, and the code it ends with."""

from __future__ import annotations

import json
import logging
import shutil
import sys
import textwrap
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import typer

import sdaasp_geo.cli.progress as bars
from sdaasp_geo.cli.words import said, spoken
from sdaasp_geo.errors import InputError, SdaaspError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from sdaasp_geo.cli.settings import Settings
    from sdaasp_geo.pipeline.progress import Progress

DONE, INPUT_FAULT, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130
Status = Literal["done", "refused", "wrong_usage", "interrupted", "failed"]
_STATUS: dict[int, Status] = {
    DONE: "done",
    INPUT_FAULT: "refused",
    WRONG_USAGE: "wrong_usage",
    INTERRUPTED: "interrupted",
}
_LOGGER = logging.getLogger("sdaasp_geo")
_INTERRUPTED = "interrupted; earlier outputs are as they were"


@dataclass
class Session:
    """What one command has to say.

    Parameters
    ----------
    command
        Its name.
    settings
        Language, quiet, JSON, verbose.
    files, figures, warnings, findings
        What came of it, for the JSON.
    """

    command: str
    settings: Settings
    files: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    warnings: list[dict[str, str]] = field(default_factory=list)
    findings: list[dict[str, Any]] | None = None

    def words(self, template: str, *values: object) -> str:
        """Return a sentence in the reader's language."""
        return spoken(self.settings.language, template, *values)

    def say(self, template: str, *values: object) -> None:
        """Say a sentence, unless errors alone or JSON are wanted."""
        self.show(self.words(template, *values))

    def show(self, text: str) -> None:
        """Show a text that is already in a language, or is none: a path, a table."""
        if not (self.settings.quiet or self.settings.json):
            typer.echo(text)

    def warn(self, subject: str, message: str) -> None:
        """Tell what the reader of the figures should know."""
        self.warnings.append({"subject": subject, "message": message})
        self.say("{}: {}", subject, message)

    def wrote(self, files: Sequence[Path]) -> None:
        """Name the files that were written."""
        for path in files:
            self.files.append(str(path))
            self.show(str(path))
        self.say("{} files written", len(files))

    def found(self, figures: Mapping[str, Any]) -> None:
        """Keep the figures of a result, as its ``summary.json`` has them."""
        self.figures |= {name: figures[name] for name in figures if name != "provenance"}

    def progress(self) -> AbstractContextManager[Progress]:
        """Show where the work is: on a terminal, or step by step if asked."""
        return bars.steps(self)

    def bytes_progress(self) -> AbstractContextManager[Progress]:
        """Show the bytes that came, on a terminal."""
        return bars.downloads(self)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run a command, say what went wrong, and leave with its code.

        Raises
        ------
        typer.Exit
            With the code, unless it is 0.
        """
        handler = _Telling(self)
        _LOGGER.addHandler(handler)
        level = _LOGGER.level
        if self.settings.verbose:
            _LOGGER.setLevel(logging.INFO)
        try:
            yield
            code = DONE
        except typer.Exit as end:
            code = end.exit_code
        except SdaaspError as error:
            code = INPUT_FAULT
            self._refused(error)
        except KeyboardInterrupt:
            code = INTERRUPTED
            self._complain(f"sdaasp-geo: {self.words(_INTERRUPTED)}")
            self._close(code, message=self.words(_INTERRUPTED))
        except Exception as error:
            # A fault of the library's own: programs get their object, people the traceback.
            self._close(INPUT_FAULT, message=f"{type(error).__name__}: {error}", status="failed")
            raise
        else:
            self._close(code)
        finally:
            _LOGGER.removeHandler(handler)
            _LOGGER.setLevel(level)
        if code != DONE:
            raise typer.Exit(code)

    def finish(self, code: int) -> None:
        """End with a code that is no error: the answer of a command is in it."""
        self._close(code)
        raise typer.Exit(code)

    def misused(self, message: str, usage: str, path: str) -> None:
        """Say that the command was called wrongly, and how it is called."""
        told = said(self.settings.language, message)
        self._complain(f"sdaasp-geo: {told}")
        if usage:
            self._complain(f"{self.words('Usage:')} {usage}")
            self._complain(self.words("See {}", f"{path} --help"))
        self._close(WRONG_USAGE, message=told)

    def _refused(self, error: SdaaspError) -> None:
        french = self.settings.language == "fr"
        told = error.in_french() if french else str(error)
        faults = []
        if isinstance(error, InputError):
            self._complain(told)
            faults = [_plain(fault, french=french) for fault in error.faults]
        else:
            self._complain(f"sdaasp-geo: {told}")
        self._close(INPUT_FAULT, message=told, faults=faults)

    def _complain(self, text: str) -> None:
        if not self.settings.json:
            typer.echo(_folded(text) if sys.stderr.isatty() else text, err=True)

    def _close(
        self,
        code: int,
        *,
        message: str = "",
        faults: Sequence[dict[str, Any]] = (),
        status: Status | None = None,
    ) -> None:
        if not self.settings.json:
            return
        from sdaasp_geo.pipeline.provenance import version  # noqa: PLC0415 (only for JSON)

        told = {
            "command": self.command,
            "version": version(),
            "language": self.settings.language,
            "status": status or _STATUS.get(code, "refused"),
            "exit_code": code,
            "files": self.files,
            "figures": self.figures,
            "warnings": self.warnings,
            "faults": list(faults),
            "message": message,
        }
        if self.findings is not None:
            told["findings"] = self.findings
        typer.echo(json.dumps(told, ensure_ascii=False, default=_number))

    def logged(self, record: logging.LogRecord) -> None:
        """Say what the library logs."""
        template = str(record.msg)
        message = self.words(template.replace("%s", "{}").replace("%d", "{}"), *_values(record))
        if record.levelno < logging.WARNING:
            if not (self.settings.quiet or self.settings.json):
                typer.echo(f"  {message}", err=True)
            return
        self.warnings.append({"subject": self.command, "message": message})
        if not (self.settings.quiet or self.settings.json):
            typer.echo(f"sdaasp-geo: {message}", err=True)


class _Telling(logging.Handler):
    """Hands what the library logs to a session."""

    def __init__(self, session: Session) -> None:
        super().__init__(logging.INFO if session.settings.verbose else logging.WARNING)
        self._session = session

    def emit(self, record: logging.LogRecord) -> None:
        self._session.logged(record)


def _values(record: logging.LogRecord) -> tuple[object, ...]:
    return record.args if isinstance(record.args, tuple) else ()


def _plain(fault: Any, *, french: bool) -> dict[str, Any]:  # noqa: ANN401 (a Fault)
    from sdaasp_geo.errors.translation import french as in_french  # noqa: PLC0415 (only for JSON)

    texts = {name: getattr(fault, name) for name in ("expected", "found", "cause")}
    if french:
        texts = {name: in_french(text) for name, text in texts.items()}
    return {"file": fault.file, "row": fault.row, "column": fault.column, **texts}


def _number(value: Any) -> Any:  # noqa: ANN401 (a number of numpy, or a path)
    return value.item() if hasattr(value, "item") else str(value)


def _folded(text: str) -> str:
    """Fold long lines for a terminal, so that each fault stands apart."""
    width = max(40, min(shutil.get_terminal_size().columns, 120))
    folded = []
    for line in text.splitlines():
        indent = " " * (len(line) - len(line.lstrip(" -")))
        folded += textwrap.wrap(
            line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        ) or [""]
    return "\n".join(folded)
