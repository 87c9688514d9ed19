"""A directory of applications as values: what each act makes of it, with the owner that Graph adds by itself."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from steward import acts
from steward.config.model import GithubTrust, Identities, Tenant
from steward.facts import Absent, Caller, Facts, Organization, RoleHoldings, Sku
from steward.identities.steps import WRITING
from steward.registrations import (
    CertificateState,
    GrantedPermission,
    HeldRole,
    PrincipalState,
    Registrations,
    RegistrationState,
    TrustState,
)
from steward.wellknown.clients import GRAPH_COMMAND_LINE
from steward.wellknown.registration import SINGLE_TENANT
from steward.wellknown.roles import GLOBAL_ADMINISTRATOR
from tests.lifecycle.situation import TENANT as DEPLOYED_TENANT

GRAPH_ID = "11111111-1111-4111-8111-111111111111"
ADMINISTRATOR_ID = "22222222-2222-4222-8222-222222222222"
STRANGER_ID = "33333333-3333-4333-8333-333333333333"
BEGINNING = datetime(2026, 11, 1, tzinfo=UTC)

GITHUB = GithubTrust(
    repository="contoso/steward",
    environment="production",
    branch="main",
    issuer="https://token.actions.githubusercontent.com",
)
TENANT: Tenant = DEPLOYED_TENANT.model_copy(update={"deployer": None, "identities": Identities(trust=GITHUB)})
CALLER = Caller(
    object_id=ADMINISTRATOR_ID,
    app_id=GRAPH_COMMAND_LINE,
    tenant_id=TENANT.tenant.id,
    permissions=frozenset(WRITING),
    role_template_ids=frozenset({GLOBAL_ADMINISTRATOR}),
    is_app=False,
)
ORGANIZATION = Organization(domains=(), skus=(Sku("sku", "AAD_PREMIUM", frozenset({"AAD_PREMIUM"}), 1, 0),))


def facts(registrations: Registrations, caller: Caller = CALLER, **others: Any) -> Facts:
    """Return what a step is shown; there is no account unless `others` say so."""
    nobody: dict[str, Any] = {"account": Absent("account"), "roles": Absent("roles"), "twins": RoleHoldings()}
    shown: dict[str, Any] = {"caller": caller, "organization": ORGANIZATION, "registrations": registrations}
    return Facts(**(nobody | shown | others))


class Directory:
    """Applications that acts change one after the other."""

    def __init__(self) -> None:
        self.shown = Registrations((), GRAPH_ID)
        self._made = 0

    def new_id(self) -> str:
        self._made += 1
        return f"00000000-0000-4000-8000-{self._made:012d}"

    def add(self, entry: RegistrationState) -> None:
        """Put an application in, as somebody else may."""
        self.shown = replace(self.shown, entries=(*self.shown.entries, entry))

    def perform(self, act: Any) -> None:
        """Do what an act says; an id that is not there is a mistake of the act."""
        _PERFORM[type(act)](self, act)

    def change(self, object_id: str, **changes: Any) -> None:
        """Change an application, found by its id."""
        assert object_id in {entry.object_id for entry in self.shown.entries}
        changed = (replace(entry, **changes) if entry.object_id == object_id else entry for entry in self.shown.entries)
        self.shown = replace(self.shown, entries=tuple(changed))

    def entry(self, object_id: str) -> RegistrationState:
        return next(entry for entry in self.shown.entries if entry.object_id == object_id)

    def change_principal(self, object_id: str, **changes: Any) -> None:
        """Change a service principal, found by its own id."""
        owner = self.of_principal(object_id)
        assert owner.principal is not None
        self.change(owner.object_id, principal=replace(owner.principal, **changes))

    def of_principal(self, object_id: str) -> RegistrationState:
        return next(each for each in self.shown.entries if each.principal and each.principal.object_id == object_id)

    def principal(self, object_id: str) -> PrincipalState:
        principal = self.of_principal(object_id).principal
        assert principal is not None
        return principal


def _register(directory: Directory, act: acts.RegisterApplication) -> None:
    object_id = directory.new_id()
    directory.add(
        RegistrationState(
            object_id=object_id,
            client_id=directory.new_id(),
            name=act.name,
            tags=frozenset(act.tags),
            audience=SINGLE_TENANT,
            created=BEGINNING + timedelta(seconds=len(directory.shown.entries)),
            owners=(ADMINISTRATOR_ID,),
        )
    )


def _create_principal(directory: Directory, act: acts.CreatePrincipal) -> None:
    (entry,) = (entry for entry in directory.shown.entries if entry.client_id == act.client_id)
    assert entry.principal is None
    principal = PrincipalState(directory.new_id(), is_enabled=True, owners=(ADMINISTRATOR_ID,))
    directory.change(entry.object_id, principal=principal)


def _disown(directory: Directory, act: acts.DisownApplication) -> None:
    if act.is_principal:
        owners = directory.principal(act.object_id).owners
        directory.change_principal(act.object_id, owners=tuple(each for each in owners if each != act.owner_id))
        return
    owners = directory.entry(act.object_id).owners
    directory.change(act.object_id, owners=tuple(each for each in owners if each != act.owner_id))


def _remove_secret(directory: Directory, act: acts.RemoveSecret) -> None:
    if act.is_principal:
        kept = tuple(each for each in directory.principal(act.object_id).secrets if each.key_id != act.key_id)
        directory.change_principal(act.object_id, secrets=kept)
        return
    kept = tuple(each for each in directory.entry(act.object_id).secrets if each.key_id != act.key_id)
    directory.change(act.object_id, secrets=kept)


def _set_certificate(directory: Directory, act: acts.SetCertificate) -> None:
    if act.is_principal:
        assert act.key_id is None
        directory.change_principal(act.object_id, certificates=())
        return
    held = directory.entry(act.object_id).certificates
    kept = tuple(each for each in held if each.key_id == act.key_id)
    if act.certificate is not None:
        kept = (CertificateState(directory.new_id(), act.certificate, None),)
    directory.change(act.object_id, certificates=kept)


def _add_trust(directory: Directory, act: acts.AddTrust) -> None:
    held = directory.entry(act.object_id).trusts
    assert act.name not in {each.name for each in held}
    trust = TrustState(directory.new_id(), act.name, act.issuer, act.subject, (act.audience,))
    directory.change(act.object_id, trusts=(*held, trust))


def _remove_trust(directory: Directory, act: acts.RemoveTrust) -> None:
    held = directory.entry(act.object_id).trusts
    directory.change(act.object_id, trusts=tuple(each for each in held if each.credential_id != act.credential_id))


def _grant(directory: Directory, act: acts.GrantAppRole) -> None:
    held = directory.principal(act.client_id).permissions
    assert act.role_id not in {each.role_id for each in held if each.api_id == act.resource_id}
    granted = GrantedPermission(directory.new_id(), act.resource_id, act.role_id)
    directory.change_principal(act.client_id, permissions=(*held, granted))


def _revoke(directory: Directory, act: acts.RevokeAppRole) -> None:
    held = directory.principal(act.client_id).permissions
    kept = tuple(each for each in held if each.assignment_id != act.assignment_id)
    directory.change_principal(act.client_id, permissions=kept)


def _give_role(directory: Directory, act: acts.GiveApplicationRole) -> None:
    held = directory.principal(act.principal_id).roles or ()
    role = HeldRole(directory.new_id(), act.role_template_id, "/")
    directory.change_principal(act.principal_id, roles=(*held, role))


def _take_role(directory: Directory, act: acts.RemoveRoleAssignment) -> None:
    for entry in directory.shown.entries:
        if entry.principal is not None and entry.principal.roles is not None:
            kept = tuple(each for each in entry.principal.roles if each.assignment_id != act.assignment_id)
            directory.change_principal(entry.principal.object_id, roles=kept)


def _delete(directory: Directory, act: acts.DeleteApplication) -> None:
    kept = tuple(entry for entry in directory.shown.entries if entry.object_id != act.object_id)
    directory.shown = replace(directory.shown, entries=kept)


_PERFORM: dict[type[Any], Callable[[Directory, Any], None]] = {
    acts.RegisterApplication: _register,
    acts.CreatePrincipal: _create_principal,
    acts.DisownApplication: _disown,
    acts.RemoveSecret: _remove_secret,
    acts.SetCertificate: _set_certificate,
    acts.AddTrust: _add_trust,
    acts.RemoveTrust: _remove_trust,
    acts.GrantAppRole: _grant,
    acts.RevokeAppRole: _revoke,
    acts.GiveApplicationRole: _give_role,
    acts.RemoveRoleAssignment: _take_role,
    acts.DeleteApplication: _delete,
}
