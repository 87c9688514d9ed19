"""The stamps by which our own identities are found again: tags of their application registrations.

A display name can be changed and used twice; the tags say which tenant file an application belongs to and which of its
identities it is. The audience and the scope names are those that Entra ID demands.
"""

# "Workload identity federation", learn.microsoft.com, read November 2026: the one audience that is recommended for all.
TOKEN_EXCHANGE = "api://AzureADTokenExchange"  # noqa: S105  # an audience, which everybody may know
SINGLE_TENANT = "AzureADMyOrg"
_STAMP = "cirasync-steward"


def file_tag(tenant_name: str) -> str:
    """Return the tag that all applications of one tenant file bear."""
    return f"{_STAMP}:{tenant_name}"


def identity_tag(tenant_name: str, identity: str) -> str:
    """Return the tag that only the application of one identity of one tenant file bears."""
    return f"{_STAMP}:{tenant_name}:{identity}"
