"""A stand-in for Azure CLI on the path: signed in once, as `az login` does, it prints the token that it got.

The token is the tenant's own, for Azure CLI's client and with the scopes that this client has, so that whatever asks
for it by `az account get-access-token` meets what a person at a workstation meets.
"""

import json
import os
import shlex
from dataclasses import dataclass
from pathlib import Path

import jwt
import pytest
from azure.identity import InteractiveBrowserCredential

from steward.wellknown.clients import AZURE_CLI
from tests.life.administrator import LOGIN, WALKER
from tests.life.identities_tenancy import IdentitiesTenancy

# What the client's tokens for Microsoft Graph hold, whoever signs in.
SCOPES = frozenset(
    {
        "Application.ReadWrite.All",
        "AppRoleAssignment.ReadWrite.All",
        "AuditLog.Read.All",
        "DelegatedPermissionGrant.ReadWrite.All",
        "Directory.AccessAsUser.All",
        "Group.ReadWrite.All",
        "User.Read.All",
        "User.ReadWrite.All",
    }
)
_OF_EVERY_SIGN_IN = {"email", "offline_access", "openid", "profile"}


@dataclass(frozen=True)
class AzureCli:
    """The stand-in, by the file that it notes its command lines in."""

    noted: Path
    command: str

    def asked(self) -> list[str]:
        """Return the command lines so far."""
        return self.noted.read_text(encoding="utf-8").splitlines() if self.noted.exists() else []


def log_in(tenancy: IdentitiesTenancy, folder: Path, patch: pytest.MonkeyPatch, *, login: str = LOGIN) -> AzureCli:
    """Sign in at the tenant's pages with Azure CLI's client, and put an `az` first on the path that has the token."""
    tenant = tenancy.tenant.tenant
    sandbox = tenancy.scene.sandbox
    WALKER.at = (sandbox.base_url, sandbox.ca_file, login)
    try:
        with InteractiveBrowserCredential(
            tenant_id=tenant.id,
            client_id=AZURE_CLI,
            authority=tenant.cloud.authority,
            disable_instance_discovery=True,
            connection_verify=str(tenant.cloud.ca_file),
        ) as credential:
            token = credential.get_token(tenant.cloud.graph_scope)
    finally:
        WALKER.at = None
    claims = jwt.decode(token.token, options={"verify_signature": False})
    assert claims["appid"] == AZURE_CLI
    assert set(claims["scp"].split()) - _OF_EVERY_SIGN_IN == SCOPES
    command = f"account get-access-token --output json --resource {tenant.cloud.graph} --tenant {tenant.id}"
    cli = AzureCli(folder / "az.asked", command)
    printed = folder / "az.json"
    printed.touch(mode=0o600)
    shown = {"accessToken": token.token, "expires_on": token.expires_on, "tenant": tenant.id, "tokenType": "Bearer"}
    printed.write_text(json.dumps(shown), encoding="utf-8")
    lines = (
        "#!/bin/sh",
        f"printf '%s\\n' \"$*\" >> {shlex.quote(str(cli.noted))}",
        f'test "$*" = {shlex.quote(command)} && exec cat {shlex.quote(str(printed))}',
        "echo 'ERROR: this Azure CLI only has a token for Microsoft Graph in one tenant' >&2",
        "exit 2",
    )
    program = folder / "bin" / "az"
    program.parent.mkdir()
    program.write_text("\n".join(lines) + "\n", encoding="utf-8")
    program.chmod(0o700)
    patch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return cli
