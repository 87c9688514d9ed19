"""Chooses, of all points, those that cover, for where there is no time for all of them.

Every request meets one fault, and every kind of fault that a run gets over meets every kind of request; those share
runs, far enough apart not to meet the retries of one another. What stops a run needs one of its own, once a kind.
"""

from collections.abc import Iterable, Iterator, Sequence

from tests.matrix.faults import Fault
from tests.matrix.points import Kill, Phase, Request

_APART = 4  # a request that is tried again counts once more for its row
_WAITS = {"429": 4.0, "429 with Retry-After": 1.0, "503": 4.0, "slow": 3.0}  # seconds that a run stands still
_LONGEST_WAIT = 20.0
_CHEAP = ("reset before the effect", "429 with Retry-After")


def trait(request: Request) -> tuple[str, bool]:
    """Return what makes requests of one kind: who sends them, and whether they write."""
    return request.sender, request.is_write


def cover(faults: Sequence[Fault]) -> list[Fault]:
    """Choose the faults that cover, in the order of the run's requests."""
    chosen: list[Fault] = []
    seen: set[object] = set()
    for fault in faults:
        pair = (fault.kind.name, trait(fault.request) if fault.kind.is_passing else "once")
        if pair not in seen:
            seen |= {pair, fault.request} if fault.kind.is_passing else {pair}
            chosen.append(fault)
    turn = 0
    for request in dict.fromkeys(fault.request for fault in faults):
        if request not in seen:
            kind = _CHEAP[turn % len(_CHEAP)]
            turn += 1
            chosen += [each for each in faults if each.request == request and each.kind.name == kind]
    return chosen


def rounds(faults: Sequence[Fault]) -> list[list[Fault]]:
    """Put the faults that a run gets over together into as few runs as they fit in; each other one is a run."""
    alone = [[fault] for fault in faults if not fault.kind.is_passing]
    shared: list[list[Fault]] = []
    for fault in (each for each in faults if each.kind.is_passing):
        home = next((each for each in shared if _fits(fault, each)), None)
        if home is None:
            shared.append([fault])
        else:
            home.append(fault)
    return shared + alone


def sample(kills: Iterable[Kill]) -> Iterator[Kill]:
    """Choose the deaths that cover: around every write one moment, in turns, and every phase of Terraform at one."""
    turns: dict[type, int] = {}
    grouped: dict[Request | Phase, list[Kill]] = {}
    for kill in kills:
        grouped.setdefault(kill.at, []).append(kill)
    for at, moments in grouped.items():
        turn = turns.get(type(at), 0)
        turns[type(at)] = turn + 1
        yield moments[turn % len(moments)]


def _fits(fault: Fault, others: Sequence[Fault]) -> bool:
    waits = sum(_WAITS.get(each.kind.name, 0.0) for each in [*others, fault])
    return waits <= _LONGEST_WAIT and all(
        each.request.route != fault.request.route or abs(each.request.nth - fault.request.nth) >= _APART
        for each in others
    )


def differing(requests: Iterable[Request], base: Iterable[Request]) -> list[Request]:
    """Return the requests that another life does not send, by row and number."""
    known = {request.name for request in base}
    return [request for request in requests if request.name not in known]
