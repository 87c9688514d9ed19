"""What can go wrong with one request, as data: how the sandbox is told of it, and which requests it makes sense for.

A fault that says nothing about reads (a reset after the effect, a conflict) is tried on writes only; lag and lost
permissions are Graph's, so that requests to sign in are left out of them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.control import Control
from tests.matrix.points import Request

IDENTITY = "post-apply"
SLOW_SECONDS = 3.0

LAG, LOST = "404 by lag", "403 from here on"

Declared = Mapping[str, Any]


def _any(_: Request) -> bool:
    return True


def _write(request: Request) -> bool:
    return request.is_write and request.is_graph


def _graph(request: Request) -> bool:
    return request.is_graph


def _granted(request: Request) -> bool:
    return request.is_graph and bool(request.permissions)


def _first(request: Request) -> bool:
    return request.is_graph and request.nth == 1


def _read(request: Request) -> bool:
    return request.is_graph and not request.is_write


@dataclass(frozen=True)
class Kind:
    """A kind of fault: what is declared for a request, and whether a run is expected to get over it by itself."""

    name: str
    declares: Callable[[Request], Declared]
    suits: Callable[[Request], bool]
    is_passing: bool = True


def _answers(status: int, code: str, **further: Any) -> Callable[[Request], Declared]:
    return lambda _: {"status": status, "code": code, "message": "Declared by the matrix.", **further}


KINDS: tuple[Kind, ...] = (
    Kind("429", _answers(429, "TooManyRequests"), _any),
    Kind("429 with Retry-After", _answers(429, "TooManyRequests", headers={"Retry-After": "1"}), _any),
    Kind("503", _answers(503, "serviceNotAvailable"), _any),
    Kind("reset before the effect", lambda _: {"reset": True}, _any),
    Kind("reset after the effect", lambda _: {"reset": True, "takes_effect": True}, _write),
    Kind("slow", lambda _: {"seconds": SLOW_SECONDS}, _any),
    Kind("404 although written", _answers(404, "Request_ResourceNotFound", takes_effect=True), _write),
    Kind("409", _answers(409, "Request_MultipleObjectsWithSameKeyValue"), _write),
    Kind(LAG, lambda request: {"route": request.route, "reads": 2}, _first),
    Kind("404", _answers(404, "Request_ResourceNotFound"), _read, is_passing=False),
    Kind("403", _answers(403, "Authorization_RequestDenied"), _graph, is_passing=False),
    Kind(
        LOST,
        lambda request: {"withdraw": {"identity": IDENTITY, "permission": request.permissions[0]}},
        _granted,
        is_passing=False,
    ),
    Kind("token expired", _answers(401, "InvalidAuthenticationToken"), _any, is_passing=False),
)


@dataclass(frozen=True)
class Fault:
    """One fault at one request of a life."""

    life: str
    kind: Kind
    request: Request

    @property
    def name(self) -> str:
        return f"{self.life}: {self.kind.name} at {self.request.name}"


def faults_of(life: str, requests: Iterable[Request]) -> Iterator[Fault]:
    """List every fault at every request that it suits, but for the metadata that a sandbox alone is asked for."""
    for request in requests:
        for kind in KINDS:
            if kind.suits(request) and not request.route.endswith("/metadata/endpoints"):
                yield Fault(life, kind, request)


def declare(control: Control, faults: Iterable[Fault]) -> None:
    """Tell the sandbox of faults."""
    for fault in faults:
        declared = fault.kind.declares(fault.request)
        if fault.kind.name == LAG:
            control.lag(declared)
        else:
            control.declare_faults({"route": fault.request.route, "nth": fault.request.nth, **declared})


def heal(control: Control, faults: Iterable[Fault]) -> None:
    """End all trouble, and give back what was withdrawn."""
    control.clear_faults()
    control.lag()
    for fault in faults:
        withdrawn = fault.kind.declares(fault.request).get("withdraw")
        if withdrawn:
            control.grant(withdrawn["identity"], withdrawn["permission"])
