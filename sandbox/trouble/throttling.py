"""Throttling: how much an application may ask of Graph within a while, and the refusal of whatever exceeds it.

Costs and limits are those of learn.microsoft.com, "Microsoft Graph service-specific throttling limits", the section
"Identity and access service limits" (read November 2026). Windows follow the tenant's clock.
"""

import math
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from sandbox.errors import GraphError

_COSTS: Mapping[str, int] = {
    "GET /applications": 2,
    "GET /groups/{id}/members": 3,
    "GET /groups/{id}/transitiveMembers": 5,
    "GET /oauth2PermissionGrants": 2,
    "GET /servicePrincipals/{id}/appRoleAssignments": 2,
    "GET /users": 2,
}
_SHORT_PAGE = 20
# The limit by the size of the tenant: (users below, resource units in a window).
_UNITS = ((50, 3500), (500, 5000), (math.inf, 8000))
_NEARLY = 0.8  # from this share of the limit on, answers say how much of it is used
_LONGEST_KEPT = 100_000


@dataclass(frozen=True)
class Throttling:
    """A tenant's limits for each application; the numbers are Microsoft's, and `units` None goes by the tenant's size.

    `decimal_wait` makes `Retry-After` a decimal number of seconds, which Graph is known to send.
    """

    is_on: bool = False
    units: int | None = None
    window_seconds: float = 10.0
    writes: int = 3000
    writes_window_seconds: float = 150.0
    decimal_wait: bool = True

    def __post_init__(self) -> None:
        for name in ("units", "window_seconds", "writes", "writes_window_seconds"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise ValueError(f"{name} is a number above 0, not {value}")


class Window:
    """Counts what each spender spends within a sliding window of time."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._spent: defaultdict[str, deque[tuple[float, int]]] = defaultdict(lambda: deque(maxlen=_LONGEST_KEPT))

    def spend(self, spender: str, cost: int, limit: int, now: datetime) -> float | None:
        """Spend if the limit allows it, and return None; else return the seconds until it does."""
        moment, spent = now.timestamp(), self._spent[spender]
        while spent and not 0 <= moment - spent[0][0] < self._seconds:
            spent.popleft()
        free = limit - sum(each for _, each in spent)
        if cost <= free:
            spent.append((moment, cost))
            return None
        for earlier, each in spent:
            free += each
            if cost <= free:
                return earlier + self._seconds - moment
        return self._seconds

    def share(self, spender: str, limit: int) -> float:
        """Tell how much of the limit a spender has used when it last asked."""
        return sum(each for _, each in self._spent[spender]) / limit


class Meter:
    """Measures what the applications of one tenant ask of Graph."""

    def __init__(self, rules: Throttling) -> None:
        self.rules = rules
        self._reads = Window(rules.window_seconds)
        self._writes = Window(rules.writes_window_seconds)

    def charge(
        self, client_id: str, route: str, query: Mapping[str, str], *, users: int, now: datetime
    ) -> Mapping[str, str]:
        """Charge an application for a request; returns headers for its answer, or refuses with 429."""
        if not self.rules.is_on:
            return {}
        cost = cost_of(route, query)
        is_write = not route.startswith("GET ")
        window = self._writes if is_write else self._reads
        limit = self.rules.writes if is_write else self.rules.units or _units_for(users)
        wait = window.spend(client_id, cost, limit, now)
        used = {"x-ms-resource-unit": str(cost)}
        share = window.share(client_id, limit)
        if share >= _NEARLY or wait is not None:
            used["x-ms-throttle-limit-percentage"] = f"{max(share, 1.0 if wait else 0):.1f}"
        if wait is None:
            return used
        scope = {
            "x-ms-throttle-scope": "Tenant_Application/ReadWrite",
            "x-ms-throttle-information": "ResourceUnitLimitExceeded",
        }
        raise too_many_requests(wait, headers={**used, **scope}, is_decimal=self.rules.decimal_wait)


def too_many_requests(
    wait: float | None, *, headers: Mapping[str, str] | None = None, is_decimal: bool = False
) -> GraphError:
    """Refuse with 429, naming the seconds to wait unless the service keeps them to itself."""
    told = dict(headers or {})
    if wait is not None:
        told["Retry-After"] = f"{math.ceil(wait * 1000) / 1000:.3f}" if is_decimal else str(max(1, math.ceil(wait)))
    return GraphError(HTTPStatus.TOO_MANY_REQUESTS, "TooManyRequests", "Please retry again later.", headers=told)


def cost_of(route: str, query: Mapping[str, str]) -> int:
    """Tell the resource units of a request by its row in the table of routes."""
    cost = _COSTS.get(route, 1)
    if not route.startswith("GET "):
        return cost
    top = query.get("$top", "")
    short = top.isdigit() and int(top) < _SHORT_PAGE
    return max(1, cost - ("$select" in query) + ("$expand" in query) - short)


def _units_for(users: int) -> int:
    return next(units for below, units in _UNITS if users < below)
