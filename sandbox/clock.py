"""The tenant's time.

Everything in the sandbox that stamps, expires or compares asks one `Clock`, so that time can be moved or held for all
of it at once. The journal's durations and the server's certificates follow real time.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

# The years that the tenant's time may be in. What is reckoned from it (an end, what was kept before a day) then stays
# inside the calendar.
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)
_DURATION = re.compile(r"P(?=[\dT])(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")


class Clock:
    """Real time in UTC, shifted by an offset, or standing still."""

    def __init__(self) -> None:
        self._offset = timedelta(0)
        self._frozen: datetime | None = None

    @property
    def is_running(self) -> bool:
        """Say whether time passes by itself."""
        return self._frozen is None

    def now(self) -> datetime:
        """Tell the tenant's time."""
        return self._frozen or datetime.now(UTC) + self._offset

    def stamp(self) -> str:
        """Tell the tenant's time as Graph writes it, in whole seconds."""
        return as_stamp(self.now())

    def advance(self, by: timedelta) -> None:
        """Move the tenant's time forward, or back with a negative amount; ValueError beyond the years it may be in."""
        try:
            moment = self.now() + by
        except OverflowError as fault:
            raise ValueError(f"that is beyond the calendar: {fault}") from fault
        self.set(moment)

    def set(self, moment: datetime) -> None:
        """Make it a certain moment, from which time goes on unless it stands still; ValueError as for `advance`."""
        moment = _sensible(moment)
        if self._frozen is None:
            self._offset = moment - datetime.now(UTC)
        else:
            self._frozen = moment

    def freeze(self) -> None:
        """Let time stand still, until it is moved or runs again."""
        self._frozen = self.now()

    def run(self) -> None:
        """Let time pass again, from where it stands."""
        moment, self._frozen = self.now(), None
        self.set(moment)

    def as_value(self) -> dict[str, Any]:
        """Tell how this clock differs from real time, as JSON."""
        frozen = None if self._frozen is None else self._frozen.isoformat()
        return {"offset_seconds": self._offset.total_seconds(), "frozen_at": frozen}

    def restore(self, value: dict[str, Any]) -> None:
        """Take over what `as_value` told; ValueError as for `advance`."""
        frozen = None if value["frozen_at"] is None else _sensible(from_stamp(value["frozen_at"]))
        try:
            offset = timedelta(seconds=value["offset_seconds"])
            _sensible(datetime.now(UTC) + offset)
        except OverflowError as fault:
            raise ValueError(f"that is beyond the calendar: {fault}") from fault
        self._offset, self._frozen = offset, frozen


def _sensible(moment: datetime) -> datetime:
    if not _EARLIEST <= moment < _LATEST:
        raise ValueError(f"the tenant's time is from {_EARLIEST.year} on and before {_LATEST.year}")
    return moment.astimezone(UTC)


def as_stamp(moment: datetime) -> str:
    """Write a moment as Graph does, in whole seconds of UTC."""
    # Not strftime, which writes early years with fewer than four digits.
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def from_stamp(text: str) -> datetime:
    """Read a moment as Graph writes it; ValueError when it is none."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def from_duration(text: str) -> timedelta:
    """Read a duration such as `PT8H` or `P180D`, in days and smaller units as OData has it; ValueError when none."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"not a duration: {text!r}")
    days, hours, minutes, seconds = (float(each or 0) for each in match.groups())
    try:
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError as fault:
        raise ValueError(f"a duration beyond the calendar: {text!r}") from fault
