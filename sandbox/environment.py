"""The environment in which a client meets a running sandbox, as variables and as a file.

The file has one `NAME=value` a line, without `export`, so that `set -a; . FILE` and tools with an env-file option take
it alike; a value is quoted for the shell only where it has to be, as a path with a space does. It holds a client secret
and is readable by its owner only.
"""

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from sandbox.server import RunningSandbox

_PRIVATE = 0o600


def render(running: RunningSandbox, identity: str = "deploy") -> dict[str, str]:
    """List the variables with which Terraform's provider and our scripts reach the sandbox as one identity."""
    credential = running.identities.get(identity)
    if credential is None:
        raise ValueError(f"The tenant has no identity {identity!r}; its seed names {sorted(running.identities)}.")
    return {
        "ARM_METADATA_HOSTNAME": running.base_url.removeprefix("https://"),
        "ARM_TENANT_ID": running.tenant_id,
        "ARM_CLIENT_ID": credential.client_id,
        "ARM_CLIENT_SECRET": credential.client_secret,
        "ARM_USE_CLI": "false",
        "SSL_CERT_FILE": str(running.ca_file),
        "SANDBOX_GRAPH_URL": running.base_url,
        "SANDBOX_LOGIN_URL": running.base_url,
    }


def write(path: Path, environment: Mapping[str, str]) -> None:
    """Write variables to a file that only its owner can read; ValueError on a value that a line cannot hold."""
    for name, value in environment.items():
        if "\n" in value:
            raise ValueError(f"{name} holds a line break, which an environment file cannot carry")
    text = "".join(f"{name}={shlex.quote(value)}\n" for name, value in environment.items())
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, _PRIVATE)
        file.write(text)
