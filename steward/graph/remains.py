"""What lies in the tenant's recycle bin of what a tenant file once made: its account, and its own application."""

from typing import Any

from msgraph.generated.directory.deleted_items.graph_application.graph_application_request_builder import (
    GraphApplicationRequestBuilder as DeletedApplicationsRequestBuilder,
)
from msgraph.generated.directory.deleted_items.graph_user.graph_user_request_builder import (
    GraphUserRequestBuilder as DeletedUsersRequestBuilder,
)

from steward.config.model import Tenant
from steward.facts import Reading, Remain
from steward.graph.failures import reading
from steward.graph.paging import read_all
from steward.graph.session import GraphSession
from steward.wellknown.account import STAMP


async def read_remains(session: GraphSession, tenant: Tenant) -> Reading[tuple[Remain, ...]]:
    """Read the deleted accounts with our stamp or the file's login, and deleted applications of the file's name."""

    async def read() -> Reading[tuple[Remain, ...]]:
        items = session.client.directory.deleted_items
        users = await read_all(
            items.graph_user,
            DeletedUsersRequestBuilder.GraphUserRequestBuilderGetQueryParameters(
                select=["id", "userPrincipalName", "employeeType", "deletedDateTime"]
            ),
        )
        found = [_remain("account", _former_login(user), user) for user in users if _is_ours(user, tenant)]
        if tenant.application.is_own:
            applications = await read_all(
                items.graph_application,
                DeletedApplicationsRequestBuilder.GraphApplicationRequestBuilderGetQueryParameters(
                    select=["id", "displayName", "deletedDateTime"]
                ),
            )
            wanted = tenant.application.display_name
            found += [
                _remain("application", entry.display_name, entry)
                for entry in applications
                if entry.display_name == wanted
            ]
        return tuple(found)

    return await reading("the recycle bin", read)


def _is_ours(user: Any, tenant: Tenant) -> bool:
    # A deleted user's login is prefixed with its object id, so the local part is looked for at its end.
    local = tenant.account.login.partition("@")[0].lower()
    login = (user.user_principal_name or "").lower().partition("@")[0]
    return bool(user.employee_type == STAMP or login.endswith(local))


def _former_login(user: Any) -> str | None:
    login: str | None = user.user_principal_name
    return login.removeprefix(user.id.replace("-", "")) if login else None


def _remain(kind: str, name: str | None, entry: Any) -> Remain:
    return Remain(kind, name or entry.id, entry.id, entry.deleted_date_time)
