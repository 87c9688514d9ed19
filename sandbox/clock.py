"""The tenant's time.

Everything in the sandbox that stamps, expires or compares asks one `Clock`, so that time can be moved for all
of it at once.
"""

from datetime import UTC, datetime, timedelta


class Clock:
    """Real time in UTC, shifted by an offset."""

    def __init__(self) -> None:
        self._offset = timedelta(0)

    def now(self) -> datetime:
        """Tell the tenant's time."""
        return datetime.now(UTC) + self._offset

    def stamp(self) -> str:
        """Tell the tenant's time as Graph writes it, in whole seconds."""
        return as_stamp(self.now())

    def reset(self) -> None:
        """Go back to real time."""
        self._offset = timedelta(0)

    def advance(self, by: timedelta) -> None:
        """Move the tenant's time forward, or back with a negative amount."""
        self._offset += by


def as_stamp(moment: datetime) -> str:
    """Write a moment as Graph does, in whole seconds of UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def from_stamp(text: str) -> datetime:
    """Read a moment as Graph writes it; ValueError when it is none."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
