"""What an identity should be in a tenant: a pure function of the tenant file and of the certificates at hand."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from steward.config.model import GithubTrust, Tenant
from steward.identities.roster import Identity, Place
from steward.lifecycle.needs import GOVERNING_PLANS
from steward.wellknown.registration import file_tag, identity_tag


@dataclass(frozen=True)
class Trust:
    """A federated credential as it should be; the audience is the same for all."""

    name: str
    issuer: str
    subject: str


@dataclass(frozen=True)
class Certificate:
    """The public part of a certificate whose key lies in a file of this machine; `der` is the base64 of it."""

    fingerprint: str
    der: str
    ends: datetime


@dataclass(frozen=True)
class Wanted:
    """An application with its service principal as they should be; no owner and no client secret in any case.

    `undecided` are the permissions that depend on licences which could not be read: neither granted nor revoked.
    """

    identity: str
    name: str
    tags: tuple[str, ...]
    permissions: frozenset[str]
    role_template_ids: frozenset[str] = frozenset()
    trusts: tuple[Trust, ...] = ()
    certificate: Certificate | None = None
    signs_in_by_certificate: bool = False
    undecided: frozenset[str] = frozenset()


def want(
    identity: Identity,
    tenant: Tenant,
    *,
    is_sealed: bool,
    service_plans: frozenset[str] | None = frozenset(),
    certificates: Mapping[str, Certificate] | None = None,
) -> Wanted:
    """Return what the identity should be, before the tenant is sealed or once it is.

    Without the tenant's service plans (None) it is what the identity needs in every case.
    """
    trust = tenant.identities.trust if tenant.identities else None
    is_github = isinstance(trust, GithubTrust)
    needs_of = identity.needs_once_sealed if is_sealed else identity.needs_before_sealing
    permissions = frozenset(need.permission for need in needs_of(tenant, service_plans or frozenset()))
    possible = frozenset(need.permission for need in needs_of(tenant, GOVERNING_PLANS))
    return Wanted(
        identity=identity.name,
        name=f"CiraSync {identity.name} ({tenant.name})",
        tags=(file_tag(tenant.name), identity_tag(tenant.name, identity.name)),
        permissions=permissions,
        role_template_ids=frozenset() if is_sealed else frozenset(role.template_ids[0] for role in identity.roles),
        trusts=tuple(_subjects(trust, identity)) if isinstance(trust, GithubTrust) else (),
        certificate=None if is_github else (certificates or {}).get(identity.name),
        signs_in_by_certificate=trust is not None and not is_github,
        undecided=possible - permissions if service_plans is None else frozenset(),
    )


def nothing_of(wanted: Wanted) -> Wanted:
    """Return the same identity without anything that it could sign in with or do."""
    return Wanted(identity=wanted.identity, name=wanted.name, tags=wanted.tags, permissions=frozenset())


# "OpenID Connect reference", docs.github.com, read November 2026: a job that names an environment has that in its
# subject, one of a pull request says only that, any other one names its ref.
def _subjects(trust: GithubTrust, identity: Identity) -> Iterator[Trust]:
    endings = {
        Place.PULL_REQUEST: ("github-pull-request", "pull_request"),
        Place.BRANCH: ("github-branch", f"ref:refs/heads/{trust.branch}"),
        Place.ENVIRONMENT: ("github-environment", f"environment:{trust.environment}"),
    }
    for place in identity.places:
        name, ending = endings[place]
        yield Trust(name, trust.issuer, f"repo:{trust.repository}:{ending}")
