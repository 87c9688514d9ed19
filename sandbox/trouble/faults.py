"""Faults: what is to go wrong with certain requests, declared before they come.

A fault says which requests it is about, at which of them it begins, how many it befalls, and what happens to them. It
is used up after that; what acted and what never did can both be listed, so that a test can fail on a fault that
nothing met. The names are those of the recordings that the conformance cases play.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from sandbox.directory.store import Caller
from sandbox.trouble.selection import Target, is_about

_LOWEST, _HIGHEST = 400, 599


@dataclass(frozen=True)
class Withdrawal:
    """A Graph application permission that a seeded identity loses, from its tokens too.

    Entra's tokens keep what they state until they end, so that a long run meets the loss when it renews its token; here
    it is met at once, whatever tokens there are.
    """

    identity: str
    permission: str


@dataclass(frozen=True)
class Fault:
    """What goes wrong with the requests that `route`, `method` and `path` select together.

    `route` names a row of the table or is a pattern with `*`; `method` and `path` are regular expressions for the
    whole text, the path with its version. A request to sign in whose path names no tenant (`common`, `organizations`)
    is for the first tenant here, whoever signs in. It begins with the `nth` such request and befalls `times` of them.

    Exactly one of these happens: an answer with `status` (Graph's error body of `code` and `message`, or `text` as it
    stands, of `content_type`); a `reset` connection; an answer cut off after `truncate_at` bytes; a `withdraw`n
    permission before the request is handled; or nothing but `seconds` of delay, which go with all of them. With
    `takes_effect` the tenant performs the request first, and only then it goes wrong; a delayed or truncated answer
    always comes after the effect.
    """

    route: str | None = None
    method: str | None = None
    path: str | None = None
    nth: int = 1
    times: int = 1
    takes_effect: bool = False
    seconds: float = 0.0
    status: int | None = None
    code: str = "UnknownError"
    message: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str | None = None
    content_type: str = "text/html"
    reset: bool = False
    truncate_at: int | None = None
    withdraw: Withdrawal | None = None

    def __post_init__(self) -> None:
        self._check_selection()
        happens = [self.status is not None, self.reset, self.truncate_at is not None, self.withdraw is not None]
        if sum(happens) > 1:
            raise ValueError("a fault has one of status, reset, truncate_at and withdraw")
        if not any(happens) and not self.seconds:
            raise ValueError("a fault needs status, reset, truncate_at, withdraw or seconds")
        if self.status is not None and not _LOWEST <= self.status <= _HIGHEST:
            raise ValueError(f"status is from {_LOWEST} to {_HIGHEST}, not {self.status}")
        if self.status is None and (self.text is not None or self.headers or self.message):
            raise ValueError("text, headers and message belong to a fault with a status")
        if self.takes_effect and self.status is None and not self.reset:
            raise ValueError("takes_effect belongs to a fault with a status or a reset")
        if not all(isinstance(each, str) for each in self.headers.values()):
            raise ValueError("headers have texts as values")

    def _check_selection(self) -> None:
        if self.route is None and self.path is None:
            raise ValueError("a fault needs a route or a path, to say which requests it is about")
        for expression in (self.method, self.path):
            try:
                re.compile(expression or "")
            except re.error as fault:
                raise ValueError(f"{expression!r} is no regular expression: {fault}") from fault
        numbers = {"nth": self.nth - 1, "times": self.times - 1, "seconds": self.seconds}
        for name, value in {**numbers, "truncate_at": self.truncate_at or 0}.items():
            if value < 0:
                raise ValueError(f"{name} is too small")

    def selects(self, target: Target) -> bool:
        """Say whether a request is one of those that the fault is about."""
        return (
            (self.route is None or is_about(self.route, target.route))
            and (self.method is None or re.fullmatch(self.method, target.method) is not None)
            and (self.path is None or re.fullmatch(self.path, target.path) is not None)
        )

    @property
    def is_performed(self) -> bool:
        """Say whether the tenant performs the request that it befalls."""
        return self.takes_effect or (self.status is None and not self.reset)


@dataclass(frozen=True)
class Declared:
    """A fault under its number, with how many requests it was about and how many it befell."""

    number: int
    fault: Fault
    met: int = 0
    acted: int = 0

    @property
    def is_due(self) -> bool:
        """Say whether it befalls the request that it has just met."""
        return self.met >= self.fault.nth and self.acted < self.fault.times

    def as_value(self) -> dict[str, Any]:
        """Show it as JSON; `left` is how many requests it still befalls."""
        shown = {name: value for name, value in asdict(self.fault).items() if _is_told(name, value)}
        return {"number": self.number, "met": self.met, "acted": self.acted, "left": self.left, "fault": shown}

    @property
    def left(self) -> int:
        """Tell how many requests it still befalls."""
        return self.fault.times - self.acted

    def told(self, status: int) -> dict[str, Any]:
        """Tell for the journal what it did to a request that the tenant answered with a status."""
        told: dict[str, Any] = {"number": self.number, "performed": self.fault.is_performed}
        if self.fault.is_performed:
            told["performed_with"] = status
        for name in ("seconds", "status", "reset", "truncate_at"):
            value = getattr(self.fault, name)
            if _is_told(name, value):
                told[name] = value
        if self.fault.withdraw:
            told["withdraw"] = asdict(self.fault.withdraw)
        return told

    def status_met(self, status: int) -> int | None:
        """Tell the status that the client met, None where it met no answer."""
        return None if self.fault.reset else self.fault.status or status


def _is_told(name: str, value: object) -> bool:
    # No delay is nothing to tell; an answer cut off after no byte at all is.
    return value not in (None, False, {}) or (name == "truncate_at" and value is not None)


class Faults:
    """The faults declared for one tenant."""

    def __init__(self) -> None:
        self._declared: list[Declared] = []
        self._counted = 0
        self._withdrawn: set[tuple[str, str]] = set()

    def declare(self, fault: Fault) -> int:
        """Prepare a fault and tell its number."""
        self._counted += 1
        self._declared.append(Declared(self._counted, fault))
        return self._counted

    def meet(self, target: Target) -> Declared | None:
        """Count a request with every fault that is about it, and tell the first that is due, which befalls it."""
        return self._meet(target, lambda _: True)

    def meet_inside(self, target: Target) -> Declared | None:
        """Count a request inside a batch, which only faults with an answer in Graph's shape can befall."""
        return self._meet(target, lambda fault: fault.status is not None and fault.text is None)

    def _meet(self, target: Target, can_befall: Callable[[Fault], bool]) -> Declared | None:
        befalls: Declared | None = None
        for index, each in enumerate(self._declared):
            if can_befall(each.fault) and each.fault.selects(target):
                counted = replace(each, met=each.met + 1)
                if befalls is None and counted.is_due:
                    counted = befalls = replace(counted, acted=counted.acted + 1)
                self._declared[index] = counted
        return befalls

    def declared(self) -> list[Declared]:
        """List the faults in the order in which they were declared, used up or not."""
        return list(self._declared)

    def clear(self) -> None:
        """Forget every fault, and what tokens have lost."""
        self._declared.clear()
        self._withdrawn.clear()

    def withdraw(self, client_id: str, permission: str) -> None:
        """Take a permission out of every token that a client holds."""
        self._withdrawn.add((client_id, permission))

    def weakened(self, caller: Caller) -> Caller:
        """Tell who asks, without the permissions that its tokens have lost."""
        lost = {permission for client_id, permission in self._withdrawn if client_id == caller.client_id}
        return replace(caller, permissions=caller.permissions - lost) if lost else caller
