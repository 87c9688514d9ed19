"""The clouds that a tenant can live in: authority, Graph base and the provider's name for each.

A sandbox is a cloud like any other, with its own addresses and its own certificate authority, so that no
code has to ask whether it runs against one.
"""

import re
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict

# https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates, read November 2026
_VAULT_NAME = re.compile(r"[a-z](?!.*--)[a-z0-9-]{1,22}[a-z0-9]")


class Cloud(BaseModel):
    """Where a tenant's tokens and its directory are to be found.

    `authority` and `graph` are https addresses without a trailing slash. `environment` is the azuread provider's name
    of a public cloud; a sandbox has none, and is found through `metadata_host` (host:port) instead. `ca_file` is the
    certificate authority to trust besides the system's, None for the public clouds. `vault_suffix` is what the names of
    a public cloud's key vaults end in.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    authority: str
    graph: str
    environment: str | None = None
    ca_file: Path | None = None
    vault_suffix: str | None = None

    @property
    def metadata_host(self) -> str | None:
        """Return host:port of the metadata document, None where the provider knows the cloud by name."""
        return None if self.environment else urlsplit(self.authority).netloc

    def has_vault(self, host: str) -> bool:
        """Return whether a host is called as the key vaults of this public cloud are."""
        name, _, suffix = host.partition(".")
        return suffix == self.vault_suffix and _VAULT_NAME.fullmatch(name) is not None

    @property
    def graph_scope(self) -> str:
        """Return the scope that asks for every permission granted on Microsoft Graph."""
        return f"{self.graph}/.default"


# https://learn.microsoft.com/graph/deployments
CLOUDS = {
    cloud.name: cloud
    for cloud in (
        Cloud(
            name="global",
            authority="https://login.microsoftonline.com",
            graph="https://graph.microsoft.com",
            environment="global",
            vault_suffix="vault.azure.net",
        ),
        Cloud(
            name="usgovernment",
            authority="https://login.microsoftonline.us",
            graph="https://graph.microsoft.us",
            environment="usgovernment",
            vault_suffix="vault.usgovcloudapi.net",
        ),
        Cloud(
            name="dod",
            authority="https://login.microsoftonline.us",
            graph="https://dod-graph.microsoft.us",
            environment="dod",
            vault_suffix="vault.usgovcloudapi.net",
        ),
        Cloud(
            name="china",
            authority="https://login.chinacloudapi.cn",
            graph="https://microsoftgraph.chinacloudapi.cn",
            environment="china",
            vault_suffix="vault.azure.cn",
        ),
    )
}
