"""Where the set-up reads and writes, all of it below the project's own folder.

One value, made from that folder, which every other module of the set-up takes.
"""

from dataclasses import dataclass
from pathlib import Path

PYTHON_SETS = ("uv", "runtime", "papers", "sandbox", "dev")
NODE_SET = "node"
TERRAFORM_SET = "terraform"


@dataclass(frozen=True)
class Layout:
    """The project's folder, and the places below it that the set-up knows."""

    root: Path

    @property
    def virtual_environment(self) -> Path:
        """The Python environment, `.venv`."""
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        """The environment's Python."""
        return self.virtual_environment / "bin" / "python"

    @property
    def toolchain(self) -> Path:
        """Everything else that is installed, `.toolchain`."""
        return self.root / ".toolchain"

    @property
    def commands(self) -> Path:
        """The folder for PATH: cdktf always, node and terraform where the machine's own do not serve."""
        return self.toolchain / "bin"

    @property
    def node_packages(self) -> Path:
        """The folder that npm installs into."""
        return self.toolchain / "node"

    @property
    def caches(self) -> Path:
        """Download caches, for those who have no home directory to keep them in."""
        return self.toolchain / "cache"

    def requirements(self, name: str) -> Path:
        """Return the lock file of a set of Python packages."""
        return self.root / "requirements" / f"{name}.txt"
