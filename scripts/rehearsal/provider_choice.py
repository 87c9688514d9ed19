"""Which azuread provider a rehearsal runs: the real one where `terraform init` can get it, else the rehearsal provider.

The choice becomes a Terraform CLI configuration that only the rehearsal's processes see; a user's own configuration,
plugin folder and lock files stay untouched.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sandbox.provider.mirror import write_configuration, write_mirror
from sandbox.provider.sources import ADDRESSES, VERSION
from steward.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
_PROBE_SECONDS = 60


@dataclass(frozen=True)
class Chosen:
    """The variables that make Terraform take a provider, and what is taken in words."""

    variables: Mapping[str, str]
    words: str
    is_own: bool = False


def choose_provider(choice: str, folder: Path, *, terraform: str, environment: Mapping[str, str]) -> Chosen:
    """Return how Terraform is made to take the chosen provider.

    `choice` is auto, registry, own, or the folder of a filesystem mirror; raises `ConfigError` for anything else.
    """
    if choice == "auto":
        choice = "registry" if _registry_answers(terraform, environment) else "own"
    if choice == "registry":
        return Chosen({}, "azuread from the public registry")
    if choice == "own":
        configuration = write_mirror(folder / "provider", python=Path(sys.executable), source_root=ROOT)
        words = "the rehearsal provider in azuread's place"
        return Chosen({"TF_CLI_CONFIG_FILE": str(configuration)}, words, is_own=True)
    mirror = Path(choice).expanduser()
    if not any((mirror / address).is_dir() for address in ADDRESSES):
        raise ConfigError(
            f"{choice} is no provider mirror",
            why=f"{' or '.join(ADDRESSES)} is not in it",
            next_move="use PROVIDER=auto, registry, own, or the folder of a Terraform filesystem mirror",
        )
    configuration = write_configuration(folder / "mirror.tfrc", mirror=mirror)
    return Chosen({"TF_CLI_CONFIG_FILE": str(configuration)}, f"azuread from the mirror {mirror}")


def _registry_answers(terraform: str, environment: Mapping[str, str]) -> bool:
    with TemporaryDirectory() as folder:
        return _can_install(Path(folder), terraform, environment)


def _can_install(folder: Path, terraform: str, environment: Mapping[str, str]) -> bool:
    provider = {"azuread": {"source": "hashicorp/azuread", "version": VERSION}}
    (folder / "main.tf.json").write_text(json.dumps({"terraform": {"required_providers": provider}}))
    impatient = {**environment, "TF_REGISTRY_DISCOVERY_RETRY": "0", "TF_REGISTRY_CLIENT_TIMEOUT": "5"}
    try:
        run = subprocess.run(
            [terraform, "init", "-input=false", "-backend=false"],
            cwd=folder,
            env=impatient,
            capture_output=True,
            timeout=_PROBE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return run.returncode == 0
