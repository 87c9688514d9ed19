"""The narrow rate at which the service behind conditional access answers: one request a second for a whole tenant.

All applications share it, and the refusal names no time to wait (learn.microsoft.com, "Microsoft Graph
service-specific throttling limits", section "Identity protection and conditional access", read November 2026).
Seconds are real ones: a tenant whose clock a test moves is asked no faster.
"""

import time

from sandbox.trouble.throttling import too_many_requests

_ROOT = "/identity/conditionalAccess/"
_RATED = tuple(f"{_ROOT}{name}" for name in ("policies", "namedLocations", "deletedItems"))
_WHAT_IF = f"{_ROOT}evaluate"


class AccessRate:
    """Lets requests to conditional access pass at a rate; None lets all pass."""

    def __init__(self, per_second: int | None, *, what_if_is_rated: bool) -> None:
        self._gap = 0.0 if per_second is None else 1 / per_second
        self._what_if_is_rated = what_if_is_rated
        self._free_at = 0.0

    def admit(self, template: str) -> None:
        """Count a request by its row's template, or refuse it with 429; a refused one does not count."""
        if not template.startswith(_RATED) and not (self._what_if_is_rated and template == _WHAT_IF):
            return
        now = time.monotonic()
        if now < self._free_at:
            raise too_many_requests(None)
        self._free_at = now + self._gap
