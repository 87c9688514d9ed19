"""``azuread_application_federated_identity_credential``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from sandbox.provider.checks import length, not_empty
from sandbox.provider.diagnostics import Diagnosis
from sandbox.provider.old_ids import SubordinateId
from sandbox.provider.resource import IdPath, Record, Resource, failing_as
from sandbox.provider.resources.application import Application
from sandbox.provider.schema import computed, optional, required, top_level
from sandbox.provider.session import Session
from sandbox.provider.values import STRINGS

_TYPE = {"@odata.type": "#microsoft.graph.federatedIdentityCredential"}
_ADDRESS = IdPath(
    "/applications/{applicationId}/federatedIdentityCredentials/{federatedIdentityCredentialId}",
    title="ApplicationIdFederatedIdentityCredential",
)
_LONGEST_NAME = 120


def _is_application_id(_where: str, value: Any) -> str | None:
    try:
        Application.id_path.parts(value)
    except Diagnosis as problem:
        return problem.summary
    return None


class FederatedIdentityCredential(Resource):
    """Whose tokens an application takes for its own."""

    name = "azuread_application_federated_identity_credential"
    version = 0
    id_path = SubordinateId("federatedIdentityCredential", title="Federated Identity Credential")
    minutes: ClassVar[Mapping[str, int]] = {"create": 15}
    schema = top_level(
        {
            "application_id": required(check=_is_application_id, replaces=True),
            "audiences": required(STRINGS, check=not_empty, max_items=1),
            "credential_id": computed(),
            "description": optional(),
            "display_name": required(check=length(1, _LONGEST_NAME), replaces=True),
            "issuer": required(),
            "subject": required(),
        },
        timeouts=("create", "read", "update", "delete"),
    )

    def create(self, session: Session, record: Record) -> None:
        """Look the application up, add the credential, and wait until it can be read."""
        application = Application.id_path.path(record.wanted["application_id"])
        label = Application.id_path.label(application)
        with session.lock(application):
            with failing_as(f"retrieving {label}", spelled_out=True):
                session.graph.get(application)
            with failing_as(f"Adding federated identity credential for {label}"):
                made = session.graph.post(f"{application}/federatedIdentityCredentials", _body(record.wanted))
            record.id = self.id_path.of(application.rsplit("/", 1)[-1], made["id"])
            address = self._address(record)
            with failing_as(f"Waiting for {self._label(record)}"):
                session.graph.waited(lambda: session.graph.find(address) is not None, interval=1.0)
        self.read(session, record)

    def update(self, session: Session, record: Record) -> None:
        """Send the whole credential; its name stays."""
        body = {**_body(record.wanted), "id": self.object_id(record)}
        with failing_as(f"Updating {self._label(record)}"):
            session.graph.patch(self._address(record), body)
        self.read(session, record)

    def read(self, session: Session, record: Record) -> None:
        """Read the credential."""
        application_id, credential_id = self.id_path.parts(record.id or "")
        with failing_as(f"Retrieving {self._label(record)}"):
            credential = session.graph.find(self._address(record))
        if credential is None:
            record.forget()
            return
        record.store(
            application_id=Application.id_path.of(application_id),
            audiences=credential.get("audiences"),
            credential_id=credential_id,
            description=credential.get("description"),
            display_name=credential.get("name"),
            issuer=credential.get("issuer"),
            subject=credential.get("subject"),
        )

    def delete(self, session: Session, record: Record) -> None:
        """Take the credential away and wait until it is gone."""
        address = self._address(record)
        with failing_as(f"Removing {self._label(record)}"):
            session.graph.delete(address)
        with failing_as(f"Waiting for deletion of {self._label(record)}"):
            session.graph.waited(lambda: session.graph.find(address) is None)

    def _address(self, record: Record) -> str:
        return _ADDRESS.of(*self.id_path.parts(record.id or ""))

    def _label(self, record: Record) -> str:
        return _ADDRESS.label(self._address(record))


def _body(wanted: dict[str, Any]) -> dict[str, Any]:
    return {
        **_TYPE,
        "audiences": wanted["audiences"],
        "description": wanted["description"],  # an empty one is sent as it is, and clears
        "issuer": wanted["issuer"],
        "name": wanted["display_name"],
        "subject": wanted["subject"],
    }
