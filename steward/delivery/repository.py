"""What Git says of the project: which files a change touches, what they held before, which commit is checked out."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from steward.errors import ConfigError, UnreadableError

_NOTHING = "0" * 40


@dataclass(frozen=True)
class Changed:
    """One file that differs: its path in the repository before and now; None where there was or is none."""

    before: str | None
    now: str | None


@dataclass(frozen=True)
class Repository:
    """A work tree; paths are relative to its top."""

    folder: Path

    def top(self) -> Path:
        """Return the top of the work tree."""
        return Path(self._git("rev-parse", "--show-toplevel").removesuffix("\n"))

    def commit(self) -> str | None:
        """Return the commit that is checked out; None where there is none, or where tracked files differ from it."""
        try:
            commit = self._git("rev-parse", "--verify", "HEAD").strip()
            differs = self._git("status", "--porcelain", "-z", "--untracked-files=no")
        except (ConfigError, UnreadableError):
            return None
        return None if differs else commit

    def find_base(self, base: str) -> str | None:
        """Return the commit where what is checked out left `base`; None where there was nothing before.

        Raises `ConfigError` for a name that is none, `UnreadableError` where the history does not reach back so far.
        """
        if base == _NOTHING:
            return None
        found = self._run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}^{{commit}}")
        if found.returncode != 0:
            raise ConfigError(
                f"{base!a} is no commit, branch or tag here",
                why="Git does not know it; a pipeline's checkout is often shallow",
                next_move="fetch it first (actions/checkout: fetch-depth: 0), or name another one with --base",
            )
        merged = self._run("merge-base", as_text(found.stdout).strip(), "HEAD")
        if merged.returncode != 0:
            raise UnreadableError(
                f"where the work left {base!a} cannot be told",
                why=as_text(merged.stderr).strip() or "the two have no commit in common, as in a shallow checkout",
                next_move="fetch the whole history (actions/checkout: fetch-depth: 0), then run it again",
            )
        return as_text(merged.stdout).strip()

    def changed_since(self, commit: str) -> tuple[Changed, ...]:
        """Return the files that differ between a commit and the work tree; new ones count unless they are ignored."""
        told = self._git("diff", "--name-status", "--no-renames", "--no-ext-diff", "-z", commit, "--").split("\0")
        changed = []
        for status, path in zip(told[0::2], told[1::2], strict=False):
            changed.append(Changed(None if status == "A" else path, None if status == "D" else path))
        new = self._git("ls-files", "--others", "--exclude-standard", "--full-name", "-z", "--", ":/").split("\0")
        return (*changed, *(Changed(None, path) for path in new if path))

    def read_before(self, commit: str, path: str) -> bytes:
        """Return what a file held in a commit."""
        shown = self._run("cat-file", "blob", f"{commit}:{path}")
        return shown.stdout if shown.returncode == 0 else b""

    def _git(self, *arguments: str) -> str:
        finished = self._run(*arguments)
        if finished.returncode != 0:
            raise UnreadableError(
                f"git {arguments[0]} failed in {self.folder}",
                why=" ".join(as_text(finished.stderr).split()) or f"exit code {finished.returncode}",
                next_move="run it in a work tree of the project, with its history",
            )
        return as_text(finished.stdout)

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        # Paths come as they are, byte for byte, whatever the user's settings are.
        command = ["git", "-c", "core.quotePath=false", "-c", "diff.relative=false", *arguments]
        try:
            return subprocess.run(command, cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        except OSError as error:
            raise ConfigError(
                "git could not be started", why=error.strerror or str(error), next_move="install git"
            ) from None


def as_text(output: bytes) -> str:
    """Return what Git prints, or a path's bytes, as text; what is no Unicode text comes back out as it came in."""
    return output.decode("utf-8", errors="surrogateescape")
