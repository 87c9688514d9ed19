"""How long which kind of request meets a replica that lags: the rules, as a seed or a control request states them."""

from dataclasses import dataclass
from http import HTTPStatus

_REFUSALS = (HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST)


@dataclass(frozen=True)
class LagRule:
    """How the rows of the table that `route` names, or is a pattern of, lag behind each change.

    The lag lasts for `reads` requests to one path, or for `seconds` of the tenant's clock. With `alternating`, only
    every second of the requests meets the replica that lags, the first one included. `objects` restricts the rule to
    requests whose path names one of these ids. A row that reads answers from the older directory; a row that writes
    refuses, with `refusal`, what names an object that the older directory does not hold.
    """

    route: str
    objects: tuple[str, ...] = ()
    reads: int | None = None
    seconds: float | None = None
    alternating: bool = False
    refusal: int = 404

    def __post_init__(self) -> None:
        if (self.reads is None) == (self.seconds is None):
            raise ValueError("a lag rule has either reads or seconds")
        if (self.reads or self.seconds or 0) <= 0:
            raise ValueError("a lag rule's reads or seconds are more than 0")
        if self.refusal not in _REFUSALS:
            raise ValueError("a lag rule refuses with 404 or 400")
