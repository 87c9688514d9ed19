"""``data.azuread_service_principal``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.provider.checks import exactly_one_of, is_uuid, not_empty
from sandbox.provider.diagnostics import Diagnosis
from sandbox.provider.graph import quoted
from sandbox.provider.resource import DataSource, failing_as
from sandbox.provider.resources.service_principal import (
    FEATURES_RENAMED,
    ROLE_OBJECTS,
    SCOPE_OBJECTS,
    ServicePrincipal,
    described,
)
from sandbox.provider.schema import adopted, computed, read_only
from sandbox.provider.session import Session
from sandbox.provider.values import BOOL, STRING, STRING_MAP, STRINGS, list_of_objects

_NOWHERE = "No service principal found"


class FoundServicePrincipal(DataSource):
    """A service principal, by its client id, its name or its object id."""

    name = "azuread_service_principal"
    rules = (exactly_one_of("client_id", "display_name", "object_id"),)
    schema = read_only(
        {
            "account_enabled": computed(BOOL),
            "alternative_names": computed(STRINGS),
            "app_role_assignment_required": computed(BOOL),
            "app_role_ids": computed(STRING_MAP),
            "app_roles": computed(ROLE_OBJECTS),
            "application_tenant_id": computed(),
            "client_id": adopted(check=is_uuid),
            "description": computed(),
            "display_name": adopted(check=not_empty),
            "feature_tags": computed(
                list_of_objects(custom_single_sign_on=BOOL, enterprise=BOOL, gallery=BOOL, hide=BOOL)
            ),
            "features": computed(
                list_of_objects(
                    custom_single_sign_on_app=BOOL,
                    enterprise_application=BOOL,
                    gallery_application=BOOL,
                    visible_to_users=BOOL,
                ),
                deprecated=FEATURES_RENAMED,
            ),
            "homepage_url": computed(),
            "login_url": computed(),
            "logout_url": computed(),
            "notes": computed(),
            "notification_email_addresses": computed(STRINGS),
            "oauth2_permission_scope_ids": computed(STRING_MAP),
            "oauth2_permission_scopes": computed(SCOPE_OBJECTS),
            "object_id": adopted(check=is_uuid),
            "preferred_single_sign_on_mode": computed(),
            "redirect_uris": computed(STRINGS),
            "saml_metadata_url": computed(),
            "saml_single_sign_on": computed(list_of_objects(relay_state=STRING)),
            "service_principal_names": computed(STRINGS),
            "sign_in_audience": computed(),
            "tags": computed(STRINGS),
            "type": computed(),
        }
    )

    def read(self, session: Session, config: Mapping[str, Any]) -> dict[str, Any]:
        """Find the one service principal that is meant."""
        principal = _found(session, config)
        path = ServicePrincipal.id_path.of(principal["id"])
        with failing_as(f"Retrieving {ServicePrincipal.id_path.label(path)} (beta API)"):
            saml = session.graph.get(path, version="beta", select="samlMetadataUrl")
        return {**described(principal), "id": path, "saml_metadata_url": saml.get("samlMetadataUrl")}


def _found(session: Session, config: Mapping[str, Any]) -> dict[str, Any]:
    if config["object_id"]:
        path = ServicePrincipal.id_path.of(config["object_id"])
        with failing_as(f"Retrieving {ServicePrincipal.id_path.label(path)}", path="object_id"):
            principal = session.graph.find(path)
        if principal is None:
            raise Diagnosis(f"{ServicePrincipal.id_path.label(path)} was not found", path="object_id")
        return principal
    if config["display_name"]:
        wanted = f"displayName eq {quoted(config['display_name'])}"
        found = _listed(session, wanted)
        if not found:
            raise Diagnosis("Service principal not found", f'no service principals found matching filter: "{wanted}"')
        if len(found) > 1:
            detail = f'found multiple service principals matching filter: "{wanted}"'
            raise Diagnosis("Multiple service principals found", detail)
        return found[0]
    found = _listed(session, f"appId eq {quoted(config['client_id'])}")
    if not found:
        raise Diagnosis(_NOWHERE, _NOWHERE[0].lower() + _NOWHERE[1:])
    return found[0]


def _listed(session: Session, wanted: str) -> list[dict[str, Any]]:
    with failing_as(f'Listing service principals for filter "{wanted}"'):
        return session.graph.list("/servicePrincipals", filter=wanted)
