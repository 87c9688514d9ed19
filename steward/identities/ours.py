"""Which applications of the tenant are ours: those with the stamp of this tenant file that nobody else can sign in as.

Anybody may register an application and give it any tag, so that a stamp alone proves nothing: one that others could
sign in as is refused, unless the tenant file names it, which is reviewed.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from steward.config.model import Tenant
from steward.facts import Caller, Facts
from steward.identities.wanted import Wanted
from steward.lifecycle.actions import Action, Blocked
from steward.registrations import Registrations, RegistrationState
from steward.wellknown.registration import TOKEN_EXCHANGE, identity_tag

_NEVER = datetime.max.replace(tzinfo=UTC)


def find_stamped(identity: str, registrations: Registrations, tenant: Tenant) -> list[RegistrationState]:
    """Return every application with the stamp of the identity, the oldest first."""
    tag = identity_tag(tenant.name, identity)
    stamped = [entry for entry in registrations.entries if tag in entry.tags]
    return sorted(stamped, key=lambda entry: (entry.created or _NEVER, entry.object_id))


def find_kept(identity: str, registrations: Registrations, tenant: Tenant) -> RegistrationState | None:
    """Return the application that is taken for the identity: the one that the file names, else the oldest."""
    named = tenant.identities.client_ids.get(identity) if tenant.identities else None
    stamped = find_stamped(identity, registrations, tenant)
    return next((entry for entry in stamped if entry.client_id == named), stamped[0] if stamped else None)


def in_the_way(wanted: Wanted, registrations: Registrations, facts: Facts, tenant: Tenant) -> Iterator[Action]:
    """Yield why an identity is not touched: what bears its stamp, or what the tenant file names, may not be ours."""
    named = tenant.identities.client_ids.get(wanted.identity) if tenant.identities else None
    tag = identity_tag(tenant.name, wanted.identity)
    for entry in registrations.entries:
        if entry.client_id == named and tag not in entry.tags:
            yield Blocked(
                f"{wanted.identity}: application {entry.name} ({named})",
                f"the tenant file names it, and it does not bear the stamp {tag}",
                "take its client id out of the tenant file, so that one is made",
            )
        elif tag in entry.tags and entry.client_id != named:
            strangers = list(_strangers(wanted, entry, facts))
            if strangers:
                yield Blocked(
                    f"{wanted.identity}: application {entry.name} ({entry.client_id})",
                    f"it bears our stamp, and others can sign in as it: {'; '.join(strangers)}",
                    "delete it; or, if it is ours, write its client id into the tenant file under "
                    f"identities.client_ids.{wanted.identity.replace('-', '_')}",
                )
    kept = find_kept(wanted.identity, registrations, tenant)
    principal_id = kept.principal.object_id if kept and kept.principal else None
    if wanted.identity == "deploy" and tenant.deployer is not None and tenant.deployer.object_id != principal_id:
        yield Blocked(
            "deploy: deployer.object_id",
            f"the tenant file names {tenant.deployer.object_id}, which is not this identity, as the owner of the stack",
            "take the section deployer out of the tenant file; the next deploy then changes the owners",
        )


def _strangers(wanted: Wanted, entry: RegistrationState, facts: Facts) -> Iterator[str]:
    """Yield in words who could sign in as an application, or let himself, that is neither named nor ours for certain.

    An application of a run that was killed is owned by nobody or by whoever signed in, and has what is wanted at most.
    """
    own = facts.caller.object_id if isinstance(facts.caller, Caller) else ""
    yield from (f"owner {owner_id}" for _, owner_id in entry.owners_of_both if owner_id != own)
    yield from (f"client secret {secret.name or secret.key_id}" for _, secret in entry.secrets_of_both)
    kept = wanted.certificate.fingerprint if wanted.certificate else None
    certificates = (*entry.certificates, *(entry.principal.certificates if entry.principal else ()))
    yield from (f"certificate {each.key_id}" for each in certificates if each.fingerprint != kept)
    trusted = {(each.issuer, each.subject, (TOKEN_EXCHANGE,)) for each in wanted.trusts}
    for trust in entry.trusts:
        if (trust.issuer, trust.subject, trust.audiences) not in trusted:
            yield f"tokens of {trust.issuer} for {trust.subject}"
