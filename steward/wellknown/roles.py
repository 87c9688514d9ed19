"""Directory roles by template id, the id that a built-in role has in every tenant.

What counts as privileged is the union of two judgements, Microsoft's own label and CISA's list of highly privileged
roles, because an account that is to be a plain mailbox user must hold a role of neither.
"""

from functools import cache
from types import MappingProxyType
from typing import NamedTuple

from steward.wellknown.tables import read_table

GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
USER_ADMINISTRATOR = "fe930be7-5e62-47db-91af-98c3a49a38b1"
PRIVILEGED_AUTHENTICATION_ADMINISTRATOR = "7be44c8a-adaf-4e2a-84d6-ab2649e08a13"
CONDITIONAL_ACCESS_ADMINISTRATOR = "b1be1c3e-b65d-4f19-8427-f6fa0d97feb9"
SECURITY_ADMINISTRATOR = "194ae4cb-b126-40b2-bd5b-6091b380977d"
PRIVILEGED_ROLE_ADMINISTRATOR = "e8611ab8-c189-46e8-94e1-60213ab1f814"
APPLICATION_ADMINISTRATOR = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"
CLOUD_APPLICATION_ADMINISTRATOR = "158c047a-c907-4556-b7ef-446551a6b5f7"


class DirectoryRole(NamedTuple):
    """A built-in role; `is_privileged` by Microsoft's label or CISA's list."""

    name: str
    template_id: str
    is_privileged: bool


@cache
def directory_roles() -> MappingProxyType[str, DirectoryRole]:
    """Return every built-in role by its template id."""
    roles = (
        DirectoryRole(row["role"], row["template_id"], "yes" in (row["privileged"], row["highly_privileged"]))
        for row in read_table("directory-roles")
    )
    return MappingProxyType({role.template_id: role for role in roles})


@cache
def privileged_role_template_ids() -> frozenset[str]:
    """Return the template ids of the roles that the account must not hold once it is sealed."""
    return frozenset(role.template_id for role in directory_roles().values() if role.is_privileged)


def find_directory_role(template_id: str) -> DirectoryRole | None:
    """Return the built-in role with this template id, None for a custom role or one younger than the table."""
    return directory_roles().get(template_id.lower())


def is_privileged_role(template_id: str) -> bool:
    """Return whether a role counts as privileged; one that is not built in may do anything, and therefore does."""
    role = find_directory_role(template_id)
    return role is None or role.is_privileged
