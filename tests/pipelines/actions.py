"""What the actions of others do that the workflows use, as far as a job depends on it; any other input is refused.

Read from the actions' own sources at the pinned commits, November 2026.
"""

import fnmatch
import json
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


class ActionFailedError(Exception):
    """An action ends its step as failed."""


class Machine(Protocol):
    """What an action sees of the machine and its job."""

    @property
    def workspace(self) -> Path: ...

    @property
    def checked_out(self) -> tuple[Path, str]: ...

    @property
    def run_id(self) -> int: ...

    def permits(self, scope: str, level: str) -> bool: ...

    def after_checkout(self) -> None: ...


@dataclass
class Storage:
    """Artefacts by run and name, caches by key, and what was uploaded to code scanning."""

    folder: Path
    artefacts: dict[int, dict[str, Path]] = field(default_factory=dict)
    caches: dict[str, Path] = field(default_factory=dict)
    to_save: list[tuple[str, Path]] = field(default_factory=list)
    sarif: list[dict[str, Any]] = field(default_factory=list)

    def place(self) -> Path:
        """Return a folder of its own."""
        self.folder.mkdir(exist_ok=True)
        made = self.folder / str(len(list(self.folder.iterdir())))
        made.mkdir()
        return made


def checkout(machine: Machine, storage: Storage, given: Mapping[str, Any]) -> None:  # noqa: ARG001  # one signature for all
    """Clone the commit of the event; without `fetch-depth: 0` its history stays away."""
    _require(given, {"fetch-depth": {0}, "persist-credentials": {False}})
    if given.get("persist-credentials") is not False:
        raise ActionFailedError("the job's token would stay in the checkout")
    if not machine.permits("contents", "read"):
        raise ActionFailedError("contents: read is missing")
    repository, ref = machine.checked_out
    depth = [] if given.get("fetch-depth") == 0 else ["--depth=1"]
    for command in (
        ["git", "init", "--quiet"],
        ["git", "fetch", "--quiet", *depth, repository.as_uri(), f"+{ref}:refs/remotes/origin/event"],
        ["git", "checkout", "--quiet", "--detach", "refs/remotes/origin/event"],
    ):
        subprocess.run(command, cwd=machine.workspace, check=True, capture_output=True)
    machine.after_checkout()


def upload_artifact(machine: Machine, storage: Storage, given: Mapping[str, Any]) -> None:
    """Keep a file or a folder's content under a name of this run."""
    known = {"name", "path", "if-no-files-found", "overwrite", "retention-days"}
    _require(given, dict.fromkeys(known))
    path = machine.workspace / given["path"]
    files = [path] if path.is_file() else sorted(each for each in path.rglob("*") if each.is_file())
    if not files:
        if given["if-no-files-found"] == "ignore":
            return
        raise ActionFailedError(f"no files at {given['path']}")
    kept = storage.artefacts.setdefault(machine.run_id, {})
    if given["name"] in kept and not given.get("overwrite"):
        raise ActionFailedError(f"there is an artefact {given['name']} already")
    kept[given["name"]] = storage.place()
    for file in files:
        target = kept[given["name"]] / (file.name if path.is_file() else file.relative_to(path))
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)


def download_artifact(machine: Machine, storage: Storage, given: Mapping[str, Any]) -> None:
    """Bring every artefact of a run that a pattern fits, each into a folder of its own."""
    _require(given, dict.fromkeys({"pattern", "path", "run-id", "github-token"}))
    run_id = int(given.get("run-id", machine.run_id))
    if run_id != machine.run_id and not (given.get("github-token") and machine.permits("actions", "read")):
        raise ActionFailedError("another run's artefacts need a token with actions: read")
    for name, folder in storage.artefacts.get(run_id, {}).items():
        if fnmatch.fnmatchcase(name, given["pattern"]):
            shutil.copytree(folder, machine.workspace / given["path"] / name)


def cache(machine: Machine, storage: Storage, given: Mapping[str, Any]) -> None:
    """Bring back the newest folder whose key fits, and have it saved at the job's end."""
    _require(given, dict.fromkeys({"path", "key", "restore-keys"}))
    fitting = [key for key in storage.caches if key == given["key"] or key.startswith(given["restore-keys"].strip())]
    if fitting:
        shutil.copytree(storage.caches[fitting[-1]], machine.workspace / given["path"])
    storage.to_save.append((given["key"], machine.workspace / given["path"]))


def save_caches(storage: Storage) -> None:
    """Save what the job's caches hold, as a job that went well does at its end."""
    for key, folder in storage.to_save:
        if folder.is_dir():
            storage.caches[key] = storage.place() / "content"
            shutil.copytree(folder, storage.caches[key])
    storage.to_save.clear()


def upload_sarif(machine: Machine, storage: Storage, given: Mapping[str, Any]) -> None:
    """Take a SARIF log."""
    _require(given, dict.fromkeys({"sarif_file", "category"}))
    if not machine.permits("security-events", "write"):
        raise ActionFailedError("security-events: write is missing")
    storage.sarif.append(json.loads((machine.workspace / given["sarif_file"]).read_text(encoding="utf-8")))


def _require(given: Mapping[str, Any], known: Mapping[str, set[Any] | None]) -> None:
    for name, value in given.items():
        values = known.get(name)
        if name not in known or (values is not None and value not in values):
            raise ActionFailedError(f"the input {name}: {value!r} is not known here")


ACTIONS: Mapping[str, Callable[[Machine, Storage, Mapping[str, Any]], None]] = {
    "actions/checkout": checkout,
    "actions/upload-artifact": upload_artifact,
    "actions/download-artifact": download_artifact,
    "actions/cache": cache,
    "github/codeql-action/upload-sarif": upload_sarif,
}
