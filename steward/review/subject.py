"""One plan under review with what is known about its tenant: what the rules and the descriptions ask, answered once.

Which object is the account, which group is break-glass, whether the role is held: each is answered from the plan
alone, and from the tenant file where there is one.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from steward.config.model import Tenant
from steward.review.plan import ConfigurationResource, Plan, ProviderConfiguration, ResourceChange
from steward.review.values import at, is_unknown, text_at, texts
from steward.wellknown.latch import LATCH
from steward.wellknown.roles import is_privileged_role
from steward.wellknown.stack import ACCOUNT
from steward.wellknown.stack import SERVICE_PRINCIPAL as OWN_PRINCIPAL

USER = "azuread_user"
POLICY = "azuread_conditional_access_policy"
APPLICATION = "azuread_application"
SERVICE_PRINCIPAL = "azuread_service_principal"
APP_ROLE_ASSIGNMENT = "azuread_app_role_assignment"
ROLE_ASSIGNMENT = "azuread_directory_role_assignment"
DELEGATED_GRANT = "azuread_service_principal_delegated_permission_grant"
LATCH_KIND = "terraform_data"
# Everything else with which the provider gives a directory role, or a way to one; ids of these are not template ids.
# https://registry.terraform.io/providers/hashicorp/azuread/3.7.0/docs, read November 2026
OTHER_ROLE_GRANTS = frozenset(
    {
        "azuread_administrative_unit_role_member",
        "azuread_directory_role_assignment_schedule_request",
        "azuread_directory_role_eligibility_schedule_request",
        "azuread_directory_role_member",
        "azuread_privileged_access_group_assignment_schedule",
        "azuread_privileged_access_group_eligibility_schedule",
    }
)
GONE = frozenset({"delete", "forget"})
_INDEX = re.compile(r"\[[^\[\]]*\]$")


def appears(change: ResourceChange) -> bool:
    """Return whether the plan creates the thing, anew or in place of another."""
    return "create" in change.change.actions


def disappears(change: ResourceChange) -> bool:
    """Return whether the thing is deleted or forgotten, and nothing takes its place."""
    return bool(set(change.change.actions) & GONE) and not appears(change)


def remains(change: ResourceChange) -> bool:
    """Return whether the thing exists once the plan is applied."""
    return not disappears(change)


def is_touched(change: ResourceChange) -> bool:
    """Return whether an apply does anything about the thing."""
    return change.change.actions not in {("no-op",), ("read",)}


@dataclass(frozen=True)
class Subject:
    """A plan, and its tenant file if one is known; `at_workstation` says that no pipeline made it."""

    plan: Plan
    tenant: Tenant | None = None
    at_workstation: bool = False

    def changes(self, kind: str | None = None) -> Iterator[ResourceChange]:
        """Yield the managed things of a kind, or of any, changed or not."""
        for change in self.plan.resource_changes:
            if change.mode == "managed" and kind in {None, change.type}:
                yield change

    def remaining(self, kind: str) -> Iterator[ResourceChange]:
        """Yield the things of a kind that exist once the plan is applied."""
        return (change for change in self.changes(kind) if remains(change) and change.deposed is None)

    def find(self, address: str) -> ResourceChange | None:
        """Return the thing at an address, None where the plan has none."""
        return next((change for change in self.changes() if change.address == address), None)

    @cached_property
    def account(self) -> ResourceChange | None:
        """Return the account as the plan has it."""
        return self.find(ACCOUNT)

    @cached_property
    def latch(self) -> ResourceChange | None:
        """Return the latch as the plan has it."""
        return self.find(LATCH)

    @property
    def account_stays(self) -> bool:
        """Return whether the account exists once the plan is applied."""
        return self.account is not None and remains(self.account)

    @cached_property
    def account_ids(self) -> frozenset[str]:
        """Return the object ids that the account has, or had before somebody deleted it."""
        found = [
            body
            for change in (*self.plan.resource_changes, *self.plan.resource_drift)
            if change.address == ACCOUNT
            for body in (change.change.before, change.change.after)
        ]
        return frozenset(str(each) for body in found if body and isinstance(each := body.get("object_id"), str))

    @cached_property
    def known_groups(self) -> frozenset[str]:
        """Return the object ids of the groups that the plan reads."""
        return frozenset(str(at(each, "object_id")) for each in self._groups())

    @cached_property
    def break_glass_ids(self) -> frozenset[str]:
        """Return the object ids of the break-glass group, by the tenant file or by the stack's name for it."""
        if self.tenant is None:
            named = [values for address, values in self._read.items() if address == "data.azuread_group.break_glass"]
            return frozenset(str(at(each, "object_id")) for each in named)
        group = self.tenant.break_glass
        if group.object_id:
            return frozenset({group.object_id})
        return frozenset(
            str(at(each, "object_id")) for each in self._groups() if at(each, "display_name") == group.name
        )

    @cached_property
    def declarations(self) -> Mapping[str, ConfigurationResource]:
        """Return what the configuration declares, by address."""
        return {each.address: each for each in self.plan.configuration.root_module.resources}

    def declaration_of(self, change: ResourceChange) -> ConfigurationResource | None:
        """Return what declares a thing, None where the configuration does not, or not in its root module."""
        return self.declarations.get(change.address) or self.declarations.get(_INDEX.sub("", change.address))

    def references(self, change: ResourceChange, attribute: str) -> frozenset[str]:
        """Return what an attribute is computed from, by address; several levels of blocks count as one."""
        declared = self.declaration_of(change)
        expression: Any = declared.expressions if declared else None
        for name in attribute.split("."):
            if isinstance(expression, list) and len(expression) == 1:
                expression = expression[0]
            expression = expression.get(name) if isinstance(expression, Mapping) else None
        return texts(expression.get("references")) if isinstance(expression, Mapping) else frozenset()

    def comes_from(self, change: ResourceChange, attribute: str, *addresses: str) -> bool:
        """Return whether an attribute is computed from the things at these addresses and from nothing else."""
        references = self.references(change, attribute)
        return bool(references) and all(
            any(each == address or each.startswith(f"{address}.") for address in addresses) for each in references
        )

    def is_account(self, change: ResourceChange, attribute: str) -> bool:
        """Return whether an attribute holds the account's object id, now or once it is known."""
        if at(change.change.after, attribute) is not None:
            return text_at(change.change.after, attribute) in self.account_ids
        return is_unknown(change.change, attribute) and self.comes_from(change, attribute, ACCOUNT)

    def is_of_own_principal(self, change: ResourceChange) -> bool:
        """Return whether an app role assignment is about the stack's own service principal."""
        return self.comes_from(change, "resource_object_id", OWN_PRINCIPAL)

    def privileged_grants(self) -> Iterator[ResourceChange]:
        """Yield everything in the plan that is a privileged directory role of somebody, changed or not."""
        for change in self.changes():
            if change.type in OTHER_ROLE_GRANTS:
                yield change
            elif change.type == ROLE_ASSIGNMENT:
                bodies = [body for body in (change.change.before, change.change.after) if body]
                # A role whose id is not known yet may be any.
                if any(is_privileged_role(str(body.get("role_id"))) for body in bodies):
                    yield change

    @property
    def provider(self) -> ProviderConfiguration | None:
        """Return the azuread provider as the configuration asks for it."""
        return self.plan.configuration.provider_config.get("azuread")

    @property
    def tenant_id(self) -> str | None:
        """Return the tenant that the provider is configured for, None unless it is written as a literal."""
        value = self.provider.constant("tenant_id") if self.provider else None
        return value.lower() if isinstance(value, str) else None

    @cached_property
    def _read(self) -> Mapping[str, Mapping[str, Any]]:
        """Return what data sources read, by address; those read while applying are not there."""
        state = self.plan.prior_state
        resources = state.values.root_module.everything() if state else iter(())
        return {each.address: each.values for each in resources if each.mode == "data"}

    def _groups(self) -> Iterator[Mapping[str, Any]]:
        for address, values in self._read.items():
            if address.startswith("data.azuread_group.") and isinstance(at(values, "object_id"), str):
                yield values
