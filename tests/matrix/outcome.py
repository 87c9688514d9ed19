"""What came of a point: how the programs ended, how the tenancy stood then, and what is wrong with that."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from tests.matrix.judging import End
from tests.programs.forked import Started


@dataclass(frozen=True)
class Outcome:
    """One line of the table; `wrong` is empty where all is as it must be."""

    point: str
    kind: str
    life: str
    codes: tuple[int | None, ...]
    ends: tuple[str, ...]
    wrong: tuple[str, ...]
    seconds: float
    output: str = ""
    played: str = ""  # when, in UTC

    def as_value(self) -> dict[str, Any]:
        """Show it as JSON."""
        return asdict(self)

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> Self:
        """Read what `as_value` wrote."""
        lists: dict[str, Any] = {name: tuple(value[name]) for name in ("codes", "ends", "wrong")}
        return cls(**{**value, **lists})


@dataclass
class Tally:
    """What has come of a point so far."""

    codes: list[int | None] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    output: str = ""

    def take(self, when: str, end: End, wrong: Iterable[str]) -> None:
        """Add how the tenancy stood at a moment, and what was wrong with it."""
        self.ends.append(f"{when}: {end.words()}")
        self.wrong += [f"{when}: {each}" for each in wrong]

    def await_end(self, started: Started, seconds: float) -> int | None:
        """Wait for a program, keep how it ended and what it wrote, and return its exit code; None where it did not."""
        code = started.wait(seconds)
        if code is None:
            started.kill()
        self.codes.append(code)
        self.output += started.words()
        return code

    def as_outcome(self, point: str, kind: str, life: str, seconds: float) -> Outcome:
        """Close the tally; what the programs wrote is kept where something was wrong."""
        output = self.output if self.wrong else ""
        return Outcome(
            point,
            kind,
            life,
            tuple(self.codes),
            tuple(self.ends),
            tuple(self.wrong),
            round(seconds, 1),
            output,
            datetime.now(UTC).isoformat(timespec="seconds"),
        )
