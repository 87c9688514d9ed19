"""``azuread_service_principal``."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar, Final

from sandbox.provider.checks import is_uuid, is_web_address, length, not_empty, one_of
from sandbox.provider.diagnostics import already_exists
from sandbox.provider.graph import Refusal, quoted, when_any, when_refused_with
from sandbox.provider.resource import IdPath, Record, Resource, failing_as
from sandbox.provider.resources.application_parts import (
    FEATURE_TAGS_BODY,
    Owners,
    features_of,
    ids_by_value,
    owners_at,
    roles_of,
    scopes_of,
    tags_of,
)
from sandbox.provider.schema import Object, adopted, blocks, computed, one_block, optional, required, top_level
from sandbox.provider.session import Session
from sandbox.provider.values import BOOL, STRING, STRING_MAP, STRING_SET, STRINGS, list_of_objects

_TYPE = {"@odata.type": "#microsoft.graph.servicePrincipal"}
_LONGEST_TEXT = 1024

# The block that `feature_tags` replaced: its names, and the tag that each one stands for.
_OLD_FEATURES = {
    "custom_single_sign_on_app": "custom_single_sign_on",
    "enterprise_application": "enterprise",
    "gallery_application": "gallery",
}

FEATURES_RENAMED: Final = (
    "This block has been renamed to `feature_tags` and will be removed in version 3.0 of the provider"
)

ROLE_OBJECTS = list_of_objects(
    allowed_member_types=STRINGS, description=STRING, display_name=STRING, enabled=BOOL, id=STRING, value=STRING
)
SCOPE_OBJECTS = list_of_objects(
    admin_consent_description=STRING,
    admin_consent_display_name=STRING,
    enabled=BOOL,
    id=STRING,
    type=STRING,
    user_consent_description=STRING,
    user_consent_display_name=STRING,
    value=STRING,
)


class ServicePrincipal(Resource):
    """An application's presence in the tenant."""

    name = "azuread_service_principal"
    id_path = IdPath("/servicePrincipals/{servicePrincipalId}", title="ServicePrincipal")
    minutes: ClassVar[Mapping[str, int]] = {"create": 10, "update": 10}
    schema = top_level(
        {
            "account_enabled": optional(BOOL, default=True),
            "alternative_names": optional(STRING_SET, check=not_empty),
            "app_role_assignment_required": optional(BOOL),
            "app_role_ids": computed(STRING_MAP),
            "app_roles": computed(ROLE_OBJECTS),
            "application_tenant_id": computed(),
            "client_id": required(check=is_uuid, replaces=True),
            "description": optional(check=length(0, _LONGEST_TEXT)),
            "display_name": computed(),
            "homepage_url": computed(),
            "login_url": optional(check=is_web_address),
            "logout_url": computed(),
            "notes": optional(check=length(0, _LONGEST_TEXT)),
            "notification_email_addresses": optional(STRING_SET, check=not_empty),
            "oauth2_permission_scope_ids": computed(STRING_MAP),
            "oauth2_permission_scopes": computed(SCOPE_OBJECTS),
            "object_id": computed(),
            "owners": optional(STRING_SET, check=is_uuid),
            "preferred_single_sign_on_mode": optional(check=one_of("", "notSupported", "oidc", "password", "saml")),
            "redirect_uris": computed(STRINGS),
            "saml_metadata_url": computed(),
            "service_principal_names": computed(STRINGS),
            "sign_in_audience": computed(),
            "tags": adopted(STRING_SET, excludes=("features", "feature_tags")),
            "type": computed(),
            "use_existing": optional(BOOL),
        },
        {
            "feature_tags": blocks("list", FEATURE_TAGS_BODY, computed=True, excludes=("features", "tags")),
            "features": blocks(
                "list",
                Object(
                    attributes={
                        **{name: optional(BOOL) for name in _OLD_FEATURES},
                        "visible_to_users": optional(BOOL, default=True),
                    }
                ),
                computed=True,
                deprecated=FEATURES_RENAMED,
                excludes=("feature_tags", "tags"),
            ),
            "saml_single_sign_on": one_block(
                Object(attributes={"relay_state": optional(check=not_empty)}),
                droppable=lambda settings: not settings["relay_state"],
            ),
        },
        timeouts=("create", "read", "update", "delete"),
    )

    def create(self, session: Session, record: Record) -> None:
        """Adopt the existing one where that is allowed; else create it, rename it, and settle its owners."""
        client_id = record.wanted["client_id"]
        with failing_as("Could not list existing service principals"):
            existing = session.graph.list("/servicePrincipals", filter=f"appId eq {quoted(client_id)}")
        if existing:
            self._adopt(session, record, existing[0]["id"])
            return
        owners = Owners(session, record)
        body = {
            **_body(record.wanted, _tags(record)),
            "appId": client_id,
            "description": f"TERRAFORM_UPDATE_{uuid.uuid4()}",
            "owners@odata.bind": owners.at_creation(),
        }
        with failing_as("Could not create service principal"):
            made = session.graph.post("/servicePrincipals", body, worth_retrying=_APPLICATION_NOT_THERE_YET)
        record.id = self.id_path.of(made["id"])
        with failing_as("Failed to patch service principal after creating"):
            described = {**_TYPE, "description": record.wanted["description"] or None}
            session.graph.patch(record.id, described)
        owners.complete(record.id, self.label(record))
        self.read(session, record)

    def update(self, session: Session, record: Record) -> None:
        """Send what can be set, and replace the owners where they changed."""
        path = self.address(record)
        with failing_as(f"Updating {self.label(record)}"):
            session.graph.patch(path, _body(record.wanted, _tags_of_update(record)))
        if record.changed("use_existing"):
            record.store(use_existing=record.wanted["use_existing"])
        if record.changed("owners"):
            kind = f'service principal with object ID: "{path}"'
            Owners(session, record).replace(path, self.label(record), kind=kind)
        self.read(session, record)

    def read(self, session: Session, record: Record) -> None:
        """Read the service principal, its SAML address and its owners."""
        path = self.address(record)
        with failing_as(f"Retrieving {self.label(record)}"):
            principal = session.graph.find(path)
        if principal is None:
            record.forget()
            return
        with failing_as(f"Retrieving {self.label(record)} (beta API)"):
            saml = session.graph.get(path, version="beta", select="samlMetadataUrl")
        with failing_as(f"Could not retrieve owners for {self.label(record)}", path="owners"):
            owners = owners_at(session, path)
        record.store(**described(principal), saml_metadata_url=saml.get("samlMetadataUrl"), owners=owners)

    def delete(self, session: Session, record: Record) -> None:
        """Delete the service principal and wait until it is gone; of an adopted one the answer does not matter."""
        path = self.address(record)
        if record.wanted["use_existing"]:
            try:
                session.graph.delete(path)
            except Refusal:
                return  # Microsoft's own service principals cannot be deleted, and were not made by this state
            return
        with failing_as(f"Deleting {self.label(record)}", path="id"):
            session.graph.delete(path)
        with failing_as(f"Waiting for deletion of {self.label(record)}"):
            session.graph.waited(lambda: session.graph.find(path) is None)

    def _adopt(self, session: Session, record: Record, object_id: str) -> None:
        if not record.wanted["use_existing"]:
            raise already_exists(f'A resource with the ID "{object_id}" already exists', self.name)
        record.id = self.id_path.of(object_id)
        self.update(session, record)


# Both mean that the application is younger than the replica that was asked.
_APPLICATION_NOT_THERE_YET = when_any(
    when_refused_with("The appId '.+' of the service principal does not reference a valid application object"),
    when_refused_with(
        "When using this permission, the backing application of the service principal being created must in the local",
        HTTPStatus.FORBIDDEN,
    ),
)


def described(principal: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes that the resource and the data source read from the service principal itself."""
    client_id = principal.get("appId") or ""
    tags = principal.get("tags")
    relay = principal.get("samlSingleSignOnSettings")
    return {
        "account_enabled": principal.get("accountEnabled"),
        "alternative_names": principal.get("alternativeNames"),
        "app_role_assignment_required": principal.get("appRoleAssignmentRequired"),
        "app_role_ids": ids_by_value(principal.get("appRoles")),
        "app_roles": roles_of(principal.get("appRoles")),
        "application_tenant_id": principal.get("appOwnerOrganizationId"),
        "client_id": client_id,
        "description": principal.get("description"),
        "display_name": principal.get("displayName"),
        "feature_tags": features_of(tags),
        "features": _old_features_of(features_of(tags)[0]),
        "homepage_url": principal.get("homepage"),
        "login_url": principal.get("loginUrl"),
        "logout_url": principal.get("logoutUrl"),
        "notes": principal.get("notes"),
        "notification_email_addresses": principal.get("notificationEmailAddresses"),
        "oauth2_permission_scope_ids": ids_by_value(principal.get("oauth2PermissionScopes")),
        "oauth2_permission_scopes": scopes_of(principal.get("oauth2PermissionScopes")),
        "object_id": principal.get("id"),
        "preferred_single_sign_on_mode": principal.get("preferredSingleSignOnMode"),
        "redirect_uris": principal.get("replyUrls"),
        "saml_single_sign_on": [{"relay_state": relay.get("relayState") or ""}] if relay else [],
        "service_principal_names": [
            name for name in principal.get("servicePrincipalNames") or () if name.lower() != client_id.lower()
        ],
        "sign_in_audience": principal.get("signInAudience"),
        "tags": tags,
        "type": principal.get("servicePrincipalType"),
    }


def _body(wanted: Mapping[str, Any], tags: list[str]) -> dict[str, Any]:
    saml = wanted["saml_single_sign_on"]
    return {
        **_TYPE,
        "accountEnabled": wanted["account_enabled"],
        "alternativeNames": wanted["alternative_names"],
        "appRoleAssignmentRequired": wanted["app_role_assignment_required"],
        "description": wanted["description"] or None,
        "loginUrl": wanted["login_url"] or None,
        "notes": wanted["notes"] or None,
        "notificationEmailAddresses": wanted["notification_email_addresses"],
        "preferredSingleSignOnMode": wanted["preferred_single_sign_on_mode"] or None,
        "samlSingleSignOnSettings": {"relayState": saml[0]["relay_state"]} if saml else {},
        "tags": tags,
    }


def _tags(record: Record) -> list[str]:
    wanted = record.wanted
    if wanted["feature_tags"]:
        return tags_of(wanted["feature_tags"])
    return tags_of(_new_features_of(wanted["features"])) if wanted["features"] else wanted["tags"]


def _tags_of_update(record: Record) -> list[str]:
    wanted = record.wanted
    if wanted["feature_tags"] and record.changed("feature_tags"):
        return tags_of(wanted["feature_tags"])
    if wanted["features"] and record.changed("features"):
        return tags_of(_new_features_of(wanted["features"]))
    tags: list[str] = wanted["tags"]
    return tags


def _old_features_of(features: Mapping[str, bool]) -> list[dict[str, bool]]:
    old = {name: features[new] for name, new in _OLD_FEATURES.items()}
    return [{**old, "visible_to_users": not features["hide"]}]


def _new_features_of(old: list[dict[str, bool]]) -> list[dict[str, bool]]:
    new = {name: old[0][old_name] for old_name, name in _OLD_FEATURES.items()}
    return [{**new, "hide": not old[0]["visible_to_users"]}]
