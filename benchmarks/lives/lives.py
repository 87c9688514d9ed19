"""Lives of the same account, by the same identities in the same tenant: with this project, and by hand."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.lives.figures import Figures, figures_of
from sandbox.behaviour import Behaviour
from sandbox.seed import Seed, SeedLicence
from scripts.environment import child_environment, find_terraform
from scripts.rehearsal.commands import Commands
from scripts.rehearsal.life import deploy_command
from scripts.rehearsal.person import Person
from scripts.rehearsal.provider_choice import ROOT, choose_provider
from scripts.rehearsal.scene import DEPLOY, POST_APPLY, Scene, set_the_scene
from scripts.rehearsal.tenant_file import LOGIN, WINDOWS

OURS = "this project"
PEER = Path(__file__).parent / "peer"
MINUTES = 60
# The tenant is as kind as any: what it answers late or wrongly would cost a script more than it costs us.
SEED = Seed(
    licences=(SeedLicence("AAD_PREMIUM_P2"),),
    behaviour=Behaviour(first_grant_answer="created", log_delay_seconds=0, role_start_delay_seconds=1),
)


@dataclass(frozen=True)
class Lived:
    """One life: who lived it, its figures, and how long it took on the wall."""

    elevation: str
    way: str
    figures: Figures
    seconds: float


def live(elevation: str, way: str, *, provider: str = "own") -> Lived:
    """Live one life in a tenant of its own; `way` is a key of `WAYS`."""
    with TemporaryDirectory(prefix="life-") as place, TemporaryDirectory(prefix="life-sink-") as sink:
        folder = Path(place).resolve()
        is_window = elevation in WINDOWS
        environment = child_environment(ROOT)
        chosen = choose_provider(provider, folder, terraform=find_terraform(), environment=environment)
        scene = set_the_scene(
            folder,
            base_environment={**environment, **chosen.variables},
            seed=SEED,
            elevation=elevation,
            window_minutes=MINUTES,
            sink=Path(sink) if is_window else None,
        )
        person = Person(scene, Path(sink), is_patient=elevation == "scheduled") if is_window else None
        with scene.sandbox, scene.control:
            started = time.monotonic()
            with person.at_hand() if person else nullcontext():
                WAYS[way](scene, elevation, Path(sink))
            seconds = time.monotonic() - started
            return Lived(elevation, way, _figures(scene), seconds)


def _figures(scene: Scene) -> Figures:
    users = scene.control.snapshot()["users"].values()
    account_id = next(user["id"] for user in users if user["userPrincipalName"] == LOGIN)
    journal = scene.control.journal()
    return figures_of(journal, account_id=account_id, login=LOGIN, until=datetime.fromisoformat(journal[-1]["time"]))


def _with_this_project(scene: Scene, _elevation: str, _sink: Path) -> None:
    commands = Commands(scene.folder, scene.folder / "logs", announce=lambda _name, _seconds: None)
    commands.run("preflight", scene.script("preflight"), scene.environments[DEPLOY])
    commands.run("deploy", deploy_command(), scene.environments[DEPLOY])
    commands.run("post-apply", scene.script("post_apply", "--poll-seconds", "1"), scene.environments[POST_APPLY])


def _by_hand(scene: Scene, elevation: str, sink: Path) -> None:
    folder = scene.folder / "by-hand"
    shutil.copytree(PEER, folder)
    caller = scene.environments[POST_APPLY]
    environment: dict[str, str] = {
        **scene.environments[DEPLOY],
        "CALLER_ID": caller["ARM_CLIENT_ID"],
        "CALLER_SECRET": caller["ARM_CLIENT_SECRET"],
        "GRAPH": scene.sandbox.base_url,
        "AUTHORITY": scene.sandbox.base_url,
        "TENANT": scene.sandbox.tenant_id,
        "LOGIN": LOGIN,
        "MINUTES": str(MINUTES),
        "SINK": str(sink),
        "TERRAFORM_BINARY_NAME": find_terraform(),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), scene.environments[DEPLOY]["PATH"]]),
    }
    log = scene.folder / "by-hand.log"
    with log.open("w", encoding="utf-8") as told:
        finished = subprocess.run(
            ["bash", "life.sh", elevation], cwd=folder, env=environment, stdout=told, stderr=told, check=False
        )
    if finished.returncode != 0:
        raise RuntimeError(f"the life by hand ended with {finished.returncode}: {log.read_text(encoding='utf-8')}")


WAYS: Mapping[str, Callable[[Scene, str, Path], None]] = {
    OURS: _with_this_project,
    "by hand": _by_hand,
}
