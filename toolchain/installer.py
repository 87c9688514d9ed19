"""Starts pip, uv and npm, and turns their failure into an error that says what to do.

The user's own settings reach them (registry, proxy, certificates); only a missing home directory is made up
for.
"""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from toolchain.errors import SetupError
from toolchain.layout import Layout

_LINES_SHOWN = 25


def run(command: Sequence[str | Path], *, what: str, environment: Mapping[str, str], cwd: Path) -> str:
    """Run an installer and return its standard output; its last lines go into the error if it fails."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            check=False,
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            text=True,
        )
    except OSError as error:
        raise SetupError(
            f"{what} could not be started", why=str(error), next_step="run the same command again"
        ) from error
    if done.returncode:
        said = "\n".join((done.stderr.strip() or done.stdout.strip()).splitlines()[-_LINES_SHOWN:])
        raise SetupError(
            f"{what} failed with exit code {done.returncode}",
            why=said or "it said nothing",
            next_step="mend what it names (often the network, a proxy or a registry's settings), then run "
            "the same command again; what is half done is done anew",
        )
    return done.stdout


def installer_environment(machine: Mapping[str, str], layout: Layout) -> dict[str, str]:
    """Return the environment for pip, uv and npm.

    pip's index and certificate settings are handed to uv as well, which does not read them by itself.
    """
    environment = dict(machine)
    for variable in ("VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH"):
        environment.pop(variable, None)
    if not environment.get("HOME"):
        environment["HOME"] = str(layout.caches)
    environment.setdefault("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    environment.setdefault("UV_NO_PROGRESS", "1")
    for ours, theirs in (
        ("UV_DEFAULT_INDEX", "PIP_INDEX_URL"),
        ("UV_INDEX", "PIP_EXTRA_INDEX_URL"),
        ("UV_HTTP_TIMEOUT", "PIP_DEFAULT_TIMEOUT"),
        ("SSL_CERT_FILE", "PIP_CERT"),
    ):
        if theirs in environment:
            environment.setdefault(ours, environment[theirs])
    return environment
