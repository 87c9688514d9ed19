"""``data.azuread_user``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.provider.checks import exactly_one_of, is_uuid, not_empty
from sandbox.provider.diagnostics import Diagnosis
from sandbox.provider.graph import quoted
from sandbox.provider.resource import DataSource, failing_as
from sandbox.provider.resources.user import User
from sandbox.provider.schema import adopted, computed, read_only
from sandbox.provider.session import Session
from sandbox.provider.values import BOOL, STRINGS

_PROPERTIES = {
    "account_enabled": "accountEnabled",
    "age_group": "ageGroup",
    "business_phones": "businessPhones",
    "city": "city",
    "company_name": "companyName",
    "consent_provided_for_minor": "consentProvidedForMinor",
    "country": "country",
    "creation_type": "creationType",
    "department": "department",
    "display_name": "displayName",
    "employee_hire_date": "employeeHireDate",
    "employee_id": "employeeId",
    "employee_type": "employeeType",
    "external_user_state": "externalUserState",
    "fax_number": "faxNumber",
    "given_name": "givenName",
    "im_addresses": "imAddresses",
    "job_title": "jobTitle",
    "mail": "mail",
    "mail_nickname": "mailNickname",
    "mobile_phone": "mobilePhone",
    "object_id": "id",
    "office_location": "officeLocation",
    "onpremises_distinguished_name": "onPremisesDistinguishedName",
    "onpremises_domain_name": "onPremisesDomainName",
    "onpremises_immutable_id": "onPremisesImmutableId",
    "onpremises_sam_account_name": "onPremisesSamAccountName",
    "onpremises_security_identifier": "onPremisesSecurityIdentifier",
    "onpremises_sync_enabled": "onPremisesSyncEnabled",
    "onpremises_user_principal_name": "onPremisesUserPrincipalName",
    "other_mails": "otherMails",
    "postal_code": "postalCode",
    "preferred_language": "preferredLanguage",
    "proxy_addresses": "proxyAddresses",
    "show_in_address_list": "showInAddressList",
    "state": "state",
    "street_address": "streetAddress",
    "surname": "surname",
    "usage_location": "usageLocation",
    "user_principal_name": "userPrincipalName",
    "user_type": "userType",
}
_SELECT = ",".join(sorted({*_PROPERTIES.values(), "employeeOrgData"}))
_LISTS = {"business_phones", "im_addresses", "other_mails", "proxy_addresses"}
_SWITCHES = {"account_enabled", "onpremises_sync_enabled", "show_in_address_list"}

# An argument by which a user is found, its Graph property, and how it is named when the user is not.
_KEYS = (
    ("user_principal_name", "userPrincipalName", "UPN", 'User with UPN "{}" was not found'),
    ("mail", "mail", "mail", 'User not found with mail: ""'),
    ("mail_nickname", "mailNickname", "email alias", 'User not found with email alias: "{}"'),
    ("employee_id", "employeeId", "employee ID", 'User not found with employee ID: "{}"'),
)


class FoundUser(DataSource):
    """A user, by what signs it in, its mail address, its nickname, its employee id or its object id."""

    name = "azuread_user"
    rules = (exactly_one_of("employee_id", "mail", "mail_nickname", "object_id", "user_principal_name"),)
    schema = read_only(
        {
            **{
                name: computed(STRINGS if name in _LISTS else BOOL) if name in _LISTS | _SWITCHES else computed()
                for name in _PROPERTIES
            },
            "cost_center": computed(),
            "division": computed(),
            "manager_id": computed(),
            "object_id": adopted(check=is_uuid),
            **{argument: adopted(check=not_empty) for argument, *_ in _KEYS},
        }
    )

    def read(self, session: Session, config: Mapping[str, Any]) -> dict[str, Any]:
        """Find the one user that is meant, and read everything about it."""
        path = User.id_path.of(_found_id(session, config))
        with failing_as(f"Retrieving {User.id_path.label(path)}"):
            user = session.graph.get(path, select=_SELECT)
        with failing_as(f"Could not retrieve manager for {User.id_path.label(path)}"):
            manager = session.graph.find(f"{path}/manager")
        organisation = user.get("employeeOrgData") or {}
        return {
            **{name: user.get(source) for name, source in _PROPERTIES.items()},
            "id": path,
            "cost_center": organisation.get("costCenter"),
            "division": organisation.get("division"),
            "manager_id": manager["id"] if manager else None,
        }


def _found_id(session: Session, config: Mapping[str, Any]) -> str:
    for argument, source, title, nowhere in _KEYS:
        value = config[argument]
        if not value:
            continue
        with failing_as(f'Finding user with {title}: "{value}"'):
            found = session.graph.list("/users", filter=f"{source} eq {quoted(value)}")
        if not found:
            raise Diagnosis(nowhere.format(value), path=argument)
        if len(found) > 1:
            raise Diagnosis(f'More than one user found with {title}: "{value}"', path=argument)
        return str(found[0]["id"])
    object_id = config["object_id"]
    with failing_as(f'Retrieving user with object ID: "{object_id}"'):
        user = session.graph.find(f"/users/{object_id}")
    if user is None:
        raise Diagnosis(f'User not found with object ID: "{object_id}"', path="object_id")
    return object_id if isinstance(object_id, str) else str(user["id"])
