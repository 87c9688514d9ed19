"""What the set-up would install on this machine: the choices, the package sets, and each part's fingerprint.

Made by reading only, so that it can be compared with what is there and printed without touching anything.
"""

from dataclasses import dataclass
from pathlib import Path

from toolchain.browser import PROGRAMS as BROWSERS
from toolchain.browser import choose_browser
from toolchain.choice import BINARY_NAME_VARIABLE, Choice, choose_node, choose_terraform
from toolchain.layout import NODE_SET, PYTHON_SETS, TERRAFORM_SET, Layout
from toolchain.machine import Machine
from toolchain.stamps import Stamp, fingerprint

_PROGRAMS_CONSIDERED = ("node", "npm", "terraform", "tofu", *BROWSERS)


@dataclass(frozen=True)
class Plan:
    """The choices made for this machine."""

    layout: Layout
    node: Choice
    terraform: Choice
    browser: Choice

    @property
    def python_sets(self) -> tuple[str, ...]:
        """The sets of Python packages, the fallbacks only where they are needed."""
        fallbacks = [
            name
            for name, choice in ((NODE_SET, self.node), (TERRAFORM_SET, self.terraform))
            if choice.is_installed_here
        ]
        return (*PYTHON_SETS, *fallbacks)

    @property
    def python_fingerprint(self) -> str:
        """Changes whenever the Python environment has to."""
        texts = [str(self.layout.root), *self.python_sets]
        return fingerprint(texts, map(self.layout.requirements, self.python_sets))

    @property
    def node_fingerprint(self) -> str:
        """Changes whenever the Node.js packages have to."""
        return fingerprint(files=[self.layout.root / "toolchain" / "package-lock.json"])


def make_plan(layout: Layout, machine: Machine) -> Plan:
    """Choose by asking the machine's programs for their versions."""
    return Plan(layout, choose_node(machine), choose_terraform(machine), choose_browser(machine))


def overall_fingerprint(layout: Layout, machine: Machine) -> str:
    """Return what changes whenever a set-up could come out differently, without starting any program."""
    named = machine.environment.get(BINARY_NAME_VARIABLE, "")
    programs = [machine.find_program(name) for name in (*_PROGRAMS_CONSIDERED, *([named] if named else []))]
    texts = [str(layout.root), named, *(machine.signature(program) for program in programs)]
    return fingerprint(texts, sorted([*_sources(layout), *layout.root.glob("requirements/*.txt")]))


def _sources(layout: Layout) -> list[Path]:
    folder = layout.root / "toolchain"
    return [*folder.glob("*.py"), *folder.glob("*.json"), *folder.glob("*.sh")]


def overall_stamp(layout: Layout) -> Stamp:
    """Return the stamp of the set-up as a whole."""
    return Stamp(layout.toolchain / "installed" / "all")


def python_stamp(layout: Layout) -> Stamp:
    """Return the stamp of the Python environment."""
    return Stamp(layout.toolchain / "installed" / "python")


def node_stamp(layout: Layout) -> Stamp:
    """Return the stamp of the Node.js packages."""
    return Stamp(layout.toolchain / "installed" / "node")
