"""Which Node.js and which Terraform serve: the machine's own where they fit, otherwise one that is installed.

Each choice is a value with its reason, so that it can be printed, tested and compared before anything is
touched.
"""

from dataclasses import dataclass
from pathlib import Path

from toolchain.errors import SetupError
from toolchain.machine import Machine, Version, write_version

# The first release of the oldest line that the command-line interface of cdktf 0.21 is published for.
LEAST_NODE: Version = (20, 9, 0)
# The first with plantimestamp(), on which the end of the privileged window rests; OpenTofu has had it from
# its start.
LEAST_TERRAFORM: Version = (1, 5, 0)

BINARY_NAME_VARIABLE = "TERRAFORM_BINARY_NAME"


@dataclass(frozen=True)
class Choice:
    """A program of the machine's own, or None for one that is to be installed, and the reason."""

    program: Path | None
    reason: str

    @property
    def is_installed_here(self) -> bool:
        """Whether the machine has none that serves."""
        return self.program is None


def choose_node(machine: Machine) -> Choice:
    """Return PATH's Node.js if it is recent enough and comes with npm."""
    node = machine.find_program("node")
    if node is None:
        return Choice(None, "PATH has no node")
    version = machine.read_version([node, "--version"])
    if version is None:
        return Choice(None, f"{node} does not say its version")
    if version < LEAST_NODE:
        return Choice(None, f"{node} is {write_version(version)}, older than {write_version(LEAST_NODE)}")
    if machine.find_program("npm") is None:
        return Choice(None, f"{node} comes without npm")
    return Choice(node, f"version {write_version(version)}")


def choose_terraform(machine: Machine) -> Choice:
    """Return the engine that TERRAFORM_BINARY_NAME names, else PATH's terraform, else PATH's tofu.

    An engine that was named and does not serve is an error, never replaced by another behind the user's back.
    """
    named = machine.environment.get(BINARY_NAME_VARIABLE)
    if named:
        return _require_named_terraform(machine, named)
    refusals = []
    for name in ("terraform", "tofu"):
        program = machine.find_program(name)
        if program is None:
            refusals.append(f"PATH has no {name}")
            continue
        refusal, reason = _judge_terraform(machine, program)
        if refusal is None:
            return Choice(program, reason)
        refusals.append(refusal)
    return Choice(None, ", ".join(refusals))


def _require_named_terraform(machine: Machine, named: str) -> Choice:
    program = machine.find_program(named)
    if program is None:
        refusal, reason = "there is no such executable", ""
    else:
        judged, reason = _judge_terraform(machine, program)
        if judged is None:
            return Choice(program, f"{reason}, named by {BINARY_NAME_VARIABLE}")
        refusal = judged
    raise SetupError(
        f"{BINARY_NAME_VARIABLE} names {named}, which cannot be used",
        why=refusal,
        next_step=f"name a Terraform from {write_version(LEAST_TERRAFORM)} or an OpenTofu, "
        f"or unset {BINARY_NAME_VARIABLE}",
    )


def _judge_terraform(machine: Machine, program: Path) -> tuple[str | None, str]:
    """Return the refusal, if any, and the reason for taking it otherwise."""
    version = machine.read_version([program, "version", "-json"])
    if version is None:
        return f"{program} does not say its version", ""
    if version < LEAST_TERRAFORM:
        least = write_version(LEAST_TERRAFORM)
        return f"{program} is {write_version(version)}, older than {least}", ""
    return None, f"version {write_version(version)}"
