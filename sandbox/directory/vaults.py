"""A tenant's key vault and the secrets in it: versions, soft deletion, and who is permitted what.

The newest version of a secret is the one that a request without a version means; setting a secret makes a new version,
and nothing but a version's properties is ever changed. A deleted secret keeps its name until it is recovered, purged or
its days are over (learn.microsoft.com, "About Azure Key Vault secrets" and "Azure Key Vault soft-delete overview", read
November 2026).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.directory.store import Directory, Record
from sandbox.identifiers import new_id

KEY_VAULT_APP_ID = "cfa8b339-82a2-471a-a3c9-0fc0be7a4093"
RESOURCE = "https://vault.azure.net"
_DAY = 24 * 3600
RECOVERABLE_DAYS = 90


def new_vault(name: str, access: Mapping[str, Iterable[str]]) -> Record:
    """Make a vault's record; `access` has the permitted actions by the caller's object id."""
    return {"name": name, "access": {object_id: sorted(set(actions)) for object_id, actions in access.items()}}


def now(directory: Directory) -> int:
    """Tell the tenant's time as Key Vault writes it, in seconds since the epoch."""
    return int(directory.clock.now().timestamp())


def add_version(directory: Directory, name: str, value: str, properties: Mapping[str, Any]) -> Record:
    """Add a version to a secret, which is made where there is none."""
    moment = now(directory)
    version = {"version": new_id().replace("-", ""), "created": moment, "updated": moment, **properties}
    directory.vault_secrets.setdefault(name, []).append(version)
    directory.vault_values[version["version"]] = value
    return version


def delete(directory: Directory, name: str) -> Record:
    """Move a secret with all its versions to the recycle bin."""
    moment = now(directory)
    directory.deleted_vault_secrets[name] = {
        "deleted": moment,
        "purge": moment + RECOVERABLE_DAYS * _DAY,
        "versions": directory.vault_secrets.pop(name),
    }
    return directory.deleted_vault_secrets[name]


def recover(directory: Directory, name: str) -> Record:
    """Bring a deleted secret back, and tell its newest version."""
    directory.vault_secrets[name] = directory.deleted_vault_secrets.pop(name)["versions"]
    newest: Record = directory.vault_secrets[name][-1]
    return newest


def purge(directory: Directory, name: str) -> None:
    """Destroy a deleted secret."""
    for version in directory.deleted_vault_secrets.pop(name)["versions"]:
        directory.vault_values.pop(version["version"], None)  # a tenant loaded from an export has no values


def purge_expired(directory: Directory) -> None:
    """Destroy the secrets that have been deleted for as long as they can be recovered."""
    due = [name for name, each in directory.deleted_vault_secrets.items() if each["purge"] <= now(directory)]
    for name in due:
        purge(directory, name)
