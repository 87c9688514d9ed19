"""The one place that reads the environment: who signs in, and what Terraform's processes are given.

The variables are those of the azuread provider, so that one sign-in serves Terraform and the scripts alike.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from steward.config.clouds import Cloud
from steward.errors import ConfigError
from steward.forge.address import Forge
from steward.graph.sign_in_methods import (
    CertificateSignIn,
    CliSignIn,
    FederatedSignIn,
    JobSignIn,
    SecretSignIn,
    SignInMethod,
)
from steward.secret import Secret

# jsii, which runs the CDK in Node.js, puts a banner about the age of Node.js before what a program says, and would bury
# it in a rehearsal or a sandbox. In a shell of the user's own it stays: what it says there is true, and his to decide.
QUIET_NODE: Mapping[str, str] = {
    "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "18,19,20,21,22,23,24,25,26,27,28",
    "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "18,19,20,21,22,23,24,25,26,27,28",
}

# With these two a job of GitHub gets its identity token, and whoever has them signs in as our identities.
_JOBS_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_"  # noqa: S105  # the beginning of variables' names
_OTHER_SIGN_INS = (
    "ARM_CLIENT_SECRET",
    "ARM_CLIENT_SECRET_FILE_PATH",
    "ARM_CLIENT_CERTIFICATE",
    "ARM_CLIENT_CERTIFICATE_PASSWORD",
    "ARM_CLIENT_CERTIFICATE_PATH",
    "ARM_CLIENT_ID_FILE_PATH",
    "ARM_OIDC_TOKEN",
    "ARM_OIDC_TOKEN_FILE_PATH",
)


def read_sign_in(variables: Mapping[str, str] = os.environ) -> SignInMethod:
    """Return how to sign in, by the ARM_* variables; certificate, secret, federated token, then Azure CLI.

    Raises `ConfigError` when none of them says enough.
    """
    client_id = variables.get("ARM_CLIENT_ID", "")
    certificate = variables.get("ARM_CLIENT_CERTIFICATE_PATH")
    secret = variables.get("ARM_CLIENT_SECRET")
    token_file = variables.get("ARM_OIDC_TOKEN_FILE_PATH")
    token = variables.get("ARM_OIDC_TOKEN")
    if client_id and certificate:
        password = variables.get("ARM_CLIENT_CERTIFICATE_PASSWORD")
        return CertificateSignIn(client_id, Path(certificate), Secret(password) if password else None)
    if client_id and secret:
        return SecretSignIn(client_id, Secret(secret))
    if client_id and token_file:
        return FederatedSignIn(client_id, lambda: _read_token(Path(token_file)))
    if client_id and token:
        return FederatedSignIn(client_id, lambda: Secret(token))
    asked = _first(variables, "ARM_OIDC_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_URL")
    bearer = _first(variables, "ARM_OIDC_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
    if client_id and asked and bearer:
        return JobSignIn(client_id, asked, Secret(bearer))
    if variables.get("ARM_USE_CLI", "true").lower() != "false" and shutil.which("az"):
        return CliSignIn()
    raise ConfigError(
        "nobody is signed in",
        why="ARM_* hold no certificate, secret or federated token, and Azure CLI is not to be used or not there",
        next_move="set ARM_CLIENT_ID with ARM_CLIENT_CERTIFICATE_PATH, ARM_CLIENT_SECRET or ARM_OIDC_TOKEN_FILE_PATH",
    )


def _first(variables: Mapping[str, str], *names: str) -> str:
    return next((variables[name] for name in names if variables.get(name)), "")


def _read_token(file: Path) -> Secret:
    try:
        return Secret(file.read_text(encoding="utf-8").strip())
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{file} cannot be read",
            why=f"ARM_OIDC_TOKEN_FILE_PATH names it: {error}",
            next_move="name the file that the pipeline writes its identity token to",
        ) from None


def terraform_environment(cloud: Cloud, variables: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment of Terraform's processes: the caller's own, made quiet, with the cloud's CA trusted."""
    # Options that somebody else put there would make a full plan something else.
    kept = {name: value for name, value in variables.items() if not name.startswith("TF_CLI_ARGS")}
    environment = {**kept, "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1", "TF_INPUT": "0"}
    if cloud.ca_file is not None:
        environment["SSL_CERT_FILE"] = str(cloud.ca_file)
    return environment


def sink_environment(variables: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment of a sink's program: the caller's own, without what our identity signs in with."""
    return {name: value for name, value in variables.items() if not name.startswith(("ARM_", _JOBS_TOKEN))}


def find_terraform(variables: Mapping[str, str] = os.environ) -> str:
    """Return the Terraform or OpenTofu to run: TERRAFORM_BINARY_NAME, else the first of the two on PATH.

    Raises `ConfigError` when there is none.
    """
    named = variables.get("TERRAFORM_BINARY_NAME")
    for candidate in [named] if named else ["terraform", "tofu"]:
        found = shutil.which(candidate)
        if found:
            return found
    raise ConfigError(
        f"{named or 'terraform'} is not on PATH",
        why="the latch is turned by Terraform, and neither it nor OpenTofu was found",
        next_move="install Terraform 1.5 or later, or name it in TERRAFORM_BINARY_NAME",
    )


def read_forge(variables: Mapping[str, str] = os.environ) -> Forge:
    """Return where the forge's API is and the job's token for it, by the variables that GitHub sets in a job.

    Raises `ConfigError` when one is missing.
    """
    names = ("GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_TOKEN")
    missing = [name for name in names if not variables.get(name)]
    if missing:
        raise ConfigError(
            f"{', '.join(missing)} is not set",
            why="a job of GitHub has them; the token only where its step names it",
            next_move="set it; for the token write `env: {GITHUB_TOKEN: ${{ github.token }}}` at the step",
        )
    api_url, repository, token = (variables[name] for name in names)
    if not api_url.startswith("https://"):
        raise ConfigError(
            "GITHUB_API_URL is not https", why="the token would travel in clear", next_move="write https://"
        )
    ca_file = variables.get("SSL_CERT_FILE")
    return Forge(api_url, repository, Secret(token), Path(ca_file) if ca_file else None)


def environment_as(client_id: str, tenant_id: str, variables: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the caller's environment with one of our identities' sign-in by the job's token, and no other one."""
    kept = {name: value for name, value in variables.items() if name not in _OTHER_SIGN_INS}
    return {
        **kept,
        "ARM_TENANT_ID": tenant_id,
        "ARM_CLIENT_ID": client_id,
        "ARM_USE_OIDC": "true",
        "ARM_USE_CLI": "false",
    }


def find_on_path(program: str) -> str | None:
    """Return where a program lies on PATH, None where it does not."""
    return shutil.which(program)


def has_mirror(variables: Mapping[str, str] = os.environ) -> bool:
    """Return whether Terraform takes its providers from where a configuration file of its own says."""
    return bool(variables.get("TF_CLI_CONFIG_FILE"))


def child_environment(root: Path, variables: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment for commands that are run on a user's behalf: quiet, and without anybody's sign-in."""
    # Of Terraform's own variables none is kept: a plugin cache, for one, would keep the rehearsal provider.
    # And Python keeps its compiled modules: msgraph-sdk has thousands, and the provider starts with every command.
    dropped = ("ARM_", "TF_", "AZURE_", _JOBS_TOKEN, "PYTHONDONTWRITEBYTECODE")
    kept = {key: value for key, value in variables.items() if not key.startswith(dropped)}
    return {
        **kept,
        "PYTHONPATH": str(root),
        "CI": "1",
        "CHECKPOINT_DISABLE": "1",
        "DISABLE_VERSION_CHECK": "1",
        # cdktf would otherwise keep a plugin cache in the user's home.
        "CDKTF_DISABLE_PLUGIN_CACHE_ENV": "1",
        **QUIET_NODE,
        "FORCE_COLOR": "0",
    }
