"""Whose sign-in a token is, as far as the tenant file names our identities, so that a mixed-up one is told as such."""

from collections.abc import Iterator, Sequence

from steward.config.model import Tenant
from steward.facts import Caller
from steward.lifecycle.needs import Need

# So many missing permissions are told one by one.
EACH_BY_ITSELF = 3
_DEPLOY, _POST_APPLY = "deploy", "post-apply"
# As they are spoken of; each stands in the tenant file by the name on the left, where it was made.
_SPOKEN = {
    "plan": "planning",
    _DEPLOY: "deploying",
    _POST_APPLY: "post-apply",
    "close": "closing",
    "guard": "guarding",
    "reopen": "reopening",
    "retire": "retiring",
}


def find_identities(caller: Caller, tenant: Tenant) -> tuple[str, ...]:
    """Return which of our identities the caller is by the tenant file; none where it names no such one."""
    made = tenant.identities.client_ids if tenant.identities else {}
    named = [name for name, client_id in made.items() if caller.app_id and client_id == caller.app_id]
    if tenant.deployer is not None and caller.object_id == tenant.deployer.object_id and _DEPLOY not in named:
        named.append(_DEPLOY)
    return tuple(named)


def describe_mix_up(caller: Caller, tenant: Tenant, wanted: str) -> str | None:
    """Return what is said of a caller that the tenant file names as another identity of ours than the wanted one."""
    named = find_identities(caller, tenant) if caller.is_app else ()
    if not named or wanted in named:
        return None
    return f"this is the {_SPOKEN[named[0]]} identity that the tenant file names ({caller.app_id})"


def way_to_sign_in(tenant: Tenant, wanted: str) -> str:
    """Return the move that ends a mix-up: to sign in as the wanted identity, by its client id where one was made."""
    client_id = tenant.identities.client_ids.get(wanted) if tenant.identities else None
    return f"sign in as the {_SPOKEN[wanted]} identity" + (f" ({client_id})" if client_id else "") + ", then run again"


def list_needs(needs: Sequence[Need]) -> str:
    """Return the permissions with what each is for."""
    return "; ".join(f"{need.permission}, to {need.purpose}" for need in needs)


def lacking(caller: Caller, needs: Sequence[Need]) -> Iterator[Need]:
    """Yield the needs that the caller's token does not meet."""
    return (need for need in needs if not need.is_met_by(caller.permissions))
