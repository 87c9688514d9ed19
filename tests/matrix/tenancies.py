"""A deployed tenancy that is saved once and brought back for every point: the tenant, Terraform's state, the files.

Terraform deploys it once a life; bringing it back takes a few hundredths of a second. Everything is a real one's: the
sandbox serves the tenant anew, and the folder holds again what lay in it.
"""

import fcntl
import json
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sandbox.seed import Seed, SeedLicence
from scripts.environment import child_environment, find_terraform
from scripts.rehearsal.provider_choice import ROOT
from scripts.rehearsal.scene import CLOSE, DEPLOY, POST_APPLY, set_the_scene
from scripts.rehearsal.tenant_file import NAME
from tests.life.tenancy import Tenancy
from tests.matrix.lives import WINDOW_MINUTES, Life
from tests.matrix.person import PassingTime, Person
from tests.programs import forked
from tests.programs.forked import Started
from tests.programs.forked_provider import choose_forked_provider

# The latch's end is real time, and so is the end of a token: what was saved is not used for longer.
FRESH_SECONDS = 20 * 60.0
_IDENTITIES = {"preflight": DEPLOY, "post_apply": POST_APPLY, "close": CLOSE}
_POLL = ("--poll-seconds", "0.2")
_HERE = Path(__file__).parent
# A sign-in log that is minutes late, and schedules that are, have tests of their own, as has one request a second for
# conditional access.
_BRISK = replace(Seed().behaviour, log_delay_seconds=0, role_start_delay_seconds=1)
_SEED = replace(Seed(), conditional_access_requests_per_second=None, behaviour=_BRISK)


@dataclass(frozen=True)
class Saved:
    """What a tenancy was like at a moment: the tenant, the files, and the requests that led there."""

    tenant: Mapping[str, Any]
    files: Mapping[str, bytes]
    journal: Sequence[Mapping[str, Any]]


@dataclass
class Prepared:
    """A deployed tenancy of one life, and the places of its run: what Terraform is watched by, sink, output."""

    life: Life
    folder: Path
    tenancy: Tenancy
    watched: Mapping[str, str]
    empty: Saved = field(init=False)
    deployed: Saved = field(init=False)
    before: Sequence[Mapping[str, Any]] = ()  # the requests that led to what was brought back
    _made: float = field(init=False)
    _runs: int = 0

    def __post_init__(self) -> None:
        self.empty = self.save()
        self.deploy()

    @property
    def sink(self) -> Path:
        return self.folder / "sink"

    @property
    def state_file(self) -> Path:
        return self.tenancy.state_file

    @property
    def backup_file(self) -> Path:
        return Path(f"{self.state_file}.backup")

    def deploy(self) -> None:
        """Deploy anew, and save what came of it."""
        self.tenancy.deploy()
        self._made = time.monotonic()
        self.before = ()
        self.deployed = self.save()

    def save(self) -> Saved:
        """Write down what the tenancy is like now."""
        files = {str(each.relative_to(self.folder)): each.read_bytes() for each in self._files() if each.is_file()}
        control = self.tenancy.scene.control
        return Saved(control.export(), files, self.journal())

    def journal(self) -> list[Mapping[str, Any]]:
        """List the requests that led to how the tenant is now, from the deploy on."""
        return [*self.before, *self.tenancy.scene.control.journal()]

    def restore(self, saved: Saved | None = None) -> None:
        """Bring back what was saved, by default the fresh deploy; journal, faults and lag begin anew."""
        if saved is None and time.monotonic() - self._made > FRESH_SECONDS:
            self.deploy()
        wanted = saved or self.deployed
        self.tenancy.scene.control.load(wanted.tenant)
        self.before = wanted.journal
        for each in list(self._files()):
            if each.is_file():
                each.unlink()
        for name, content in wanted.files.items():
            file = self.folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            if file.is_relative_to(self.sink):
                file.chmod(0o600)
        self.order()

    def order(self, **wanted: Any) -> None:
        """Tell the watched Terraform at which phase to die, or to record; nothing without values."""
        watch = self.folder / "watch"
        shutil.rmtree(watch, ignore_errors=True)
        watch.mkdir()
        (watch / "order.json").write_text(json.dumps({"terraform": self.tenancy.terraform, **wanted}))

    def phases(self) -> list[dict[str, Any]]:
        """List what was asked of Terraform since the order, and what it told where that was recorded."""
        seen = self.folder / "watch" / "phases.jsonl"
        return [json.loads(line) for line in seen.read_text().splitlines()] if seen.exists() else []

    def start(
        self, program: str = "post_apply", *options: str, variables: Mapping[str, str] = MappingProxyType({})
    ) -> Started:
        """Start one of our programs, each with its own identity."""
        self._runs += 1
        return forked.start(
            program,
            self.arguments(program, *options),
            folder=self.tenancy.scene.folder,
            environment={**self.environment(program), **variables},
            output=self.folder / "output" / f"{self._runs}.txt",
        )

    def start_deploy(self, variables: Mapping[str, str] = MappingProxyType({})) -> Started:
        """Start a plain `terraform apply`, which is what a deploy comes to."""
        self._runs += 1
        return forked.start_command(
            [self.tenancy.terraform, "apply", "-input=false", "-no-color", "-auto-approve", "-lock-timeout=60s"],
            folder=self.tenancy.scene.stack,
            environment={**self.tenancy.scene.environments[DEPLOY], **variables},
            output=self.folder / "output" / f"{self._runs}.txt",
        )

    def arguments(self, program: str = "post_apply", *options: str) -> list[str]:
        """Return the arguments of one of our programs; where a person acts, it looks often."""
        return [f"{NAME}.yaml", *(_POLL if program == "post_apply" else ()), *options]

    def environment(self, program: str = "post_apply") -> dict[str, str]:
        """Return the environment of one of our programs: its identity's, with Terraform watched."""
        return {**self.tenancy.scene.environments[_IDENTITIES[program]], **self.watched}

    def is_locked(self) -> bool:
        """Say whether a Terraform is at work on the state, by the lock that it holds on the file."""
        with self.state_file.open("r+b") as file:
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def is_emptied(self) -> bool:
        """Say whether Terraform died between emptying the state's file and writing it; a first deploy has no backup."""
        return self.state_file.exists() and not self.state_file.stat().st_size

    def is_lost(self) -> bool:
        """Say whether the state is empty while its backup is whole: Terraform died between emptying and writing."""
        backup = self.backup_file
        return self.is_emptied() and backup.exists() and backup.stat().st_size > 0

    @contextmanager
    def surroundings(self, *, has_person: bool = True) -> Iterator[None]:
        """Have the person about whom the life needs, if it needs one, and let time pass where it has to."""
        scene = self.tenancy.scene
        with ExitStack() as present:
            if self.life.is_scheduled:
                present.enter_context(PassingTime(scene))
            if self.life.has_person and has_person:
                present.enter_context(Person(scene, self.sink, self.life))
            yield

    def _files(self) -> Iterator[Path]:
        tenant = self.tenancy.scene.folder
        yield from tenant.glob("terraform.*")
        yield from tenant.glob(".terraform.*.lock.info")
        yield from (tenant / "evidence").rglob("*")
        yield from self.sink.rglob("*")


def prepare(life: Life, folder: Path, *, provider: str = "own") -> Prepared:
    """Serve a sandbox of one's own in a folder, and deploy a life's tenant."""
    terraform = find_terraform()
    places = {name: folder / name for name in ("tenant", "bin", "output", "scratch")}
    for place in places.values():
        place.mkdir(parents=True)
    environment = child_environment(ROOT)
    environment |= choose_forked_provider(provider, folder, terraform=terraform, environment=environment)
    scene = set_the_scene(
        places["tenant"],
        base_environment=environment,
        seed=replace(_SEED, licences=(SeedLicence("AAD_PREMIUM_P2"),)) if life.is_scheduled else _SEED,
        elevation=life.elevation,
        window_minutes=WINDOW_MINUTES,
        sink=folder / "sink" if life.has_person else None,
    )
    tenancy = Tenancy(scene, terraform)
    tenancy.synthesize()
    launcher = places["bin"] / "terraform"
    launcher.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "{_HERE / "watched_terraform.py"}" "$@"\n')
    launcher.chmod(0o700)
    watched = {
        "TERRAFORM_BINARY_NAME": str(launcher),
        "WATCHED_TERRAFORM": str(folder / "watch"),
        "TMPDIR": str(places["scratch"]),
    }
    prepared = Prepared(life, folder, tenancy, watched)
    prepared.order()
    return prepared


def dispose(prepared: Prepared) -> None:
    """Stop serving the tenant."""
    prepared.tenancy.scene.control.close()
    prepared.tenancy.scene.sandbox.stop()
