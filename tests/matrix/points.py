"""The points of a life, counted by an undisturbed run of it: its requests, its writes, and what it asks of Terraform.

A new request or a new write of the product is a new point by itself; none is written down here.
"""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from steward.errors import RefusedError
from steward.lifecycle.needs import post_apply_needs
from tests.matrix.tenancies import Prepared
from tests.matrix.watched_terraform import AFTER, ALONE, BEFORE
from tests.programs import running

_RECORDED = Path(__file__).parents[1] / "programs" / "recorded.py"
_ASKED_BY_PROGRAMS = ("/token", "/openid-configuration", "/metadata/endpoints")
_ASKING = ("/evaluate", "/token")  # they change nothing in the tenant


@dataclass(frozen=True)
class Request:
    """The nth request to a row of the table of routes, by whom it is sent, and what it needs."""

    route: str
    nth: int
    sender: str
    permissions: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.route} #{self.nth}"

    @property
    def is_write(self) -> bool:
        return not self.route.startswith("GET ") and not self.route.endswith(_ASKING)

    @property
    def is_graph(self) -> bool:
        return "/{tenant}/" not in self.route and "/metadata/" not in self.route


@dataclass(frozen=True)
class Phase:
    """The nth time that Terraform is asked for something, and the moments it told of meanwhile."""

    phase: str
    nth: int
    told: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"terraform {self.phase} #{self.nth}"


@dataclass(frozen=True)
class Kill:
    """A moment at which the machine dies, or our program alone: before, after or within what `at` is."""

    life: str
    at: Request | Phase
    moment: str

    @property
    def name(self) -> str:
        return f"{self.life}: killed {self.moment} {self.at.name}"


@dataclass(frozen=True)
class DeployKill:
    """A moment at which the machine dies that deploys for the first time: before or after a write."""

    life: str
    at: Request
    moment: str

    @property
    def name(self) -> str:
        return f"{self.life}: first deploy killed {self.moment} {self.at.name}"


@dataclass(frozen=True)
class Recording:
    """What an undisturbed first deploy and an undisturbed run of a life do."""

    life: str
    requests: tuple[Request, ...]
    phases: tuple[Phase, ...]
    deploys: tuple[Request, ...] = ()

    def deploy_kills(self, known: Iterable[Request] = ()) -> Iterator[DeployKill]:
        """List the moments around every write of the first deploy but those that are known."""
        names = {request.name for request in known}
        for request in self.deploys:
            if request.is_write and request.name not in names:
                yield DeployKill(self.life, request, BEFORE)
                yield DeployKill(self.life, request, AFTER)

    def kills(self) -> Iterator[Kill]:
        """List the moments around every write to Graph and every phase of Terraform."""
        for request in self.requests:
            if request.is_write:
                yield Kill(self.life, request, BEFORE)
                yield Kill(self.life, request, AFTER)
        for phase in self.phases:
            yield Kill(self.life, phase, BEFORE)
            for told in phase.told:
                yield Kill(self.life, phase, told)
            if phase.told:
                yield Kill(self.life, phase, f"{ALONE} at {phase.told[0]}")
            yield Kill(self.life, phase, AFTER)


def record(prepared: Prepared) -> Recording:
    """Run post_apply undisturbed on a fresh deploy, and list what it did; later runs find its modules imported.

    Where a person acts, it is left to chance how often the program looks before he has: what a second run does not do
    as well is no point.
    """
    recording = _record(prepared)
    if not prepared.life.has_person:
        return recording
    names = {request.name for request in _record(prepared).requests}
    return replace(recording, requests=tuple(each for each in recording.requests if each.name in names))


def _record(prepared: Prepared) -> Recording:
    prepared.restore()
    prepared.order(record=True)
    modules = prepared.folder / "modules.txt"
    with prepared.surroundings():
        finished = subprocess.run(
            [sys.executable, str(_RECORDED), str(modules), "post_apply", *prepared.arguments()],
            cwd=prepared.tenancy.scene.folder,
            env=prepared.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    if finished.returncode != 0:
        raise RefusedError(
            f"an undisturbed run of {prepared.life.name} ended with {finished.returncode}",
            why=finished.stdout,
            next_move="mend it first: there is nothing to count the points by",
        )
    running.warm_up(modules)
    scene = prepared.tenancy.scene
    held = frozenset(need.permission for need in post_apply_needs(scene.tenant))
    return Recording(
        prepared.life.name,
        tuple(_requests(scene.control.journal(), scene.sandbox.tenant_id, held)),
        tuple(
            # What a plan applies is reading for data sources; it changes nothing, so that one moment stands for all.
            Phase(each["phase"], each["nth"], tuple(each["told"][: 1 if each["phase"] == "plan" else None]))
            for each in prepared.phases()
            if "told" in each and each["phase"].partition(" ")[0] in {"plan", "apply"}
        ),
        tuple(_requests(prepared.deployed.journal, scene.sandbox.tenant_id, held)),
    )


def _requests(journal: Sequence[Mapping[str, Any]], tenant_id: str, held: frozenset[str]) -> Iterator[Request]:
    counted: Counter[str] = Counter()
    for entry in journal:
        if "route" not in entry and not entry["path"].endswith(_ASKED_BY_PROGRAMS):
            continue  # a page that the person was at
        route = entry.get("route") or f"{entry['method']} {entry['path']}".replace(tenant_id, "{tenant}")
        counted[route] += 1
        yield Request(route, counted[route], _sender(entry), tuple(_permissions(entry, held)))


def _sender(entry: Mapping[str, Any]) -> str:
    client = str(entry.get("client", ""))
    if not client:
        return "sign-in"
    return "post_apply" if "kiota" in client else "terraform"


def _permissions(entry: Mapping[str, Any], held: frozenset[str]) -> Iterator[str]:
    """List the permissions that let the request pass and that the identity holds."""
    for alternative in entry.get("sufficient", ()):
        yield from (each for each in alternative if each in held)
