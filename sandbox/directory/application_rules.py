"""What an application's registration may say: audience, redirect URIs, identifier URIs, roles, scopes.

Sources are Learn, "Redirect URI restrictions and limitations", "Restrictions on identifier URIs", "application
resource type" and "appRole resource type", read November 2026; a refusal whose words come from elsewhere says so.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlsplit

from sandbox.directory import recycling
from sandbox.directory.store import Directory, Record
from sandbox.errors import GraphError, bad_request

PLATFORMS = ("web", "spa", "publicClient")
_WORK_AUDIENCES = frozenset({"AzureADMyOrg", "AzureADMultipleOrgs"})
_PERSONAL_AUDIENCES = frozenset({"AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount"})
_GROUP_CLAIMS = frozenset({"None", "SecurityGroup", "ApplicationGroup", "DirectoryRole", "All"})
_MEMBER_TYPES = frozenset({"User", "Application"})
_ROLE_VALUE = re.compile(r"(?!\.)[\w:!#$%&'()*+,\-./;=?@\[\]^`{|}~]{1,120}", re.ASCII)
_LONGEST = {"displayName": 256, "description": 1024, "notes": 1024}
_LONGEST_URI = 256
_MOST_URIS, _MOST_URIS_PERSONAL = 256, 100
_TOKEN_VERSIONS = frozenset({None, 1, 2})
_ENABLED_ENTITLEMENT = "Permission (scope or role) cannot be deleted or updated unless disabled first."


def check(directory: Directory, application: Record, before: Record | None) -> None:
    """Refuse a registration that Entra would not take; `before` is what it was, None for a new one."""
    _check_texts(application)
    _check_audience(application)
    _check_entitlements(application["appRoles"], "appRoles")
    _check_entitlements(application["api"]["oauth2PermissionScopes"], "oauth2PermissionScopes")
    for role in application["appRoles"]:
        _check_role(role)
    _check_required_access(application["requiredResourceAccess"])
    for platform in PLATFORMS:
        _check_redirect_uris(application, platform)
    _check_identifier_uris(directory, application, before)
    _check_unique_name(directory, application)
    _check_pre_authorized(application, before)
    if before is not None:
        _check_disabled_first(before["appRoles"], application["appRoles"])
        _check_disabled_first(before["api"]["oauth2PermissionScopes"], application["api"]["oauth2PermissionScopes"])


def is_personal(application: Record) -> bool:
    """Say whether people with personal Microsoft accounts may use an application."""
    return application["signInAudience"] in _PERSONAL_AUDIENCES


def redirect_uris(application: Record) -> list[str]:
    """List the redirect URIs of every platform of an application."""
    return [uri for platform in PLATFORMS for uri in application[platform]["redirectUris"]]


def check_identifiers_free(directory: Directory, application: Record) -> None:
    """Refuse an application with an identifier URI or a unique name that another one has."""
    _check_unique_name(directory, application)
    for uri in application["identifierUris"]:
        _check_uri_free(directory, application, uri)


def _check_texts(application: Record) -> None:
    if not application.get("displayName"):
        raise bad_request("A value is required for property 'displayName' of resource 'Application'.")
    for name, longest in _LONGEST.items():
        if len(application.get(name) or "") > longest:
            raise _invalid_property(name)
    claims = application.get("groupMembershipClaims")
    if claims is not None and not {each.strip() for each in claims.split(",")} <= _GROUP_CLAIMS:
        raise _invalid_property("groupMembershipClaims")


def _check_audience(application: Record) -> None:
    if application["signInAudience"] not in _WORK_AUDIENCES | _PERSONAL_AUDIENCES:
        raise _invalid_property("signInAudience")
    version = application["api"]["requestedAccessTokenVersion"]
    # Personal accounts get version 2 tokens only ("apiApplication resource type").
    if version not in _TOKEN_VERSIONS or (is_personal(application) and version != 2):  # noqa: PLR2004 - the version
        raise _invalid_value("api.requestedAccessTokenVersion", "is invalid.")


def _check_entitlements(entitlements: Sequence[Record], name: str) -> None:
    if any("id" not in each or "isEnabled" not in each for each in entitlements):
        raise bad_request(f"A value is required for the properties 'id' and 'isEnabled' of '{name}'.")
    for key in ("id", "value"):
        given = [each[key] for each in entitlements if each.get(key)]
        if len(given) != len(set(given)):
            raise bad_request(f"Request contains a property with duplicate values: '{key}' of '{name}'.")


def _check_role(role: Record) -> None:
    members = role.get("allowedMemberTypes") or []
    if not members or not set(members) <= _MEMBER_TYPES:
        raise _invalid_property("allowedMemberTypes")
    if not role.get("displayName") or (role.get("value") and not _ROLE_VALUE.fullmatch(role["value"])):
        raise bad_request("Invalid value specified for property 'displayName' or 'value' of resource 'AppRole'.")


def _check_required_access(wanted: Iterable[Record]) -> None:
    for resource in wanted:
        if not resource.get("resourceAppId"):
            raise _invalid_property("requiredResourceAccess")
        for access in resource["resourceAccess"]:
            if not access.get("id") or access.get("type") not in {"Scope", "Role"}:
                raise _invalid_property("requiredResourceAccess")


def _check_disabled_first(before: Iterable[Record], after: Iterable[Record]) -> None:
    wanted = {each["id"]: each for each in after}
    for each in before:
        if not each["isEnabled"]:
            continue
        kept = wanted.get(each["id"])
        # Disabling is the one change an enabled entitlement allows, and it may come with nothing else.
        if kept is None or {**kept, "isEnabled": True} != {**each, "isEnabled": True}:
            raise bad_request(_ENABLED_ENTITLEMENT, code="CannotDeleteOrUpdateEnabledEntitlement")


def _check_pre_authorized(application: Record, before: Record | None) -> None:
    # A scope that comes in the same request is not seen yet (microsoft-graph-docs-contrib #1395), and one that goes in
    # it is gone already.
    here = {each["id"] for each in application["api"]["oauth2PermissionScopes"]}
    there = {each["id"] for each in before["api"]["oauth2PermissionScopes"]} if before else set()
    for each in application["api"]["preAuthorizedApplications"]:
        if not each.get("appId"):
            raise _invalid_value("api.preAuthorizedApplications.appId", "is required.")
        if not set(each.get("delegatedPermissionIds", [])) <= here & there:
            # microsoft-graph-docs #12675.
            raise _invalid_value(
                "api.preAuthorizedApplications.delegatedPermissionIds",
                "has a Permission Id that cannot be found in the AppPermissions sets.",
            )


def _check_redirect_uris(application: Record, platform: str) -> None:
    uris: list[str] = application[platform]["redirectUris"]
    if len(uris) != len(set(uris)):
        raise bad_request(f"Request contains a property with duplicate values: '{platform}.redirectUris'.")
    most = _MOST_URIS_PERSONAL if is_personal(application) else _MOST_URIS
    if len(redirect_uris(application)) > most:
        raise bad_request(f"An application of this audience has at most {most} redirect URIs.")
    for uri in uris:
        _check_redirect_uri(application, platform, uri)


def _check_redirect_uri(application: Record, platform: str, uri: str) -> None:
    host = _host(uri)
    scheme = uri.partition(":")[0].lower()
    if scheme == "http" and host not in {"localhost", "127.0.0.1"}:
        raise bad_request(f"Reply URL '{uri}' must use https; http is allowed for localhost only.")
    # Schemes of their own are for applications that are installed on a device.
    web = scheme in {"http", "https"} and bool(host)
    installed = platform == "publicClient" and ":" in uri and scheme not in {"http", "https"}
    strange = len(uri) > _LONGEST_URI or not uri.isascii() or set("!$'(),;#") & set(uri) or host == "::1"
    # A query and a wildcard are for applications that only work accounts use.
    loose = is_personal(application) and set("?*") & set(uri)
    # What a parser would leave out or read as somebody's name is no part of an address.
    unsafe = any(each <= " " or each in "\\\x7f" for each in uri) or "@" in uri.partition("://")[2].partition("/")[0]
    if not (web or installed) or strange or loose or unsafe:
        raise bad_request(f"Invalid value specified for property 'redirectUris' of resource 'Application': '{uri}'.")


def _host(uri: str) -> str:
    try:
        return urlsplit(uri).hostname or ""
    except ValueError:
        return ""


def _check_identifier_uris(directory: Directory, application: Record, before: Record | None) -> None:
    uris: list[str] = application["identifierUris"]
    if len(uris) != len(set(uris)):
        raise bad_request("Request contains a property with duplicate values: 'identifierUris'.")
    known = before["identifierUris"] if before else []
    for uri in uris:
        _check_uri_free(directory, application, uri)
        # Only what is added is looked at ("All newly added URIs", same page).
        if uri not in known:
            _check_identifier_uri(directory, application, uri)


def _check_uri_free(directory: Directory, application: Record, uri: str) -> None:
    if any(uri in each["identifierUris"] for each in _others(directory, application)):
        raise bad_request("Another object with the same value for property identifierUris already exists.")


def _check_unique_name(directory: Directory, application: Record) -> None:
    name = application.get("uniqueName")
    if name and any(name == each.get("uniqueName") for each in _others(directory, application)):
        # msgraph-bicep-types #202.
        raise bad_request("Another object with the same value for property uniqueName already exists.")


def _others(directory: Directory, application: Record) -> Iterable[Record]:
    deleted = recycling.deleted(directory, "application") if directory.behaviour.deleted_applications_keep_names else []
    return [each for each in [*directory.applications.values(), *deleted] if each["id"] != application["id"]]


def _check_identifier_uri(directory: Directory, application: Record, uri: str) -> None:
    host = _host(uri)
    if ":" not in uri or "[" in uri or uri.endswith("/") or "#" in uri:
        raise _invalid_property("identifierUris")
    named = {host, *uri.lower().split("/")}
    verified = [each["id"] for each in directory.domains.values() if each["isVerified"]]
    own = bool(named & {application["appId"].lower(), directory.tenant_id.lower()})
    if own or any(host == each or host.endswith(f".{each}") for each in verified):
        return
    if directory.behaviour.identifier_uri_rule == "every application":
        raise bad_request(
            "Values of identifierUris property must use a verified domain of the organization or its subdomain: "
            f"'{uri}'",
            code="HostNameNotOnVerifiedDomain",
        )
    if not _is_spared(directory, application):
        raise bad_request(
            f"Failed to add identifier URI {uri}. All newly added URIs must contain a tenant verified domain, tenant "
            "ID, or app ID, as per the default tenant policy of your organization."
        )


def _is_spared(directory: Directory, application: Record) -> bool:
    principal: Mapping[str, object] = directory.find_service_principal(application["appId"]) or {}
    version: object = application["api"]["requestedAccessTokenVersion"]
    return version == 2 or principal.get("preferredSingleSignOnMode") == "saml"  # noqa: PLR2004 - the version


def _invalid_property(name: str) -> GraphError:
    return bad_request(f"Invalid value specified for property '{name}' of resource 'Application'.")


def _invalid_value(place: str, fault: str) -> GraphError:
    details = [{"code": "InvalidValue", "target": place}]
    return GraphError(400, "InvalidValue", f"Property {place} {fault}", details=details)
