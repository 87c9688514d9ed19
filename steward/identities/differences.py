"""What differs between an identity as it should be and as the tenant shows it, each with the act that mends it.

The acts have an order, because an application is given permissions only once nobody but us can sign in as it: it is
registered, what does not belong is taken away, what it signs in with is added, and then it is granted what it needs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from steward import acts
from steward.identities.wanted import Wanted
from steward.lifecycle.actions import GraphCall
from steward.registrations import PrincipalState, RegistrationState
from steward.wellknown.permissions import MICROSOFT_GRAPH, PermissionKind, find_permission, known_permissions
from steward.wellknown.registration import SINGLE_TENANT, TOKEN_EXCHANGE
from steward.wellknown.roles import find_directory_role


class Stage(IntEnum):
    """What has to be done before the next: acts of a later stage wait until none of an earlier one is left."""

    REGISTERED = 1
    REPRESENTED = 2
    UNTANGLED = 3
    TRUSTED = 4
    GRANTED = 5


@dataclass(frozen=True)
class Difference:
    """Something that the identity lacks or has too much; `call` mends it, None where somebody has to.

    Where the application or its service principal does not exist yet, ids in the call are empty: it shows what will be
    done, and its stage keeps it from being performed.
    """

    stage: Stage
    subject: str
    why: str
    call: GraphCall | None = None
    next_move: str = ""


def compare(wanted: Wanted, found: RegistrationState | None, graph_id: str) -> Iterator[Difference]:
    """Yield every difference; `graph_id` is the object id of Microsoft Graph's service principal in the tenant."""
    subject = f"{wanted.identity}:"
    if found is None:
        register = acts.RegisterApplication(wanted.name, frozenset(wanted.tags))
        call = GraphCall("registered", f"{subject} application {wanted.name}", register)
        yield Difference(Stage.REGISTERED, call.subject, "there is no such application", call)
    principal = found.principal if found else None
    if principal is None:
        create = acts.CreatePrincipal(found.client_id if found else "")
        call = GraphCall("created", f"{subject} service principal", create)
        yield Difference(Stage.REPRESENTED, call.subject, "the application has no service principal", call)
    yield from _untangle(wanted, found, graph_id)
    yield from _trust(wanted, found)
    yield from _grant(wanted, principal, graph_id)


def _untangle(wanted: Wanted, found: RegistrationState | None, graph_id: str) -> Iterator[Difference]:
    """Yield what does not belong, permissions before all: they are what the rest would be misused for."""
    if found is None:
        return
    if found.principal is not None:
        yield from _excess(wanted, found.principal, graph_id)
    yield from _owners_and_secrets(wanted, found)
    yield from _strange_certificates(wanted, found)
    wanted_trusts = {(each.name, each.issuer, each.subject, (TOKEN_EXCHANGE,)) for each in wanted.trusts}
    for trust in found.trusts:
        if (trust.name, trust.issuer, trust.subject, trust.audiences) not in wanted_trusts:
            remove = acts.RemoveTrust(found.object_id, trust.credential_id)
            call = GraphCall("removed", f"{wanted.identity}: trust in {trust.subject} of {trust.issuer}", remove)
            yield Difference(Stage.UNTANGLED, call.subject, "whoever gets such a token signs in as the identity", call)
    yield from _settings(wanted, found)


def _owners_and_secrets(wanted: Wanted, found: RegistrationState) -> Iterator[Difference]:
    subject = f"{wanted.identity}:"
    ids = {False: found.object_id, True: found.principal.object_id if found.principal else ""}
    for is_principal, owner_id in found.owners_of_both:
        disown = acts.DisownApplication(ids[is_principal], owner_id, is_principal)
        of = "service principal" if is_principal else "application"
        call = GraphCall("removed", f"{subject} owner {owner_id} of the {of}", disown)
        yield Difference(Stage.UNTANGLED, call.subject, "whoever owns it can let himself sign in as it", call)
    for is_principal, secret in found.secrets_of_both:
        remove = acts.RemoveSecret(ids[is_principal], secret.key_id, is_principal)
        until = f" (until {secret.ends:%Y-%m-%d})" if secret.ends else ""
        call = GraphCall("removed", f"{subject} client secret {secret.name or secret.key_id}{until}", remove)
        yield Difference(Stage.UNTANGLED, call.subject, "whoever knows it signs in as the identity", call)


def _strange_certificates(wanted: Wanted, found: RegistrationState) -> Iterator[Difference]:
    subject = f"{wanted.identity}:"
    kept = wanted.certificate.fingerprint if wanted.certificate else None
    # Without the file that the certificate was made in nobody can tell which one it is.
    is_known = kept is not None or not wanted.signs_in_by_certificate
    strange = [each for each in found.certificates if is_known and each.fingerprint != kept]
    if strange:
        own = next((each.key_id for each in found.certificates if each.fingerprint == kept), None)
        others = f"{len(strange)} other certificate{'' if len(strange) == 1 else 's'}"
        call = GraphCall("removed", f"{subject} {others}", acts.SetCertificate(found.object_id, own))
        yield Difference(Stage.UNTANGLED, call.subject, "whoever has its key signs in as the identity", call)
    if found.principal is not None and found.principal.certificates:
        clear = acts.SetCertificate(found.principal.object_id, is_principal=True)
        call = GraphCall("removed", f"{subject} certificates of the service principal", clear)
        yield Difference(Stage.UNTANGLED, call.subject, "whoever has their keys signs in as the identity", call)


def _settings(wanted: Wanted, found: RegistrationState) -> Iterator[Difference]:
    subject = f"{wanted.identity}:"
    if found.audience != SINGLE_TENANT:
        yield Difference(
            Stage.UNTANGLED,
            f"{subject} audience {found.audience}",
            "other tenants can use the application as well",
            next_move=f"set its supported account types to this tenant only, in the registration {found.client_id}",
        )
    for opening in found.openings:
        yield Difference(
            Stage.UNTANGLED,
            f"{subject} {opening}",
            "people could sign in through it, with whatever delegated permissions it was granted",
            next_move=f"take it away under Authentication, or Expose an API, in the registration {found.client_id}",
        )
    if found.principal is not None and not found.principal.is_enabled:
        yield Difference(
            Stage.UNTANGLED,
            f"{subject} service principal",
            "it is disabled, so that nobody can sign in as it",
            next_move=f"enable it under enterprise applications ({found.client_id}), if that was not on purpose",
        )


def _excess(wanted: Wanted, principal: PrincipalState, graph_id: str) -> Iterator[Difference]:
    subject = f"{wanted.identity}:"
    kept_ids = _ids_of(wanted.permissions | wanted.undecided)
    for granted in principal.permissions:
        if granted.api_id != graph_id or granted.role_id not in kept_ids:
            revoke = acts.RevokeAppRole(principal.object_id, granted.assignment_id)
            call = GraphCall("revoked", f"{subject} permission {name_permission(granted.role_id)}", revoke)
            yield Difference(Stage.UNTANGLED, call.subject, "it is more than the identity needs", call)
    for held in principal.roles or ():
        if held.role_template_id not in wanted.role_template_ids or held.scope != "/":
            take = acts.RemoveRoleAssignment(held.assignment_id)
            call = GraphCall("removed", f"{subject} directory role {name_role(held.role_template_id)}", take)
            yield Difference(Stage.UNTANGLED, call.subject, "it is more than the identity needs", call)
    for name in principal.memberships:
        yield Difference(
            Stage.UNTANGLED,
            f"{subject} member of {name}",
            "what the group may do, the identity may do as well",
            next_move=f"take the service principal {principal.object_id} out of it",
        )


def _trust(wanted: Wanted, found: RegistrationState | None) -> Iterator[Difference]:
    subject = f"{wanted.identity}:"
    object_id = found.object_id if found else ""
    there = {(each.name, each.issuer, each.subject, each.audiences) for each in (found.trusts if found else ())}
    for trust in wanted.trusts:
        if (trust.name, trust.issuer, trust.subject, (TOKEN_EXCHANGE,)) not in there:
            add = acts.AddTrust(object_id, trust.name, trust.issuer, trust.subject, TOKEN_EXCHANGE)
            call = GraphCall("added", f"{subject} trust in {trust.subject} of {trust.issuer}", add)
            yield Difference(Stage.TRUSTED, call.subject, "the pipeline cannot sign in as the identity there", call)
    if not wanted.signs_in_by_certificate:
        return
    if wanted.certificate is None and found is not None and found.certificates:
        yield Difference(
            Stage.TRUSTED,
            f"{subject} certificate",
            "the file with its key is not in the tenant file's folder",
            next_move="copy the file from where it was made, or run make --renew, which replaces the certificate",
        )
    elif wanted.certificate is None:
        yield Difference(
            Stage.TRUSTED, f"{subject} certificate", "nobody can sign in as the identity", next_move="run make"
        )
    elif wanted.certificate.fingerprint not in {each.fingerprint for each in (found.certificates if found else ())}:
        upload = acts.SetCertificate(object_id, certificate=wanted.certificate.der)
        call = GraphCall("added", f"{subject} certificate until {wanted.certificate.ends:%Y-%m-%d}", upload)
        yield Difference(Stage.TRUSTED, call.subject, "nobody can sign in as the identity with it", call)


def _grant(wanted: Wanted, principal: PrincipalState | None, graph_id: str) -> Iterator[Difference]:
    subject = f"{wanted.identity}:"
    object_id = principal.object_id if principal else ""
    held = {each.role_id for each in (principal.permissions if principal else ()) if each.api_id == graph_id}
    for role_id, permission in sorted(_ids_of(wanted.permissions).items(), key=lambda each: each[1]):
        if role_id not in held:
            call = GraphCall(
                "granted", f"{subject} permission {permission}", acts.GrantAppRole(object_id, graph_id, role_id)
            )
            yield Difference(Stage.GRANTED, call.subject, "the identity needs it", call)
    roles = principal.roles if principal else ()
    if roles is None:
        return
    given = {each.role_template_id for each in roles if each.scope == "/"}
    for template_id in sorted(wanted.role_template_ids - given):
        give = acts.GiveApplicationRole(object_id, template_id)
        call = GraphCall("granted", f"{subject} directory role {name_role(template_id)}", give)
        yield Difference(Stage.GRANTED, call.subject, "the identity needs it besides its permissions", call)


def _ids_of(permissions: frozenset[str]) -> dict[str, str]:
    ids: dict[str, str] = {}
    for value in permissions:
        known = find_permission(MICROSOFT_GRAPH, value, PermissionKind.APPLICATION)
        if known is None or known.application_id is None:
            raise AssertionError(f"{value} is needed and is no application permission of Microsoft Graph")
        ids[known.application_id] = value
    return ids


def name_permission(role_id: str) -> str:
    """Return the name of an app role that is known, else its id."""
    return next((each.label for each in known_permissions().values() if each.application_id == role_id), role_id)


def name_role(template_id: str) -> str:
    """Return the name of a built-in role, else its id."""
    role = find_directory_role(template_id)
    return role.name if role else template_id
