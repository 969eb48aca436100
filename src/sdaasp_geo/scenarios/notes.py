"""What a committee should know of a scenario besides its figures."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

COLUMNS = ("subject", "kind", "note")


@dataclass
class Remarks:
    """Remarks as they come, made a table at the end."""

    rows: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, subject: str, kind: str, note: str) -> None:
        """Add one remark, in French; the same one twice is one."""
        if (subject, kind, note) not in self.rows:
            self.rows.append((subject, kind, note))

    def table(self) -> pd.DataFrame:
        """``subject kind note``, in the order of the remarks."""
        return pd.DataFrame(self.rows, columns=list(COLUMNS)).astype("str")
