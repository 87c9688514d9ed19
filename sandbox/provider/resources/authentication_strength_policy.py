"""``azuread_authentication_strength_policy``."""

from __future__ import annotations

from typing import Any, Final

from sandbox.provider.checks import not_empty
from sandbox.provider.diagnostics import Diagnosis
from sandbox.provider.graph import Refusal
from sandbox.provider.resource import IdPath, Record, Resource, failing_as
from sandbox.provider.schema import optional, required, top_level
from sandbox.provider.session import Session
from sandbox.provider.values import STRING_SET

_POLICIES = "/policies/authenticationStrengthPolicies"
_TYPE = {"@odata.type": "#microsoft.graph.authenticationStrengthPolicy"}

# Which of them go together, and which alone, is for Graph to say.
_METHODS: Final = frozenset(
    {
        "deviceBasedPush",
        "email",
        "federatedMultiFactor",
        "federatedSingleFactor",
        "fido2",
        "hardwareOath",
        "microsoftAuthenticatorPush",
        "password",
        "sms",
        "softwareOath",
        "temporaryAccessPassMultiUse",
        "temporaryAccessPassOneTime",
        "voice",
        "windowsHelloForBusiness",
        "x509CertificateMultiFactor",
        "x509CertificateSingleFactor",
    }
)


def _is_combination(where: str, value: Any) -> str | None:
    """Accept methods that the provider knows, joined by commas."""
    for method in value.split(","):
        if method.strip() not in _METHODS:
            return f'unrecognized authentication method "{method.strip()}" in "{where}"'
    return None


class AuthenticationStrengthPolicy(Resource):
    """The combinations of authentication methods that a conditional access policy may demand."""

    name = "azuread_authentication_strength_policy"
    id_path = IdPath(
        f"{_POLICIES}/{{authenticationStrengthPolicyId}}",
        title="PolicyAuthenticationStrengthPolicy",
    )
    schema = top_level(
        {
            "allowed_combinations": required(STRING_SET, check=_is_combination),
            "description": optional(),
            "display_name": required(check=not_empty),
        },
        timeouts=("create", "read", "update", "delete"),
    )

    def create(self, session: Session, record: Record) -> None:
        """Create the policy and wait until it can be read."""
        body = {**_body(record.wanted), "allowedCombinations": record.wanted["allowed_combinations"]}
        with failing_as("Could not create authentication strength policy"):
            made = session.graph.post(_POLICIES, body)
        path = self.id_path.of(made["id"])

        def exists() -> bool:
            try:
                return session.graph.find(path) is not None
            except Refusal as error:
                raise ValueError("retrieving resource: retrieving authentication strength policy") from error

        with failing_as(f"Waiting for creation of {self.id_path.label(path)}"):
            session.graph.waited(exists)
        record.id = path
        self.read(session, record)

    def update(self, session: Session, record: Record) -> None:
        """Send name and description, and the combinations by the action that they have of their own."""
        path = self.address(record)
        with failing_as(f"Could not update {self.label(record)}"):
            session.graph.patch(path, _body(record.wanted))
        if record.changed("allowed_combinations"):
            combinations = {"allowedCombinations": record.wanted["allowed_combinations"]}
            with failing_as(f"Could not update allowed combinations for {self.label(record)}"):
                session.graph.post(f"{path}/updateAllowedCombinations", combinations)
        self.read(session, record)

    def read(self, session: Session, record: Record) -> None:
        """Read the policy."""
        try:
            policy = session.graph.find(self.address(record))
        except Refusal as error:
            raise Diagnosis("Result is nil", "Bad API response") from error
        if policy is None:
            record.forget()
            return
        record.store(
            allowed_combinations=policy.get("allowedCombinations"),
            description=policy.get("description"),
            display_name=policy.get("displayName"),
        )

    def delete(self, session: Session, record: Record) -> None:
        """Delete the policy and wait until it is gone."""
        path = self.address(record)
        with failing_as(f"Deleting {self.label(record)}"):
            session.graph.delete(path)
        with failing_as(f"waiting for deletion of {self.label(record)}"):
            session.graph.waited(lambda: session.graph.find(path) is None)


def _body(wanted: dict[str, Any]) -> dict[str, Any]:
    return {**_TYPE, "description": wanted["description"] or None, "displayName": wanted["display_name"]}
