"""What the machine offers: which programs PATH has, and which version each says it is.

Nothing here decides; `choice` does, from what this module reads. The set-up's own folders are left out of
PATH, so that its work is never taken for the machine's.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from toolchain.layout import Layout

Version = tuple[int, int, int]

_ANSWER_WITHIN_SECONDS = 60


@dataclass(frozen=True)
class Machine:
    """The environment that the set-up was started in."""

    environment: Mapping[str, str]
    own_folders: tuple[Path, ...] = ()

    @classmethod
    def of(cls, environment: Mapping[str, str], layout: Layout) -> "Machine":
        """Return the machine as seen from outside the set-up's own folders."""
        return cls(environment, (layout.commands, layout.virtual_environment / "bin"))

    @property
    def search_path(self) -> str:
        """PATH without the set-up's own folders."""
        entries = self.environment.get("PATH", os.defpath).split(os.pathsep)
        return os.pathsep.join(entry for entry in entries if entry and Path(entry) not in self.own_folders)

    def find_program(self, name: str) -> Path | None:
        """Return the first executable of that name on PATH, or the one at that path, as an absolute path."""
        found = shutil.which(name, path=self.search_path)
        return Path(found).absolute() if found else None

    def read_version(self, command: Sequence[str | Path]) -> Version | None:
        """Return the version in a program's answer, None if it fails or names none.

        A JSON answer is read by its `terraform_version`, which OpenTofu has as well; any other by its first
        x.y.z.
        """
        try:
            answer = subprocess.run(
                command,
                capture_output=True,
                check=True,
                env={**self.environment, "PATH": self.search_path, "CHECKPOINT_DISABLE": "1"},
                stdin=subprocess.DEVNULL,
                text=True,
                timeout=_ANSWER_WITHIN_SECONDS,
            ).stdout
        except (OSError, subprocess.SubprocessError):
            return None
        return parse_version(answer)

    def signature(self, program: Path | None) -> str:
        """Return what tells that a program was replaced, without starting it."""
        if program is None:
            return "absent"
        status = program.stat()
        return f"{program} {status.st_size} {status.st_mtime_ns}"


def parse_version(answer: str) -> Version | None:
    """Return the version that a program's answer holds, if any."""
    try:
        parsed = json.loads(answer)
    except ValueError:
        parsed = None
    if isinstance(parsed, dict):
        answer = str(parsed.get("terraform_version", ""))
    match = re.search(r"(\d+)\.(\d+)\.(\d+)", answer)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def write_version(version: Version) -> str:
    """Return a version as people write it."""
    return ".".join(str(part) for part in version)
