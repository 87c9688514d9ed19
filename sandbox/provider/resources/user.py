"""``azuread_user``."""

from __future__ import annotations

from typing import Any

from sandbox.provider.checks import is_email, is_rfc3339, length, not_empty, one_of
from sandbox.provider.diagnostics import Diagnosis
from sandbox.provider.graph import when_missing, when_refused_with
from sandbox.provider.planning import Plan
from sandbox.provider.resource import IdPath, Record, Resource, failing_as
from sandbox.provider.schema import adopted, computed, optional, required, top_level
from sandbox.provider.session import Session
from sandbox.provider.values import BOOL, STRING_SET, STRINGS

_TYPE = {"@odata.type": "#microsoft.graph.user"}

# Texts that every create and update sends, null when empty: argument and Graph property.
_TEXTS = {
    "age_group": "ageGroup",
    "city": "city",
    "company_name": "companyName",
    "consent_provided_for_minor": "consentProvidedForMinor",
    "country": "country",
    "department": "department",
    "display_name": "displayName",
    "employee_id": "employeeId",
    "employee_type": "employeeType",
    "fax_number": "faxNumber",
    "given_name": "givenName",
    "job_title": "jobTitle",
    "mail_nickname": "mailNickname",
    "mobile_phone": "mobilePhone",
    "office_location": "officeLocation",
    "postal_code": "postalCode",
    "preferred_language": "preferredLanguage",
    "state": "state",
    "street_address": "streetAddress",
    "surname": "surname",
    "usage_location": "usageLocation",
    "user_principal_name": "userPrincipalName",
}

# What Graph answers without being asked for properties by name, and what it must be asked for.
_PROJECTED = {
    "about_me": "aboutMe",
    "business_phones": "businessPhones",
    "creation_type": "creationType",
    "display_name": "displayName",
    "given_name": "givenName",
    "im_addresses": "imAddresses",
    "job_title": "jobTitle",
    "mail": "mail",
    "mobile_phone": "mobilePhone",
    "object_id": "id",
    "office_location": "officeLocation",
    "onpremises_distinguished_name": "onPremisesDistinguishedName",
    "onpremises_domain_name": "onPremisesDomainName",
    "onpremises_sam_account_name": "onPremisesSamAccountName",
    "onpremises_security_identifier": "onPremisesSecurityIdentifier",
    "onpremises_sync_enabled": "onPremisesSyncEnabled",
    "onpremises_user_principal_name": "onPremisesUserPrincipalName",
    "preferred_language": "preferredLanguage",
    "proxy_addresses": "proxyAddresses",
    "surname": "surname",
    "user_principal_name": "userPrincipalName",
    "user_type": "userType",
}
_SELECTED = {
    "account_enabled": "accountEnabled",
    "age_group": "ageGroup",
    "city": "city",
    "company_name": "companyName",
    "consent_provided_for_minor": "consentProvidedForMinor",
    "country": "country",
    "department": "department",
    "employee_hire_date": "employeeHireDate",
    "employee_id": "employeeId",
    "employee_type": "employeeType",
    "fax_number": "faxNumber",
    "mail_nickname": "mailNickname",
    "onpremises_immutable_id": "onPremisesImmutableId",
    "other_mails": "otherMails",
    "postal_code": "postalCode",
    "state": "state",
    "street_address": "streetAddress",
    "usage_location": "usageLocation",
}
_SELECT = ",".join(sorted({*_SELECTED.values(), "employeeOrgData", "passwordPolicies"}))

_UNEXPIRING = "DisablePasswordExpiration"
_WEAK = "DisableStrongPassword"
_LONGEST_PASSWORD = 256


class User(Resource):
    """A cloud-only user."""

    name = "azuread_user"
    id_path = IdPath("/users/{userId}", title="User")
    schema = top_level(
        {
            "about_me": computed(),
            "account_enabled": optional(BOOL, default=True),
            "age_group": optional(check=one_of("Adult", "Minor", "NotAdult")),
            "business_phones": adopted(STRINGS),
            "city": optional(),
            "company_name": optional(),
            "consent_provided_for_minor": optional(check=one_of("Denied", "Granted", "NotRequired")),
            "cost_center": optional(),
            "country": optional(),
            "creation_type": computed(),
            "department": optional(),
            "disable_password_expiration": optional(BOOL, default=False),
            "disable_strong_password": optional(BOOL, default=False),
            "display_name": required(check=not_empty),
            "division": optional(),
            "employee_hire_date": optional(check=is_rfc3339),
            "employee_id": optional(check=length(0, 16)),
            "employee_type": optional(check=length(0, 64)),
            "external_user_state": computed(),
            "fax_number": optional(),
            "force_password_change": optional(BOOL, default=False),
            "given_name": optional(),
            "im_addresses": computed(STRINGS),
            "job_title": optional(),
            "mail": adopted(),
            "mail_nickname": adopted(),
            "manager_id": optional(),
            "mobile_phone": optional(),
            "object_id": computed(),
            "office_location": optional(),
            "onpremises_distinguished_name": computed(),
            "onpremises_domain_name": computed(),
            "onpremises_immutable_id": adopted(),
            "onpremises_sam_account_name": computed(),
            "onpremises_security_identifier": computed(),
            "onpremises_sync_enabled": computed(BOOL),
            "onpremises_user_principal_name": computed(),
            "other_mails": optional(STRING_SET),
            "password": adopted(sensitive=True, check=length(1, _LONGEST_PASSWORD)),
            "postal_code": optional(),
            "preferred_language": optional(),
            "proxy_addresses": computed(STRINGS),
            "show_in_address_list": optional(BOOL, default=True),
            "state": optional(),
            "street_address": optional(),
            "surname": optional(),
            "usage_location": optional(),
            "user_principal_name": required(check=is_email),
            "user_type": computed(),
        },
        timeouts=("create", "read", "update", "delete"),
    )

    def check_plan(self, session: Session, plan: Plan) -> None:  # noqa: ARG002  the plan alone decides
        """Refuse a consent that the age group does not call for."""
        consent = plan.value("consent_provided_for_minor")
        if plan.value("age_group") != "Minor" and consent not in ("", "NotRequired"):
            raise Diagnosis(
                '`consent_provided_for_minor` can only be set to "Granted" or "Denied" when `age_group` is "Adult" or '
                '"NotAdult"'
            )

    def create(self, session: Session, record: Record) -> None:
        """Create the user, show or hide it in the address list, set its manager, and wait until it can be read."""
        wanted = record.wanted
        if not wanted["password"]:
            raise Diagnosis("Could not create user", "`password` is required when creating a new user", path="password")
        with failing_as(f'Creating user "{wanted["user_principal_name"]}"'):
            made = session.graph.post(
                "/users",
                _creation(wanted),
                worth_retrying=when_refused_with("One or more property values specified are invalid"),
            )
        record.id = self.id_path.of(made["id"])
        with failing_as(f"Setting `showInAddressList` for {self.label(record)}"):
            session.graph.patch(
                f"/users/{made['id']}",
                {**_TYPE, "showInAddressList": wanted["show_in_address_list"]},
                version="beta",
                worth_retrying=when_missing,
            )
        if wanted["manager_id"]:
            self._assign_manager(session, record)
        with failing_as(f"Waiting for creation of {self.label(record)}"):
            session.graph.waited(lambda: session.graph.find(f"/users/{made['id']}") is not None)
        self.read(session, record)

    def update(self, session: Session, record: Record) -> None:
        """Send the whole user, as last refreshed where it is not configured, then what has an address of its own."""
        record.keeps_prior_on_failure = True
        user_id = self.object_id(record)
        with failing_as(f"Could not update {self.label(record)}"):
            session.graph.patch(f"/users/{user_id}", _change(record))
        record.keeps_prior_on_failure = False
        if record.changed("show_in_address_list"):
            with failing_as(f"Setting `showInAddressList` for {self.label(record)}"):
                shown = {**_TYPE, "showInAddressList": record.wanted["show_in_address_list"]}
                session.graph.patch(f"/users/{user_id}", shown, version="beta")
        if record.changed("manager_id"):
            if record.wanted["manager_id"]:
                self._assign_manager(session, record)
            else:
                with failing_as(f"Could not remove manager for {self.label(record)}", path="manager_id"):
                    session.graph.delete(f"/users/{user_id}/manager/$ref")
        self.read(session, record)

    def read(self, session: Session, record: Record) -> None:
        """Read the user in the four requests that its properties are spread over."""
        graph, user_id = session.graph, self.object_id(record)
        with failing_as(f"Retrieving {self.label(record)}"):
            user = graph.find(f"/users/{user_id}")
        if user is None:
            record.forget()
            return
        with failing_as(f"Retrieving additional fields for {self.label(record)}"):
            more = graph.get(f"/users/{user_id}", select=_SELECT)
            shown = graph.get(f"/users/{user_id}", version="beta", select="showInAddressList")
        with failing_as(f"Could not retrieve manager for {self.label(record)}"):
            manager = graph.find(f"/users/{user_id}/manager")
        record.store(**{name: user.get(source) for name, source in _PROJECTED.items()})
        record.store(**{name: more.get(source) for name, source in _SELECTED.items()})
        record.store(**_organisation(more), **_password_policies(more))
        record.store(
            external_user_state=None,  # the real provider does not ask for it here
            show_in_address_list=shown.get("showInAddressList"),
            manager_id=manager["id"] if manager else None,
        )

    def delete(self, session: Session, record: Record) -> None:
        """Delete the user and wait until it is gone."""
        user_id = self.object_id(record)
        with failing_as(f"Deleting {self.label(record)}", path="id"):
            session.graph.delete(f"/users/{user_id}")
        with failing_as(f"Waiting for deletion of {self.label(record)}"):
            session.graph.waited(lambda: session.graph.find(f"/users/{user_id}") is None)

    def _assign_manager(self, session: Session, record: Record) -> None:
        manager = {"@odata.id": session.graph.reference(record.wanted["manager_id"])}
        with failing_as(f"Could not assign manager for {self.label(record)}", path="manager_id"):
            session.graph.put(f"/users/{self.object_id(record)}/manager/$ref", manager)


def _common(wanted: dict[str, Any]) -> dict[str, Any]:
    policies = [
        name
        for name, on in ((_WEAK, "disable_strong_password"), (_UNEXPIRING, "disable_password_expiration"))
        if wanted[on]
    ]
    return {
        **_TYPE,
        **{source: wanted[name] or None for name, source in _TEXTS.items()},
        "accountEnabled": wanted["account_enabled"],
        "employeeOrgData": {"costCenter": wanted["cost_center"] or None, "division": wanted["division"] or None},
        "otherMails": wanted["other_mails"],
        "passwordPolicies": ", ".join(policies) or None,
    }


def _creation(wanted: dict[str, Any]) -> dict[str, Any]:
    body = {
        **_common(wanted),
        "mail": wanted["mail"] or None,
        "mailNickname": wanted["mail_nickname"] or wanted["user_principal_name"].split("@")[0],
        "passwordProfile": _password_profile(wanted),
    }
    if wanted["disable_strong_password"] and wanted["disable_password_expiration"]:
        body["passwordPolicies"] = f"{_UNEXPIRING}, {_WEAK}"
    if wanted["business_phones"]:
        body["businessPhones"] = _phones(wanted)
    if wanted["onpremises_immutable_id"]:
        body["onPremisesImmutableId"] = wanted["onpremises_immutable_id"]
    if wanted["employee_hire_date"]:
        body["employeeHireDate"] = wanted["employee_hire_date"]
    return body


def _change(record: Record) -> dict[str, Any]:
    wanted, body = record.wanted, _common(record.wanted)
    if record.changed("password") and wanted["password"]:
        body["passwordProfile"] = _password_profile(wanted)
    if record.changed("business_phones"):
        body["businessPhones"] = _phones(wanted)
    if record.changed("mail") and wanted["mail"]:
        body["mail"] = wanted["mail"]
    if record.changed("onpremises_immutable_id"):
        body["onPremisesImmutableId"] = wanted["onpremises_immutable_id"] or None
    if record.changed("show_in_address_list"):
        body["showInAddressList"] = wanted["show_in_address_list"] or None
    if record.changed("employee_hire_date"):
        body["employeeHireDate"] = wanted["employee_hire_date"] or None
    return body


def _phones(wanted: dict[str, Any]) -> list[str]:
    phones: list[str] = wanted["business_phones"]
    if "" in phones:
        # An empty text in this list ends the real provider's process, and this is what Terraform then says.
        raise Diagnosis("Request cancelled", "The plugin.(*GRPCProvider).ApplyResourceChange request was cancelled.")
    return phones


def _password_profile(wanted: dict[str, Any]) -> dict[str, Any]:
    return {"forceChangePasswordNextSignIn": wanted["force_password_change"], "password": wanted["password"]}


def _organisation(user: dict[str, Any]) -> dict[str, Any]:
    data = user.get("employeeOrgData")
    return {"cost_center": data.get("costCenter"), "division": data.get("division")} if data else {}


def _password_policies(user: dict[str, Any]) -> dict[str, bool]:
    held = {policy.strip().lower() for policy in (user.get("passwordPolicies") or "").split(",")}
    return {
        "disable_strong_password": _WEAK.lower() in held,
        "disable_password_expiration": _UNEXPIRING.lower() in held,
    }
