"""What a tenant's stack calls the things it declares: their addresses in Terraform's plan and state.

The stacks declare by them, and the lifecycle names what the state lacks by them.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping

ACCOUNT = "azuread_user.service_account"
MFA_POLICY = "azuread_conditional_access_policy.mfa_for_service_account"
APPLICATION = "azuread_application.cirasync"
# With the slash, without which the provider takes no redirect URI; Entra ID leaves the port of localhost open
# ("Redirect URI best practices and limitations", learn.microsoft.com, read November 2026).
LOOPBACK_REDIRECT = "http://localhost/"
SERVICE_PRINCIPAL = "azuread_service_principal.cirasync"
DASHBOARD_ROLE = "azuread_app_role_assignment"
# What each output of a stack is computed from; one that is left out is written as it stands.
OUTPUTS: Mapping[str, str] = {
    "account_object_id": f"{ACCOUNT}.object_id",
    "application_client_id": f"{APPLICATION}.client_id",
    "mfa_policy_id": f"{MFA_POLICY}.object_id",
    "next_command": "",
}


def mfa_policy_name(login: str) -> str:
    """Return the display name of the policy that demands the second factor of an account."""
    return f"Require MFA for {login}"


def dashboard_names(pairs: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], str]:
    """Return the name of each assignment of a dashboard's role to a group; pairs are role and the group's label."""
    wanted = list(pairs)
    roles = distinct_slugs(role for role, _ in wanted)
    groups = distinct_slugs(group for _, group in wanted)
    return {(role, group): f"{roles[role]}_to_{groups[group]}" for role, group in wanted}


def slug(text: str) -> str:
    """Return `text` as a Terraform name: lower case, words joined by underscores."""
    name = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    return name if name[:1].isalpha() else f"n_{name}"


def distinct_slugs(texts: Iterable[str]) -> dict[str, str]:
    """Return a slug for each text; texts that would share one get a few digits of their hash as well."""
    labels = sorted(set(texts))
    times = Counter(slug(label) for label in labels)
    return {
        label: slug(label)
        if times[slug(label)] == 1
        else f"{slug(label)}_{hashlib.sha256(label.encode()).hexdigest()[:6]}"
        for label in labels
    }
