"""The allow list: which attributes of which types are shown by value, and how; all others are only named as changed.

A plan's JSON keeps sensitive values in clear, so that leaving out what is marked would not do: whoever adds a row here
decides that nobody keeps a secret in that attribute.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from steward.review.values import Difference, Mark, blocks, texts
from steward.review.words import Words, join, shown
from steward.wellknown.permissions import known_permissions
from steward.wellknown.roles import find_directory_role

Present = Callable[[Any], tuple[str, ...]]
_MOST_SHOWN = 6


def present_text(value: Any) -> tuple[str, ...]:
    """Return scalars as they are; of anything else nothing but its kind."""
    values = value if isinstance(value, list) else [value]
    return tuple(_scalar(each) for each in values)


def present_addresses(value: Any) -> tuple[str, ...]:
    """Return web addresses without user, query and fragment, in which a secret might stand."""
    return tuple(_address(each) for each in (value if isinstance(value, list) else [value]))


def present_roles(value: Any) -> tuple[str, ...]:
    """Return directory roles by name; a custom role by its id."""
    return tuple(role_name(each) for each in present_text(value))


def present_app_roles(value: Any) -> tuple[str, ...]:
    """Return an application's roles by display name, and whether they are open to more than users and groups."""
    return tuple(_app_role(each) for each in _blocks(value))


def present_permissions(value: Any) -> tuple[str, ...]:
    """Return requested permissions by name and kind."""
    return tuple(permission_name(*each) for each in requested_permissions(value))


_TEXT, _ADDRESSES = present_text, present_addresses
_USERS = "conditions.users."
# Type and path, as in the provider's schema.
SHOWN_ATTRIBUTES: Mapping[str, Mapping[str, Present]] = {
    "azuread_user": {
        "account_enabled": _TEXT,
        "disable_password_expiration": _TEXT,
        "disable_strong_password": _TEXT,
        "display_name": _TEXT,
        "employee_type": _TEXT,
        "force_password_change": _TEXT,
        "mail_nickname": _TEXT,
        "show_in_address_list": _TEXT,
        "usage_location": _TEXT,
        "user_principal_name": _TEXT,
    },
    "azuread_conditional_access_policy": {
        "conditions.applications.excluded_applications": _TEXT,
        "conditions.applications.included_applications": _TEXT,
        "conditions.applications.included_user_actions": _TEXT,
        "conditions.client_app_types": _TEXT,
        "conditions.insider_risk_levels": _TEXT,
        "conditions.locations.excluded_locations": _TEXT,
        "conditions.locations.included_locations": _TEXT,
        "conditions.platforms.excluded_platforms": _TEXT,
        "conditions.platforms.included_platforms": _TEXT,
        "conditions.sign_in_risk_levels": _TEXT,
        "conditions.user_risk_levels": _TEXT,
        **{f"{_USERS}{kind}_{whom}": _TEXT for kind in ("excluded", "included") for whom in ("groups", "users")},
        f"{_USERS}excluded_roles": present_roles,
        f"{_USERS}included_roles": present_roles,
        "display_name": _TEXT,
        "grant_controls.authentication_strength_policy_id": _TEXT,
        "grant_controls.built_in_controls": _TEXT,
        "grant_controls.operator": _TEXT,
        "state": _TEXT,
    },
    "azuread_application": {
        "api.requested_access_token_version": _TEXT,
        "app_role": present_app_roles,
        "client_id": _TEXT,
        "display_name": _TEXT,
        "fallback_public_client_enabled": _TEXT,
        "owners": _TEXT,
        "public_client.redirect_uris": _ADDRESSES,
        "required_resource_access": present_permissions,
        "sign_in_audience": _TEXT,
        "single_page_application.redirect_uris": _ADDRESSES,
        "web.implicit_grant.access_token_issuance_enabled": _TEXT,
        "web.implicit_grant.id_token_issuance_enabled": _TEXT,
        "web.redirect_uris": _ADDRESSES,
    },
    "azuread_service_principal": {
        "account_enabled": _TEXT,
        "app_role_assignment_required": _TEXT,
        "client_id": _TEXT,
        "owners": _TEXT,
        "use_existing": _TEXT,
    },
    "azuread_app_role_assignment": {
        "app_role_id": _TEXT,
        "principal_display_name": _TEXT,
        "principal_object_id": _TEXT,
        "principal_type": _TEXT,
        "resource_display_name": _TEXT,
        "resource_object_id": _TEXT,
    },
    "azuread_service_principal_delegated_permission_grant": {
        "claim_values": _TEXT,
        "resource_service_principal_object_id": _TEXT,
        "service_principal_object_id": _TEXT,
        "user_object_id": _TEXT,
    },
    "azuread_directory_role_assignment": {
        "app_scope_id": _TEXT,
        "directory_scope_id": _TEXT,
        "principal_object_id": _TEXT,
        "role_id": present_roles,
    },
    "terraform_data": {"input.phase": _TEXT, "input.until": _TEXT},
}


def describe(kind: str, difference: Difference) -> Words:
    """Return one difference in words: its values if they may be shown, else that it changes."""
    name = attribute_name(kind, difference.path)
    if not is_shown(kind, difference):
        return (shown(name), " changes")
    present = SHOWN_ATTRIBUTES[kind][name]
    if isinstance(difference.before, list) and isinstance(difference.after, list):
        had, has = present(difference.before), present(difference.after)
        gained = [each for each in has if each not in had]
        lost = [each for each in had if each not in has]
        if not gained and not lost:
            return (shown(name), " changes")
        sentences = [(word, *_list(values)) for word, values in (("adds ", gained), ("removes ", lost)) if values]
        return (shown(name), " ", *join(sentences))
    after = _side(difference.after, present)
    if difference.before is None:
        return (shown(name), " ", *after)
    return (shown(name), " ", *_side(difference.before, present), " → ", *after)


def is_shown(kind: str, difference: Difference) -> bool:
    """Return whether the values of a difference may be shown."""
    is_allowed = difference.path in SHOWN_ATTRIBUTES.get(kind, {})
    return is_allowed and Mark.SENSITIVE not in {_mark(difference.before), _mark(difference.after)}


def attribute_name(kind: str, path: str) -> str:
    """Return the path if its value may be shown; else the attribute's own name, as what lies below may be a key."""
    return path if path in SHOWN_ATTRIBUTES.get(kind, {}) else path.partition(".")[0]


def role_name(role_id: str) -> str:
    """Return a built-in directory role's name, or the id of any other."""
    role = find_directory_role(role_id)
    return role.name if role else f"custom role {role_id}"


def permission_name(api: str, permission_id: str, kind: str) -> str:
    """Return a permission's name as a tenant file writes it, with its kind; the ids where it is not known."""
    word = {"Role": "application", "Scope": "delegated"}.get(kind, kind)
    return f"{_permission_labels().get((api, permission_id), f'{api}/{permission_id}')} ({word})"


def requested_permissions(value: Any) -> Iterator[tuple[str, str, str]]:
    """Yield API, id and type of every permission that `required_resource_access` asks for."""
    for access in _blocks(value):
        for each in _blocks(access.get("resource_access")):
            yield str(access.get("resource_app_id")).lower(), str(each.get("id")).lower(), str(each.get("type"))


@cache
def _permission_labels() -> Mapping[tuple[str, str], str]:
    return {
        (known.resource_app_id, permission_id): known.label
        for known in known_permissions().values()
        for permission_id in (known.application_id, known.delegated_id)
        if permission_id
    }


def _mark(value: Any) -> Mark | None:
    return value if isinstance(value, Mark) else None


def _blocks(value: Any) -> tuple[Mapping[str, Any], ...]:
    return (value,) if isinstance(value, Mapping) else blocks(value)


def _side(value: Any, present: Present) -> Words:
    if value is Mark.UNKNOWN:
        return (value.value,)
    return ("none",) if value is None else _list(present(value))


def _list(values: "tuple[str, ...] | list[str]") -> Words:
    named: list[Words] = [(shown(each),) for each in values[:_MOST_SHOWN]]
    left = len(values) - len(named)
    return join([*named, (f"{left} more",)] if left else named)


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else "…"


def _address(value: Any) -> str:
    try:
        parts = urlsplit(str(value))
        address = f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"
    except ValueError:
        return "no address"
    cut = parts.query or parts.fragment or "@" in parts.netloc
    return f"{address} (and more)" if cut else address


def _app_role(role: Mapping[str, Any]) -> str:
    members = sorted(texts(role.get("allowed_member_types")))
    name = _scalar(role.get("display_name"))
    state = "" if role.get("enabled") is not False else ", disabled"
    return f"{name}{state}" if members in ([], ["User"]) else f"{name} ({', '.join(members)}{state})"
