"""What applications of other publishers ask for and may do, beyond what a service principal shows of them.

Population calls this for the applications that a seed names and for the public clients that Microsoft itself
publishes (data/microsoft-clients.json); signing in and consent read what it leaves in `published_applications`.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sandbox.directory.store import GRAPH_APP_ID, Directory, Record
from sandbox.passwords import SecretHash
from sandbox.seed import SeedError, SeedForeignApplication, SeedIssuer

_CLIENTS = Path(__file__).parents[1] / "data" / "microsoft-clients.json"


def describe(directory: Directory, application: SeedForeignApplication) -> Record:
    """Tell what a seeded publisher's application asks for when somebody consents to it."""
    graph = directory.published_applications[GRAPH_APP_ID]
    asked = [
        *_resource_access(graph["appRoles"], application.application_permissions, "Role"),
        *_resource_access(graph["oauth2PermissionScopes"], application.delegated_permissions, "Scope"),
    ]
    if application.client_secret is not None:
        directory.secret_hashes[application.client_id] = {"publisher": SecretHash.of(application.client_secret)}
    return {
        "isFallbackPublicClient": False,
        "requiredResourceAccess": [{"resourceAppId": GRAPH_APP_ID, "resourceAccess": asked}] if asked else [],
        "preauthorizedScopes": [],
    }


def microsoft_clients() -> Iterator[tuple[str, str, list[str], Record]]:
    """List Microsoft's own public clients: client id, name, redirect URIs, and what they may do."""
    for each in json.loads(_CLIENTS.read_text(encoding="utf-8")):
        further = {
            "isFallbackPublicClient": True,
            "requiredResourceAccess": [],
            "preauthorizedScopes": each["preauthorized_scopes"],
        }
        yield each["client_id"], each["display_name"], each["redirect_uris"], further


def trust(directory: Directory, issuers: tuple[SeedIssuer, ...]) -> None:
    """Know the public keys of outside issuers, so that no request has to leave the machine for them."""
    for issuer in issuers:
        directory.trusted_issuers[issuer.url] = dict(issuer.keys)


def _resource_access(known: list[Mapping[str, Any]], names: tuple[str, ...], kind: str) -> list[Record]:
    ids = {each["value"]: each["id"] for each in known}
    for name in names:
        if name not in ids:
            raise SeedError(f"Microsoft Graph has no permission {name!r} of the kind {kind}.")
    return [{"id": ids[name], "type": kind} for name in names]
