"""``azuread_conditional_access_policy``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from sandbox.provider.checks import all_or_none_of, at_least, at_least_one_of, exactly_one_of, inside, not_empty, one_of
from sandbox.provider.diagnostics import Diagnosis
from sandbox.provider.planning import Plan
from sandbox.provider.resource import IdPath, Record, Resource, failing_as
from sandbox.provider.resources import conditional_access_mapping as mapping
from sandbox.provider.schema import Object, adopted, blocks, computed, one_block, optional, required, top_level
from sandbox.provider.session import Session
from sandbox.provider.values import BOOL, NUMBER, STRING_SET, STRINGS

_POLICIES = "/identity/conditionalAccess/policies"

_CLIENTS = ("all", "browser", "easSupported", "exchangeActiveSync", "mobileAppsAndDesktopClients", "other")
_CONTROLS = (
    "approvedApplication",
    "block",
    "compliantApplication",
    "compliantDevice",
    "domainJoinedDevice",
    "mfa",
    "passwordChange",
)
_GUESTS = (
    "b2bCollaborationGuest",
    "b2bCollaborationMember",
    "b2bDirectConnectUser",
    "internalGuest",
    "none",
    "otherExternalUser",
    "serviceProvider",
)
_PLATFORMS = ("all", "android", "iOS", "linux", "macOS", "windows", "windowsPhone")
_RISKS = ("hidden", "high", "low", "medium", "none")
_STRENGTH = IdPath(
    "/policies/authenticationStrengthPolicies/{authenticationStrengthPolicyId}",
    title="PolicyAuthenticationStrengthPolicy",
)


def _is_strength(_where: str, value: Any) -> str | None:
    try:
        _STRENGTH.parts(value)
    except Diagnosis as problem:
        return problem.summary
    return None


def _named() -> Any:
    return optional(STRINGS, check=not_empty)


_FILTER = one_block(
    Object(attributes={"mode": required(check=one_of("exclude", "include")), "rule": required(check=not_empty)})
)
_GUEST_BLOCK = blocks(
    "list",
    Object(
        attributes={"guest_or_external_user_types": required(STRINGS, check=one_of(*_GUESTS))},
        blocks={
            "external_tenants": blocks(
                "list",
                Object(
                    attributes={
                        "members": _named(),
                        "membership_kind": required(check=one_of("all", "enumerated")),
                    }
                ),
            )
        },
    ),
)
_APPLICATIONS = Object(
    attributes={"excluded_applications": _named(), "included_applications": _named(), "included_user_actions": _named()}
)
_USERS = Object(
    attributes={
        "excluded_groups": _named(),
        "excluded_roles": _named(),
        "excluded_users": _named(),
        "included_groups": _named(),
        "included_roles": _named(),
        "included_users": _named(),
    },
    blocks={"excluded_guests_or_external_users": _GUEST_BLOCK, "included_guests_or_external_users": _GUEST_BLOCK},
)
_CONDITIONS = Object(
    attributes={
        "authentication_flow_transfer_methods": optional(
            STRING_SET, check=one_of("authenticationTransfer", "deviceCodeFlow")
        ),
        "client_app_types": required(STRINGS, check=one_of(*_CLIENTS)),
        "insider_risk_levels": adopted(check=one_of("elevated", "minor", "moderate")),
        "service_principal_risk_levels": optional(STRINGS, check=one_of(*_RISKS)),
        "sign_in_risk_levels": optional(STRINGS, check=one_of(*_RISKS)),
        "user_risk_levels": optional(STRINGS, check=one_of(*_RISKS)),
    },
    blocks={
        "applications": one_block(_APPLICATIONS, min_items=1),
        "client_applications": one_block(
            Object(
                attributes={"excluded_service_principals": _named(), "included_service_principals": _named()},
                blocks={"filter": _FILTER},
            )
        ),
        "devices": one_block(Object(attributes={}, blocks={"filter": _FILTER})),
        "locations": one_block(
            Object(
                attributes={"excluded_locations": _named(), "included_locations": required(STRINGS, check=not_empty)}
            )
        ),
        "platforms": one_block(
            Object(
                attributes={
                    "excluded_platforms": optional(STRINGS, check=one_of(*_PLATFORMS)),
                    "included_platforms": required(STRINGS, check=one_of(*_PLATFORMS)),
                }
            )
        ),
        "users": one_block(_USERS, min_items=1),
    },
)
_GRANT_CONTROLS = Object(
    attributes={
        "authentication_strength_policy_id": optional(check=_is_strength),
        "built_in_controls": optional(STRINGS, check=one_of(*_CONTROLS)),
        "custom_authentication_factors": _named(),
        "operator": required(check=one_of("AND", "OR")),
        "terms_of_use": _named(),
    }
)
_SESSION_CONTROLS = Object(
    attributes={
        "application_enforced_restrictions_enabled": optional(BOOL),
        "cloud_app_security_policy": optional(check=one_of("blockDownloads", "mcasConfigured", "monitorOnly")),
        "disable_resilience_defaults": optional(BOOL),
        "persistent_browser_mode": optional(check=one_of("always", "never")),
        "sign_in_frequency": optional(NUMBER, check=at_least(0)),
        "sign_in_frequency_authentication_type": adopted(
            check=one_of("primaryAndSecondaryAuthentication", "secondaryAuthentication")
        ),
        "sign_in_frequency_interval": adopted(check=one_of("everyTime", "timeBased")),
        "sign_in_frequency_period": optional(check=one_of("days", "hours")),
    }
)

_INCLUDED = tuple(
    f"conditions.0.users.0.included_{who}" for who in ("groups", "roles", "users", "guests_or_external_users")
)
_GRANTED = tuple(
    f"grant_controls.0.{what}" for what in ("built_in_controls", "authentication_strength_policy_id", "terms_of_use")
)


def _does_nothing(controls: dict[str, Any]) -> bool:
    """Tell whether configured session controls do nothing; a block without any argument is a change all the same."""
    return any(value is not None for value in controls.values()) and not any(controls.values())


class ConditionalAccessPolicy(Resource):
    """A conditional access policy."""

    name = "azuread_conditional_access_policy"
    id_path = IdPath(f"{_POLICIES}/{{conditionalAccessPolicyId}}", title="IdentityConditionalAccessPolicy")
    minutes: ClassVar[Mapping[str, int]] = {"update": 15}
    rules = (
        at_least_one_of("grant_controls", "session_controls"),
        exactly_one_of(
            "conditions.0.applications.0.included_applications", "conditions.0.applications.0.included_user_actions"
        ),
        at_least_one_of(*_INCLUDED),
        inside("grant_controls", at_least_one_of(*_GRANTED)),
        all_or_none_of("session_controls.0.sign_in_frequency", "session_controls.0.sign_in_frequency_period"),
    )
    schema = top_level(
        {
            "display_name": required(check=not_empty),
            "object_id": computed(),
            "state": required(check=one_of("disabled", "enabled", "enabledForReportingButNotEnforced")),
        },
        {
            "conditions": one_block(_CONDITIONS, min_items=1),
            "grant_controls": one_block(_GRANT_CONTROLS),
            "session_controls": one_block(_SESSION_CONTROLS, idle=_does_nothing),
        },
        timeouts=("create", "read", "update", "delete"),
    )

    def check_plan(self, session: Session, plan: Plan) -> None:  # noqa: ARG002  the plan alone decides
        """Refuse session controls that would do nothing, or that contradict themselves."""
        controls = plan.value("session_controls")
        if not isinstance(controls, list) or not controls:
            return
        first = controls[0]
        if not plan.value("grant_controls") and _is_ineffective(first):
            raise Diagnosis(
                "when specifying `session_controls` but not `grant_controls`, one of the properties in the "
                "`session_controls` block must be set to an effective value in order for session controls to work"
            )
        every_time = first["sign_in_frequency_interval"] == "everyTime"
        if every_time and (first["sign_in_frequency"] or first["sign_in_frequency_period"]):
            raise Diagnosis(
                "when `session_controls.sign_in_frequency_interval` is set to `everyTime`, `sign_in_frequency` and "
                "`sign_in_frequency_period` are not valid"
            )

    def create(self, session: Session, record: Record) -> None:
        """Create the policy and wait until it can be read."""
        with failing_as("Could not create conditional access policy"):
            made = session.graph.post(_POLICIES, _body(record))
        path = self.id_path.of(made["id"])
        with failing_as(f"Waiting for creation of {self.id_path.label(path)}"):
            session.graph.waited(lambda: session.graph.find(path) is not None)
        record.id = path
        self.read(session, record)

    def update(self, session: Session, record: Record) -> None:
        """Send the policy and wait for its name and state; the state is then the plan, for nothing else is read."""
        wanted, path = record.wanted, self.address(record)
        with failing_as(f'Could not update conditional access policy with ID: "{path}"'):
            session.graph.patch(path, _body(record))

        def agrees() -> bool:
            policy = session.graph.get(path)
            return (policy.get("displayName"), policy.get("state")) == (wanted["display_name"], wanted["state"])

        with failing_as(f'waiting for update of conditional access policy with ID "{path}"'):
            session.graph.waited(agrees)

    def read(self, session: Session, record: Record) -> None:
        """Read the policy."""
        with failing_as(f"retrieving {self.label(record)}", path="id"):
            policy = session.graph.find(self.address(record))
        if policy is None:
            record.forget()
            return
        record.store(
            object_id=policy.get("id"),
            display_name=policy.get("displayName"),
            state=policy.get("state"),
            conditions=mapping.conditions_block(policy.get("conditions")),
            grant_controls=mapping.grant_block(policy.get("grantControls"), _STRENGTH),
            session_controls=mapping.session_block(policy.get("sessionControls")),
        )

    def delete(self, session: Session, record: Record) -> None:
        """Delete the policy, where it is still there, and wait until it is gone."""
        path = self.address(record)
        with failing_as(f"retrieving {self.label(record)}", path="id"):
            policy = session.graph.find(path)
        if policy is None:
            return
        with failing_as(f"Deleting {self.label(record)}", path="id"):
            session.graph.delete(path)
        with failing_as(f"Waiting for deletion of {self.label(record)}"):
            session.graph.waited(lambda: session.graph.find(path) is None)


def _body(record: Record) -> dict[str, Any]:
    body = mapping.body_of(record.wanted)
    # A block of session controls without any argument is sent; one whose arguments do nothing is not.
    return body | {"sessionControls": {"cloudAppSecurity": None}} if record.is_bare("session_controls") else body


def _is_ineffective(controls: dict[str, Any]) -> bool:
    return (
        not any(value for name, value in controls.items() if not name.startswith("sign_in_frequency_"))
        and controls["sign_in_frequency_authentication_type"] == "primaryAndSecondaryAuthentication"
        and controls["sign_in_frequency_interval"] == "timeBased"
    )
