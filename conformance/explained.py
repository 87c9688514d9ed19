"""The explained differences: patterns of places with the reason why what is there is right though not as recorded.

``explained.toml`` holds them all. An explanation says for which cases, steps and places it stands, ``*`` standing for
anything, and which provider shows it; one that covers nothing in a run of its cases is reported, so that the list can
only shrink.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from conformance.comparison import Difference

FILE: Final = Path(__file__).parent / "explained.toml"


@dataclass(frozen=True)
class Explanation:
    """Why some differences are right."""

    reason: str
    places: tuple[str, ...]
    cases: tuple[str, ...] = ("*",)
    steps: tuple[str, ...] = ("*",)
    recorded: tuple[str, ...] = ("*",)
    """What was recorded there, as JSON."""
    seen: tuple[str, ...] = ("*",)
    """What is seen there instead, as JSON."""
    engines: tuple[str, ...] = ("*",)
    """The versions of Terraform that show it, where it is Terraform's own doing."""

    def covers(self, case: str, difference: Difference) -> bool:
        """Tell whether it is about this difference."""
        return (
            _is_any(case, self.cases)
            and _is_any(difference.step, self.steps)
            and _is_any(difference.place, self.places)
            and _is_any(difference.recorded_text, self.recorded)
            and _is_any(difference.seen_text, self.seen)
        )

    def is_about_one_of(self, cases: Iterable[str]) -> bool:
        """Tell whether it stands for any of these cases."""
        return any(_is_any(case, self.cases) for case in cases)


def read_explanations(file: Path = FILE, *, engine: str | None = None) -> tuple[Explanation, ...]:
    """Read the list, or what of it stands for a version of Terraform; ValueError for an entry that is not whole."""
    listed = tomllib.loads(file.read_text(encoding="utf-8"))
    read = tuple(_explanation(item) for item in listed["explanation"])
    return read if engine is None else tuple(item for item in read if _is_any(engine, item.engines))


def _explanation(item: Mapping[str, Any]) -> Explanation:
    patterns = {name: tuple(value) for name, value in item.items() if name != "reason" and isinstance(value, list)}
    unknown = item.keys() - {each.name for each in fields(Explanation)}
    if unknown or len(patterns) != len(item) - 1 or not patterns.get("places") or not str(item["reason"]).strip():
        raise ValueError(f"explained.toml: an entry has a reason, places, and lists of patterns besides: {item}")
    return Explanation(reason=item["reason"], **patterns)


def explain(
    explanations: Sequence[Explanation], case: str, differences: Iterable[Difference]
) -> Iterator[tuple[Difference, Explanation | None]]:
    """Yield each difference with the first explanation that covers it, if any."""
    for difference in differences:
        yield difference, next((item for item in explanations if item.covers(case, difference)), None)


def _is_any(text: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns)
