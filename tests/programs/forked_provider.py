"""Starts the rehearsal provider without paying for its start: forked from a process that has imported it already.

Terraform starts a provider two or three times a command, and four fifths of what a command costs is importing it. What
it finds in the mirror here is a caller that hands its output, folder and environment on to the process that forks, and
lives as long as the fork does: killed alone or with its group, it takes the fork with it. `make rehearse`, its tests,
those of the provider and a Terraform that the matrix kills start the provider as it is.
"""

import atexit
import shlex
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cache
from pathlib import Path

from scripts.rehearsal.provider_choice import ROOT, choose_provider

_FOLDER = Path(__file__).parent
_AS_IT_IS = "PROVIDER_AS_IT_IS"
# A Terraform with these in its environment starts the provider itself, as a user's does.
AS_IT_IS: Mapping[str, str] = {_AS_IT_IS: "yes"}
_CALL = '[ "${{{as_it_is}-}}" ] || exec {python} -I -S {caller} {socket} {options}\n'
_LAST_SECONDS = 20


def choose_forked_provider(
    choice: str, folder: Path, *, terraform: str, environment: Mapping[str, str]
) -> Mapping[str, str]:
    """Return the variables that make Terraform take the chosen provider, the rehearsal provider as a fork."""
    chosen = choose_provider(choice, folder, terraform=terraform, environment=environment)
    if chosen.is_own:
        for executable in Path(chosen.variables["TF_CLI_CONFIG_FILE"]).parent.rglob("terraform-provider-azuread_v*"):
            _hand_on(executable)
    return chosen.variables


def _hand_on(executable: Path) -> None:
    """Have the executable call for a fork, with the options that it gives to the provider."""
    start = executable.read_text(encoding="utf-8")
    first, rest = start.split("\n", maxsplit=1)
    _, found, options = rest.strip().partition(" -m sandbox.provider ")
    assert found, f"{executable} starts the provider in another way"
    words = (sys.executable, str(_FOLDER / "provider_caller.py"), fork_socket())
    python, caller, socket = (shlex.quote(word) for word in words)
    call = _CALL.format(as_it_is=_AS_IT_IS, python=python, caller=caller, socket=socket, options=options)
    executable.write_text(f"{first}\n{call}{rest}", encoding="utf-8")


@cache
def fork_socket() -> str:
    """Start the process that forks, once in each of the tests' processes, and return the address of its socket."""
    running = ExitStack()
    atexit.register(running.close)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.programs.provider_forks"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdin is not None and process.stdout is not None  # noqa: PT018  they were asked for
    running.callback(process.wait, _LAST_SECONDS)
    running.callback(process.stdout.close)
    running.callback(process.stdin.close)
    address = process.stdout.readline().strip()
    assert address, "the process that forks providers ended before it served"
    return address
