"""``azuread_application``."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from sandbox.provider.addresses import parsed
from sandbox.provider.checks import (
    is_claim_value,
    is_redirect_uri,
    is_rfc3339,
    is_uuid,
    is_web_address,
    length,
    not_empty,
    one_of,
)
from sandbox.provider.diagnostics import Diagnosis, already_exists
from sandbox.provider.graph import Refusal, when_any, when_conflicting, when_missing, when_refused_with
from sandbox.provider.planning import Plan
from sandbox.provider.resource import IdPath, Record, Resource, failing_as
from sandbox.provider.resources.application_entitlements import (
    disable_changed_roles,
    disable_changed_scopes,
    require_consistent,
)
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
from sandbox.provider.values import BOOL, NUMBER, STRING_MAP, STRING_SET, STRINGS, UNKNOWN

_TYPE = {"@odata.type": "#microsoft.graph.application"}
_LONGEST_DESCRIPTION = 1024
_REDIRECT_SCHEMES = ("http", "https", "ms-appx-web", "brk-multihub")
_PERSONAL = ("AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount")
_TOKEN_VERSIONS = (1, 2)

_ADDRESSES = {
    "marketing_url": "marketingUrl",
    "privacy_statement_url": "privacyStatementUrl",
    "support_url": "supportUrl",
    "terms_of_service_url": "termsOfServiceUrl",
}
_CLAIM_PROPERTIES = (
    "cloud_displayname",
    "dns_domain_and_sam_account_name",
    "emit_as_roles",
    "include_externally_authenticated_upn_without_hash",
    "include_externally_authenticated_upn",
    "max_size_limit",
    "netbios_domain_and_sam_account_name",
    "on_premise_security_identifier",
    "sam_account_name",
    "use_guid",
)


def _is_token_version(_where: str, value: Any) -> str | None:
    return None if value in _TOKEN_VERSIONS else "Value must be one of: 1, 2"


def _is_base64(where: str, value: Any) -> str | None:
    try:
        # Line ends do not count.
        base64.b64decode(value.replace("\r", "").replace("\n", ""), validate=True)
    except ValueError:
        return f'expected "{where}" to be a base64 string, got {value}'
    return None


def _api_says_nothing(api: Mapping[str, Any]) -> bool:
    return not (
        api["known_client_applications"]
        or api["mapped_claims_enabled"]
        or api["oauth2_permission_scope"]
        or api["requested_access_token_version"] > 1
    )


def _claims_say_nothing(claims: Mapping[str, Any]) -> bool:
    return not any(claims.values())


def _grant_says_nothing(grant: Mapping[str, Any]) -> bool:
    return not any(grant.values())


def _has_no_redirect(client: Mapping[str, Any]) -> bool:
    return not client["redirect_uris"]


def _web_says_nothing(web: Mapping[str, Any]) -> bool:
    return _has_no_redirect(web) and all(_grant_says_nothing(grant) for grant in web["implicit_grant"])


_SCOPE = Object(
    attributes={
        "admin_consent_description": optional(check=not_empty),
        "admin_consent_display_name": optional(check=not_empty),
        "enabled": optional(BOOL, default=True),
        "id": required(check=is_uuid),
        "type": optional(default="User", check=one_of("Admin", "User")),
        "user_consent_description": optional(check=not_empty),
        "user_consent_display_name": optional(check=not_empty),
        "value": optional(check=is_claim_value),
    }
)
_ROLE = Object(
    attributes={
        "allowed_member_types": required(STRING_SET, check=one_of("Application", "User")),
        "description": required(check=not_empty),
        "display_name": required(check=not_empty),
        "enabled": optional(BOOL, default=True),
        "id": required(check=is_uuid),
        "value": optional(check=is_claim_value),
    }
)
_CLAIM = Object(
    attributes={
        "additional_properties": optional(STRINGS, check=one_of(*_CLAIM_PROPERTIES)),
        "essential": optional(BOOL, default=False),
        "name": required(),
        "source": optional(check=one_of("user")),
    }
)
_PASSWORD = Object(
    attributes={
        "display_name": required(),
        "end_date": adopted(check=is_rfc3339),
        "key_id": computed(),
        "start_date": adopted(check=is_rfc3339),
        "value": computed(sensitive=True),
    }
)
_RESOURCE_ACCESS = Object(
    attributes={"resource_app_id": required()},
    blocks={
        "resource_access": blocks(
            "list",
            Object(attributes={"id": required(check=is_uuid), "type": required(check=one_of("Role", "Scope"))}),
            min_items=1,
        )
    },
)
_WEB = Object(
    attributes={
        "homepage_url": optional(check=is_web_address),
        "logout_url": optional(check=is_web_address),
        "redirect_uris": optional(STRING_SET, check=is_redirect_uri(schemes=_REDIRECT_SCHEMES, urn=True)),
    },
    blocks={
        "implicit_grant": one_block(
            Object(
                attributes={
                    "access_token_issuance_enabled": optional(BOOL),
                    "id_token_issuance_enabled": optional(BOOL),
                }
            ),
            droppable=_grant_says_nothing,
        )
    },
)


class Application(Resource):
    """An application registration."""

    name = "azuread_application"
    version = 2
    id_path = IdPath("/applications/{applicationId}", title="Application")
    minutes: ClassVar[Mapping[str, int]] = {"create": 10, "update": 10}
    schema = top_level(
        {
            "app_role_ids": computed(STRING_MAP),
            "client_id": computed(),
            "description": optional(check=length(0, _LONGEST_DESCRIPTION)),
            "device_only_auth_enabled": optional(BOOL),
            "disabled_by_microsoft": computed(),
            "display_name": required(check=not_empty),
            "fallback_public_client_enabled": optional(BOOL),
            "group_membership_claims": optional(
                STRING_SET, check=one_of("All", "None", "ApplicationGroup", "DirectoryRole", "SecurityGroup")
            ),
            "identifier_uris": optional(STRING_SET, check=not_empty),
            "logo_image": optional(check=_is_base64),
            "logo_url": computed(),
            "marketing_url": optional(),
            "notes": optional(check=not_empty),
            "oauth2_permission_scope_ids": computed(STRING_MAP),
            "oauth2_post_response_required": optional(BOOL),
            "object_id": computed(),
            "owners": optional(STRING_SET, check=is_uuid),
            "prevent_duplicate_names": optional(BOOL, default=False),
            "privacy_statement_url": optional(),
            "publisher_domain": computed(),
            "service_management_reference": optional(),
            "sign_in_audience": optional(
                default="AzureADMyOrg", check=one_of("AzureADMyOrg", "AzureADMultipleOrgs", *_PERSONAL)
            ),
            "support_url": optional(),
            "tags": adopted(STRING_SET, excludes=("feature_tags",)),
            "template_id": adopted(check=is_uuid, replaces=True),
            "terms_of_service_url": optional(),
        },
        {
            "api": one_block(
                Object(
                    attributes={
                        "known_client_applications": optional(STRING_SET, check=is_uuid),
                        "mapped_claims_enabled": optional(BOOL),
                        "requested_access_token_version": optional(NUMBER, default=1, check=_is_token_version),
                    },
                    blocks={"oauth2_permission_scope": blocks("set", _SCOPE)},
                ),
                droppable=_api_says_nothing,
            ),
            "app_role": blocks("set", _ROLE),
            "feature_tags": blocks("list", FEATURE_TAGS_BODY, computed=True, excludes=("tags",)),
            "optional_claims": one_block(
                Object(
                    attributes={},
                    blocks={name: blocks("list", _CLAIM) for name in ("access_token", "id_token", "saml2_token")},
                ),
                droppable=_claims_say_nothing,
            ),
            "password": blocks("set", _PASSWORD, max_items=1),
            "public_client": one_block(
                Object(attributes={"redirect_uris": optional(STRING_SET, check=is_redirect_uri(urn=True))}),
                droppable=_has_no_redirect,
            ),
            "required_resource_access": blocks("set", _RESOURCE_ACCESS),
            "single_page_application": one_block(
                Object(
                    attributes={"redirect_uris": optional(STRING_SET, check=is_redirect_uri(schemes=_REDIRECT_SCHEMES))}
                ),
                droppable=_has_no_redirect,
            ),
            "web": one_block(_WEB, droppable=_web_says_nothing),
        },
        timeouts=("create", "read", "update", "delete"),
    )

    def check_plan(self, session: Session, plan: Plan) -> None:
        """Refuse what only the whole application shows, and tell which results will change with it."""
        name, before = plan.value("display_name"), (plan.prior or {}).get("display_name")
        if plan.value("prevent_duplicate_names") is True and name is not UNKNOWN and name != before:
            own_id = (plan.prior or {}).get("object_id")
            try:
                named = _named(session, name)
            except ValueError as error:
                raise Diagnosis(f"could not check for existing application(s): {error}") from error
            for found in named:
                if own_id in (None, found["id"]):
                    problem = _name_taken(found["id"], name)
                    raise Diagnosis(f"{problem.summary}. {problem.detail}")
        api = _first(plan.value("api"))
        scopes = (api or {}).get("oauth2_permission_scope") or []
        require_consistent(plan.value("app_role"), scopes)
        before_api = _first((plan.prior or {}).get("api"))
        if plan.changed("app_role"):
            plan.planned["app_role_ids"] = UNKNOWN
        if scopes != ((before_api or {}).get("oauth2_permission_scope") or []):
            plan.planned["oauth2_permission_scope_ids"] = UNKNOWN
        if plan.prior is not None and plan.changed("logo_image"):
            plan.planned["logo_url"] = UNKNOWN
        if plan.value("sign_in_audience") in _PERSONAL:
            _require_fit_for_personal_accounts(plan, api, scopes)

    def create(self, session: Session, record: Record) -> None:
        """Create the application, rename it twice, then set what a creation cannot."""
        wanted, graph = record.wanted, session.graph
        if wanted["prevent_duplicate_names"]:
            _require_free_name(session, wanted["display_name"], own_id=None)
        if wanted["template_id"]:
            raise Diagnosis(
                "The rehearsal provider creates no application from a gallery template",
                "A sandbox has no gallery. Next: leave `template_id` out of what is rehearsed.",
                path="template_id",
            )
        owners = Owners(session, record)
        body = {**_creation(record), "owners@odata.bind": owners.at_creation()}
        with failing_as("Could not create application"):
            made = graph.post("/applications", body)
        path = record.id = self.id_path.of(made["id"])
        _keep_secret(record, made.get("passwordCredentials"))
        with failing_as(f'Failed to patch application with object ID "{made["id"]}" after creating'):
            for name in (f"TERRAFORM_UPDATE_{uuid.uuid4()}", wanted["display_name"]):
                graph.patch(path, {**_TYPE, "displayName": name}, worth_retrying=_UNSETTLED)
        if record.configured("oauth2_post_response_required"):
            self._set_post_response(session, record)
        api = _api(wanted)
        if api["acceptMappedClaims"]:
            with failing_as("Failed to patch application after creating to set `api.0.mapped_claims_enabled` property"):
                graph.patch(path, {**_TYPE, "api": api}, worth_retrying=_UNSETTLED)
        owners.complete(path, f'application with object ID: "{made["id"]}"')
        self._upload_logo(session, record)
        self.read(session, record)

    def update(self, session: Session, record: Record) -> None:
        """Exchange the password, disable what changes among roles and scopes, then send the application."""
        wanted, path = record.wanted, self.address(record)
        object_id = self.object_id(record)
        with session.lock(object_id):
            if wanted["prevent_duplicate_names"]:
                _require_free_name(session, wanted["display_name"], own_id=object_id)
            if record.changed("password"):
                self._exchange_password(session, record)
            body = _change(record)
            if record.changed("app_role"):
                with failing_as(
                    f'Could not disable App Roles for application with object ID "{object_id}"', path="app_role"
                ):
                    disable_changed_roles(session, path, _roles(wanted))
                body["appRoles"] = _roles(wanted)
            if _scopes_changed(record):
                failed = f'Could not disable OAuth2 Permission Scopes for application with object ID "{object_id}"'
                with failing_as(failed, path="api"):
                    disable_changed_scopes(session, path, body["api"]["oauth2PermissionScopes"])
            else:
                del body["api"]["oauth2PermissionScopes"]
            with failing_as(f'Could not update application with object ID: "{object_id}"'):
                session.graph.patch(path, body)
            if record.changed("oauth2_post_response_required"):
                self._set_post_response(session, record)
            if record.changed("owners"):
                label = f'application with object ID: "{object_id}"'
                Owners(session, record).replace(path, label, kind=label)
            if record.changed("logo_image"):
                self._upload_logo(session, record)
            self.read(session, record)

    def read(self, session: Session, record: Record) -> None:
        """Read the application, what only beta tells of it, and its owners."""
        path = self.address(record)
        with failing_as(f"Retrieving {self.label(record)}", path="id"):
            application = session.graph.find(path)
        if application is None:
            record.forget()
            return
        with failing_as(f"Retrieving additional properties for {self.label(record)}"):
            more = session.graph.get(path, version="beta", select="oauth2RequirePostResponse")
        with failing_as(f"Could not retrieve owners for {self.label(record)}", path="owners"):
            owners = owners_at(session, path)
        record.store(
            **_described(application),
            logo_image=record.wanted["logo_image"],
            oauth2_post_response_required=more.get("oauth2RequirePostResponse"),
            owners=owners,
            password=_known_password(record, application.get("passwordCredentials") or []),
            prevent_duplicate_names=record.wanted["prevent_duplicate_names"],
        )

    def delete(self, session: Session, record: Record) -> None:
        """Delete the application and wait until it is gone."""
        path = self.address(record)
        with failing_as(f"deleting {self.label(record)}", path="id"):
            session.graph.delete(path)
        with failing_as(f'Waiting for deletion of application with object ID "{self.object_id(record)}"'):
            session.graph.waited(lambda: session.graph.find(path) is None)

    def _set_post_response(self, session: Session, record: Record) -> None:
        body = {**_TYPE, "oauth2RequirePostResponse": record.wanted["oauth2_post_response_required"]}
        with failing_as(f"Failed to set `oauth2_post_response_required` for {self.label(record)}"):
            session.graph.patch(self.address(record), body, version="beta", worth_retrying=_UNSETTLED)

    def _upload_logo(self, session: Session, record: Record) -> None:
        if not record.wanted["logo_image"]:
            return
        with failing_as(f'Could not upload logo image for application with object ID: "{self.object_id(record)}"'):
            image = base64.b64decode(record.wanted["logo_image"])
            session.graph.upload(f"{self.address(record)}/logo", image, kind=_image_kind(image))

    def _exchange_password(self, session: Session, record: Record) -> None:
        graph, path, object_id = session.graph, self.address(record), self.object_id(record)

        def holds(key_id: str) -> bool:
            held = graph.get(path).get("passwordCredentials") or []
            return any((item.get("keyId") or "").lower() == key_id.lower() for item in held)

        old = _first(record.before["password"])
        if old and old["key_id"]:
            with failing_as(
                f'Removing password credential "{object_id}" from application with object ID "{old["key_id"]}"'
            ):
                graph.post(f"{path}/removePassword", {"keyId": old["key_id"]})
                session.graph.waited(lambda: not holds(old["key_id"]))
        new = _first(record.wanted["password"])
        if new:
            with failing_as(f'Adding password for application with object ID "{object_id}"'):
                made = graph.post(f"{path}/addPassword", {"passwordCredential": _credential(new)})
                session.graph.waited(lambda: holds(made["keyId"]), interval=1.0)
            _keep_secret(record, [made])


_UNSETTLED = when_any(
    when_missing,
    when_conflicting,
    when_refused_with(r"Permission \(scope or role\) cannot be deleted or updated unless disabled first"),
)


def _first(items: Any) -> Any:
    return items[0] if isinstance(items, list) and items else None


def _named(session: Session, name: str) -> list[dict[str, Any]]:
    """Read the applications of exactly this name; raises ``ValueError`` when they cannot be listed."""
    # Quotes in the name are not escaped, as the real provider does not.
    wanted = f"displayName eq '{name}'"
    try:
        found = session.graph.list("/applications", filter=wanted)
    except Refusal as error:
        shown = json.dumps(wanted, ensure_ascii=False)
        raise ValueError(f"unable to list Applications with filter {shown}: {error}") from error
    return [item for item in found if item.get("displayName") == name]


def _require_free_name(session: Session, name: str, *, own_id: str | None) -> None:
    with failing_as("Could not check for existing application(s)", path="name"):
        named = _named(session, name)
    for found in named:
        if found["id"] != own_id:
            raise _name_taken(found["id"], name)


def _name_taken(object_id: str, name: str) -> Diagnosis:
    kind = Application.name
    return already_exists(
        f'An existing "{kind}" with name "{name}" (ID: "{object_id}") was found and `prevent_duplicate_names` was '
        "specified",
        kind,
    )


def _require_fit_for_personal_accounts(plan: Plan, api: Mapping[str, Any] | None, scopes: list[Any]) -> None:
    """Refuse what Microsoft refuses of applications that personal accounts sign in to.

    https://learn.microsoft.com/entra/identity-platform/supported-accounts-validation, 2026-11-23.
    """
    audience = f'when `sign_in_audience` is "{_PERSONAL[0]}" or "{_PERSONAL[1]}"'
    if api is None or api["requested_access_token_version"] in (0, 1):
        raise Diagnosis(f"`requested_access_token_version` must be 2 {audience}")
    if len(scopes) > 100:  # noqa: PLR2004  Microsoft's limit, as the message says it
        raise Diagnosis(f"maximum of 100 `oauth2_permission_scope` blocks are supported {audience}")
    if any(isinstance(scope["value"], str) and len(scope["value"]) > 40 for scope in scopes):  # noqa: PLR2004  Microsoft's limit
        raise Diagnosis(
            f"`value` property in the `oauth2_permission_scope` block must be 40 characters or less {audience}"
        )
    uris = [uri for uri in plan.value("identifier_uris") if isinstance(uri, str)]
    if any(_scheme(uri) not in {"http", "https", "api", "ms-appx"} for uri in uris):
        raise Diagnosis(f"`identifier_uris` is invalid. The URN scheme is not supported {audience}")
    if len(uris) > 50:  # noqa: PLR2004  Microsoft's limit, as the message says it
        raise Diagnosis(f"`identifier_uris` must have no more than 50 URIs {audience}")
    for block in ("public_client", "single_page_application", "web"):
        redirects = (_first(plan.value(block)) or {}).get("redirect_uris") or []
        if len(redirects) > 100:  # noqa: PLR2004  Microsoft's limit, as the message says it
            raise Diagnosis(f"`redirect_uris` must have no more than 100 URIs {audience}")
        if any(isinstance(uri, str) and "*" in _host(uri) for uri in redirects):
            raise Diagnosis(f"`redirect_uris` having wildcard hosts are not supported {audience}")


def _scheme(uri: str) -> str:
    found = parsed(uri)
    return found.scheme if found else ""


def _host(uri: str) -> str:
    found = parsed(uri)
    return found.host if found else ""


def _described(application: Mapping[str, Any]) -> dict[str, Any]:
    api, info, claims = application.get("api"), application.get("info") or {}, application.get("optionalClaims")
    membership = application.get("groupMembershipClaims")
    return {
        "api": [_api_block(api)] if api else [],
        "app_role": roles_of(application.get("appRoles")),
        "app_role_ids": ids_by_value(application.get("appRoles")),
        "client_id": application.get("appId"),
        "description": application.get("description"),
        "device_only_auth_enabled": application.get("isDeviceOnlyAuthSupported"),
        "disabled_by_microsoft": application.get("disabledByMicrosoftStatus"),
        "display_name": application.get("displayName"),
        "fallback_public_client_enabled": application.get("isFallbackPublicClient"),
        "feature_tags": features_of(application.get("tags")),
        "group_membership_claims": [] if membership is None else [part.strip() for part in membership.split(",")],
        "identifier_uris": application.get("identifierUris"),
        "logo_url": info.get("logoUrl"),
        **{name: info.get(source) for name, source in _ADDRESSES.items()},
        "notes": application.get("notes"),
        "oauth2_permission_scope_ids": ids_by_value((api or {}).get("oauth2PermissionScopes")),
        "object_id": application.get("id"),
        "optional_claims": [] if claims is None else [_claims_block(claims)],
        "public_client": _redirects_block(application.get("publicClient")),
        "publisher_domain": application.get("publisherDomain"),
        "required_resource_access": [_access_block(item) for item in application.get("requiredResourceAccess") or ()],
        "service_management_reference": application.get("serviceManagementReference"),
        "sign_in_audience": application.get("signInAudience"),
        "single_page_application": _redirects_block(application.get("spa")),
        "tags": application.get("tags"),
        "template_id": application.get("applicationTemplateId"),
        "web": [_web_block(application["web"])] if application.get("web") else [],
    }


def _api_block(api: Mapping[str, Any]) -> dict[str, Any]:
    version = api.get("requestedAccessTokenVersion")
    return {
        "known_client_applications": api.get("knownClientApplications") or [],
        "mapped_claims_enabled": bool(api.get("acceptMappedClaims")),
        "oauth2_permission_scope": scopes_of(api.get("oauth2PermissionScopes")),
        "requested_access_token_version": 1 if version is None else version,
    }


def _claims_block(claims: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: [
            {
                "name": claim.get("name"),
                "essential": bool(claim.get("essential")),
                "source": claim.get("source") or "",
                "additional_properties": claim.get("additionalProperties") or [],
            }
            for claim in claims.get(source) or ()
        ]
        for name, source in (("access_token", "accessToken"), ("id_token", "idToken"), ("saml2_token", "saml2Token"))
    }


def _redirects_block(client: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    return [] if client is None else [{"redirect_uris": client.get("redirectUris") or []}]


def _access_block(access: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "resource_app_id": access.get("resourceAppId") or "",
        "resource_access": [
            {"id": item.get("id") or "", "type": item.get("type") or ""} for item in access.get("resourceAccess") or ()
        ],
    }


def _web_block(web: Mapping[str, Any]) -> dict[str, Any]:
    grant = web.get("implicitGrantSettings")
    return {
        "homepage_url": web.get("homePageUrl") or "",
        "logout_url": web.get("logoutUrl") or "",
        "redirect_uris": web.get("redirectUris") or [],
        "implicit_grant": []
        if grant is None
        else [
            {
                "access_token_issuance_enabled": bool(grant.get("enableAccessTokenIssuance")),
                "id_token_issuance_enabled": bool(grant.get("enableIdTokenIssuance")),
            }
        ],
    }


def _settable(record: Record) -> dict[str, Any]:
    """Return what a creation and an update both send."""
    wanted = record.wanted
    return {
        **_TYPE,
        "api": _api(wanted),
        "description": wanted["description"] or None,
        "displayName": wanted["display_name"],
        "groupMembershipClaims": ",".join(wanted["group_membership_claims"]) or None,
        "info": {source: wanted[name] or None for name, source in _ADDRESSES.items()},
        "isDeviceOnlyAuthSupported": wanted["device_only_auth_enabled"],
        "isFallbackPublicClient": wanted["fallback_public_client_enabled"],
        "notes": wanted["notes"] or None,
        "publicClient": {"redirectUris": _redirects(wanted["public_client"])},
        "serviceManagementReference": wanted["service_management_reference"] or None,
        "signInAudience": wanted["sign_in_audience"],
        "spa": {"redirectUris": _redirects(wanted["single_page_application"])},
        "web": _web(wanted["web"]),
    }


def _creation(record: Record) -> dict[str, Any]:
    wanted = record.wanted
    body = _settable(record)
    if body["api"]["acceptMappedClaims"]:
        # Refused of a caller that may only write applications of its own, so it is set afterwards.
        del body["api"]["acceptMappedClaims"]
    body |= {
        "appRoles": _roles(wanted),
        "identifierUris": wanted["identifier_uris"],
        "optionalClaims": _claims(wanted["optional_claims"]),
        "requiredResourceAccess": _access(wanted["required_resource_access"]),
        "tags": tags_of(wanted["feature_tags"]) if wanted["feature_tags"] else wanted["tags"],
    }
    if wanted["password"]:
        body["passwordCredentials"] = [_credential(item) for item in wanted["password"]]
    return body


def _change(record: Record) -> dict[str, Any]:
    wanted = record.wanted
    from_features = bool(wanted["feature_tags"]) and record.changed("feature_tags")
    body = {**_settable(record), "tags": tags_of(wanted["feature_tags"]) if from_features else wanted["tags"]}
    if record.changed("identifier_uris"):
        body["identifierUris"] = wanted["identifier_uris"]
    if record.changed("optional_claims"):
        body["optionalClaims"] = _claims(wanted["optional_claims"])
    if record.changed("required_resource_access"):
        body["requiredResourceAccess"] = _access(wanted["required_resource_access"])
    return body


def _scopes_changed(record: Record) -> bool:
    def scopes(values: Mapping[str, Any]) -> list[str]:
        api = _first(values["api"])
        return sorted(str(sorted(scope.items())) for scope in (api or {}).get("oauth2_permission_scope") or ())

    return scopes(record.wanted) != scopes(record.before)


def _api(wanted: Mapping[str, Any]) -> dict[str, Any]:
    api = _first(wanted["api"]) or {}
    return {
        "acceptMappedClaims": api.get("mapped_claims_enabled", False),
        "knownClientApplications": api.get("known_client_applications", []),
        "oauth2PermissionScopes": [
            {
                "adminConsentDescription": scope["admin_consent_description"],
                "adminConsentDisplayName": scope["admin_consent_display_name"],
                "id": scope["id"],
                "isEnabled": scope["enabled"],
                "type": scope["type"],
                "userConsentDescription": scope["user_consent_description"],
                "userConsentDisplayName": scope["user_consent_display_name"],
                "value": scope["value"],
            }
            for scope in api.get("oauth2_permission_scope", [])
        ],
        "requestedAccessTokenVersion": api.get("requested_access_token_version", 1),
    }


def _roles(wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "allowedMemberTypes": role["allowed_member_types"],
            "description": role["description"],
            "displayName": role["display_name"],
            "id": role["id"],
            "isEnabled": role["enabled"],
            "value": role["value"],
        }
        for role in wanted["app_role"]
    ]


def _claims(block: list[dict[str, Any]]) -> dict[str, Any]:
    if not block:
        return {}
    return {
        target: [
            {
                "name": claim["name"],
                "essential": claim["essential"],
                "additionalProperties": claim["additional_properties"],
                **({"source": claim["source"]} if claim["source"] else {}),
            }
            for claim in block[0][name]
        ]
        for name, target in (("access_token", "accessToken"), ("id_token", "idToken"), ("saml2_token", "saml2Token"))
    }


def _access(accesses: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"resourceAppId": access["resource_app_id"], "resourceAccess": list(access["resource_access"])}
        for access in accesses
    ]


def _redirects(block: list[dict[str, Any]]) -> list[str]:
    redirects: list[str] = block[0]["redirect_uris"] if block else []
    return redirects


def _web(block: list[dict[str, Any]]) -> dict[str, Any]:
    web = block[0] if block else {"homepage_url": "", "logout_url": "", "implicit_grant": [], "redirect_uris": []}
    grant = _first(web["implicit_grant"]) or {}
    return {
        "homePageUrl": web["homepage_url"] or None,
        "implicitGrantSettings": {
            "enableAccessTokenIssuance": grant.get("access_token_issuance_enabled", False),
            "enableIdTokenIssuance": grant.get("id_token_issuance_enabled", False),
        },
        "logoutUrl": web["logout_url"] or None,
        "redirectUris": web["redirect_uris"],
    }


def _credential(password: Mapping[str, Any]) -> dict[str, Any]:
    credential = {"displayName": password["display_name"]}
    if password["start_date"]:
        credential["startDateTime"] = password["start_date"]
    if password["end_date"]:
        credential["endDateTime"] = password["end_date"]
    return credential


def _keep_secret(record: Record, credentials: list[dict[str, Any]] | None) -> None:
    """Keep the new password's id and text, which Graph tells only once."""
    wanted = _first(record.wanted["password"])
    if wanted and credentials:
        made = credentials[0]
        wanted.update(key_id=made.get("keyId"), value=made.get("secretText"))
        record.store(password=[wanted])


def _known_password(record: Record, credentials: list[dict[str, Any]]) -> list[dict[str, Any]]:
    known = _first(record.wanted["password"])
    return [
        {
            "key_id": held.get("keyId"),
            "display_name": held.get("displayName"),
            "start_date": held.get("startDateTime"),
            "end_date": held.get("endDateTime"),
            "value": known["value"],
        }
        for held in credentials
        if known and held.get("keyId") == known["key_id"]
    ]


def _image_kind(image: bytes) -> str:
    kinds = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"))
    for start, kind in kinds:
        if image.startswith(start):
            return kind
    raise ValueError("unrecognised MIME type detected: a logo is a PNG, JPEG or GIF image")
