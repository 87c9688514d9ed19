"""Running cases: each against a sandbox of its own, several at once in processes of their own.

In: the recordings' folder, the cases' names, and the variables that make Terraform take a provider. Out: an ``Outcome``
a case, as it ends. The command line and the tests call it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass
from fnmatch import fnmatchcase
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from conformance import recording
from conformance.comparison import Comparison, Difference
from conformance.explained import Explanation, explain
from conformance.player import Player
from conformance.symbols import Symbols
from conformance.tenant import recorded_tenant
from sandbox.provider.attached import attached_provider

SEED: Final = "_seed.json"
_REQUIRED: Final = {"terraform": {"required_providers": {"azuread": {"source": "hashicorp/azuread"}}}}


@dataclass(frozen=True)
class Stage:
    """Where cases are played: the recordings, the provider's schemas, and a folder in which ``init`` has run."""

    recordings: Path
    schemas: Path
    initialised: Path
    environment: Mapping[str, str]
    terraform: str = "terraform"
    attached: bool = False
    """Whether the rehearsal provider serves a whole case from one process."""

    def names(self) -> list[str]:
        """Return the names of all cases."""
        return sorted(file.stem for file in self.recordings.glob("*.json") if file.name != SEED)

    def chosen(self, patterns: Sequence[str]) -> list[str]:
        """Return the cases that any pattern fits, all without any; ValueError for a pattern that fits none."""
        names = self.names()
        for pattern in patterns:
            if not any(fnmatchcase(name, pattern) for name in names):
                raise ValueError(f"no recorded case is called {pattern}; there are: {', '.join(names)}")
        return [name for name in names if not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)]


@dataclass(frozen=True)
class Outcome:
    """What came of playing a case."""

    case: str
    about: str
    steps: int
    requests: int
    seconds: float
    differences: tuple[tuple[Difference, Explanation | None], ...]
    broke_off: str = ""
    """The traceback of a run that did not come to its end."""

    @property
    def unexplained(self) -> list[Difference]:
        """Return the differences without a reason."""
        return [difference for difference, explanation in self.differences if explanation is None]


def initialise(folder: Path, *, terraform: str, environment: Mapping[str, str]) -> Path:
    """Run ``terraform init`` once; copying what it leaves is quicker than running it for every case."""
    folder.mkdir(parents=True)
    (folder / "main.tf.json").write_text(json.dumps(_REQUIRED), encoding="utf-8")
    command = [terraform, "init", "-input=false", "-no-color"]
    subprocess.run(command, cwd=folder, env=dict(environment), check=True, capture_output=True, text=True, timeout=300)
    return folder


def terraform_version(terraform: str, *, environment: Mapping[str, str]) -> str:
    """Return which Terraform plays, such as ``1.11.4``."""
    asked = [terraform, "version", "-json"]
    told = subprocess.run(asked, env=dict(environment), check=True, capture_output=True, text=True, timeout=60)
    return str(json.loads(told.stdout)["terraform_version"])


def play_cases(
    stage: Stage, cases: Sequence[str], explanations: Sequence[Explanation], *, jobs: int
) -> Iterator[Outcome]:
    """Play cases, so many at once, and yield each outcome when it is there; the longest ones start first."""
    longest_first = sorted(cases, key=lambda name: -(stage.recordings / f"{name}.json").stat().st_size)
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        running = [pool.submit(play_case, stage, name, tuple(explanations)) for name in longest_first]
        for finished in as_completed(running):
            yield finished.result()


def play_case(stage: Stage, name: str, explanations: Sequence[Explanation]) -> Outcome:
    """Play one case from its first step to its last, or to where it breaks off."""
    case = recording.load(stage.recordings / f"{name}.json")
    comparison = Comparison(json.loads(stage.schemas.read_text(encoding="utf-8")))
    found: list[Difference] = []
    begun, steps, requests, broke_off = time.monotonic(), 0, 0, ""
    try:
        for step, seen in _played(stage, case):
            steps, requests = steps + 1, requests + len(seen.requests)
            found += comparison.differences(step, seen)
    except Exception:  # noqa: BLE001  other cases go on; what broke this one off is its outcome
        broke_off = traceback.format_exc()
    return Outcome(
        case=name,
        about=case.about,
        steps=steps,
        requests=requests,
        seconds=time.monotonic() - begun,
        differences=tuple(explain(explanations, name, found)),
        broke_off=broke_off,
    )


def _played(stage: Stage, case: recording.Case) -> Iterator[Any]:
    with TemporaryDirectory(prefix="conformance-") as scratch:
        tls, work = Path(scratch) / "tls", Path(scratch) / "work"
        tls.mkdir()
        shutil.copytree(stage.initialised, work, symlinks=True)
        with recorded_tenant(stage.recordings / SEED, tls) as tenant, ExitStack() as on_end:
            environment = {**stage.environment, **tenant.environment}
            attached = on_end.enter_context(attached_provider(environment)) if stage.attached else None
            yield from Player(
                case,
                tenant=tenant,
                symbols=Symbols(tenant.symbols(), literal=case.written_out()),
                folder=work,
                environment=environment,
                terraform=stage.terraform,
                attached=attached,
            ).play()
