"""Federated identity credentials: whose tokens an application takes for its own.

Rules are those of Learn, "federatedIdentityCredential resource type" and "Considerations and restrictions for
federated identity credentials", read November 2026. Signing in with such a token reads
`Directory.federated_credentials`.
"""

import re
from collections.abc import Mapping
from typing import Any

from sandbox.directory import applications
from sandbox.directory.application_audit import record_application
from sandbox.directory.store import Caller, Directory, Record
from sandbox.errors import GraphError, bad_request, conflicting_object, not_found
from sandbox.identifiers import new_id

MOST = 20
_NAME = re.compile(r"[A-Za-z0-9][\w-]{2,119}", re.ASCII)
_ISSUER = re.compile(r"https://[^/?#\s\[\]]+[^?#\s]*")
_LONGEST = 600
_REQUIRED = ("name", "issuer", "subject")


def create(directory: Directory, application_id: str, body: Mapping[str, Any], caller: Caller) -> Record:
    """Add a credential to an application."""
    application = applications.require(directory, application_id)
    held = held_by(directory, application_id)
    credential: Record = {
        "id": new_id(),
        "name": body.get("name"),
        "issuer": body.get("issuer"),
        "subject": body.get("subject"),
        "description": body.get("description"),
        "audiences": body.get("audiences", []),
    }
    _check(credential)
    if any(each["name"] == credential["name"] for each in held):
        # azure-dev #1482.
        raise conflicting_object(f"FederatedIdentityCredential with name {credential['name']} already exists.")
    _require_unique_subject(held, credential)
    if len(held) >= MOST:
        raise _refused(f"An application has at most {MOST} federated identity credentials.")
    directory.federated_credentials[application_id] = [*held, credential]
    record_application(directory, caller, "Update application", "Update", application)
    return credential


def change(
    directory: Directory, application_id: str, credential_id: str, body: Mapping[str, Any], caller: Caller
) -> None:
    """Change a credential, except for its name."""
    credential = require(directory, application_id, credential_id)
    changed = {**credential, **{name: value for name, value in body.items() if "@odata." not in name}}
    if changed["name"] != credential["name"]:
        raise _refused("The property 'name' of a federated identity credential cannot be changed.")
    _check(changed)
    others = [each for each in directory.federated_credentials[application_id] if each is not credential]
    _require_unique_subject(others, changed)
    credential.update(changed)
    record_application(directory, caller, "Update application", "Update", directory.applications[application_id])


def delete(directory: Directory, application_id: str, credential_id: str, caller: Caller) -> None:
    """Take a credential away."""
    credential = require(directory, application_id, credential_id)
    directory.federated_credentials[application_id].remove(credential)
    record_application(directory, caller, "Update application", "Update", directory.applications[application_id])


def held_by(directory: Directory, application_id: str) -> list[Record]:
    """List an application's credentials."""
    applications.require(directory, application_id)
    return directory.federated_credentials.get(application_id, [])


def require(directory: Directory, application_id: str, credential_id: str) -> Record:
    """Get a credential of an application by its id or name, or refuse with 404."""
    for each in held_by(directory, application_id):
        if credential_id in {each["id"], each["name"]}:
            return each
    raise not_found(credential_id)


def _check(credential: Record) -> None:
    for name in _REQUIRED:
        if not credential[name]:
            raise bad_request(f"A value is required for property '{name}' of resource 'FederatedIdentityCredential'.")
    if not _NAME.fullmatch(credential["name"]):
        raise _invalid("name")
    for name in ("issuer", "subject", "description"):
        if len(credential[name] or "") > _LONGEST:
            raise _invalid(name)
    if not _ISSUER.fullmatch(credential["issuer"]):
        raise _invalid("issuer")
    audiences = credential["audiences"]
    if len(audiences) != 1 or not 0 < len(audiences[0]) <= _LONGEST:
        raise _invalid("audiences")


def _require_unique_subject(others: list[Record], wanted: Record) -> None:
    issuer, subject = wanted["issuer"], wanted["subject"]
    if any((each["issuer"], each["subject"]) == (issuer, subject) for each in others):
        # azure-workload-identity #434.
        raise _refused(
            "The combination of issuer and subject must be unique for the application. "
            f"Issuer {issuer} and Subject: {subject} already exist."
        )


def _invalid(name: str) -> GraphError:
    return _refused(f"Invalid value specified for property '{name}' of resource 'FederatedIdentityCredential'.")


def _refused(message: str) -> GraphError:
    return bad_request(message, code="InvalidFederatedIdentityCredentialValue")
