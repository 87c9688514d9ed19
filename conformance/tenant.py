"""The tenant that every recorded case starts with, as a sandbox.

``recorded_seed`` turns the recorded directory into a seed; ``RecordedTenant`` is the running sandbox, with the symbols
of what is in it, for the player.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sandbox.behaviour import Behaviour
from sandbox.control import Control
from sandbox.environment import render
from sandbox.identifiers import new_id, seeded_id
from sandbox.seed import Seed, SeedApplication, SeedDomain, SeedGroup, SeedIdentity, SeedLicence, SeedUser
from sandbox.server import RunningSandbox, start

CALLER = "terraform"
_IPV4_RANGE = "#microsoft.graph.iPv4CidrRange"
_MICROSOFT_GRAPH = "00000003-0000-0000-c000-000000000000"
_PERMISSIONS = (
    "AdministrativeUnit.ReadWrite.All",
    "AppRoleAssignment.ReadWrite.All",
    "Application.ReadWrite.All",
    "DelegatedPermissionGrant.ReadWrite.All",
    "Directory.Read.All",
    "Domain.Read.All",
    "Group.ReadWrite.All",
    "GroupMember.ReadWrite.All",
    "Policy.Read.All",
    "Policy.ReadWrite.AuthenticationMethod",
    "Policy.ReadWrite.ConditionalAccess",
    "RoleManagement.ReadWrite.Directory",
    "User-PasswordProfile.ReadWrite.All",
    "User.ReadWrite.All",
)
# An app-only caller writes passwords and disables administrators only with these.
_ROLES = ("User Administrator", "Privileged Authentication Administrator")

# The recorded directory has no administrator, and a tenant's last one cannot lose the role.
_ADMINISTRATORS = (
    SeedUser("administrator1@contoso.onmicrosoft.com", "Administrator 1", directory_roles=("Global Administrator",)),
    SeedUser("administrator2@contoso.onmicrosoft.com", "Administrator 2", directory_roles=("Global Administrator",)),
)

# What the seed says in fields of its own, or what the sandbox decides.
_OWN_USER_FIELDS = frozenset({"id", "userPrincipalName", "displayName", "accountEnabled"})
_OWN_GROUP_FIELDS = frozenset({"id", "displayName", "isAssignableToRole"})
# What the recorded applications have that others do not.
_APPLICATION_FIELDS = ("api", "appRoles", "web")


def recorded_seed(file: Path) -> Seed:
    """Return the recorded directory as a seed."""
    recorded = json.loads(file.read_text(encoding="utf-8"))
    names = {recorded["caller"]["object_id"]: CALLER}
    names |= {user["id"]: user["userPrincipalName"] for user in recorded["users"]}
    names |= {group["id"]: group["mailNickname"] for group in recorded["groups"]}
    tenant_id = new_id()
    return Seed(
        tenant_name="Contoso",
        tenant_id=tenant_id,
        # The recorded server asked for no licence; this one covers the conditions that look at risks.
        licences=(SeedLicence("AAD_PREMIUM"), SeedLicence("AAD_PREMIUM_P2")),
        domains=tuple(_domain(item) for item in recorded["domains"]),
        users=(*(_user(item, names) for item in recorded["users"]), *_ADMINISTRATORS),
        groups=tuple(_group(item, names) for item in recorded["groups"]),
        identities=(SeedIdentity(CALLER, _PERMISSIONS, _ROLES),),
        applications=tuple(
            _application(tenant_id, item) for item in recorded["applications"] if item["id"].startswith("{seed.")
        ),
        # The recorded server answered plainly, and deleted for good.
        behaviour=Behaviour(
            first_grant_answer="created",
            duplicate_grant_status=409,
            roles_for_disabled_principals="assigned",
            default_access_beside_roles="assigned",
            deleted_applications_keep_names=False,
        ),
        # The recorded server refused nobody for coming too often.
        conditional_access_requests_per_second=None,
    )


def _domain(item: Mapping[str, Any]) -> SeedDomain:
    return SeedDomain(
        item["id"],
        is_initial=item["isInitial"],
        is_default=item["isDefault"],
        is_verified=item["isVerified"],
        is_federated=item["authenticationType"] == "Federated",
        is_admin_managed=item["isAdminManaged"],
        is_root=item["isRoot"],
        supported_services=tuple(item["supportedServices"]),
    )


def _user(item: Mapping[str, Any], names: Mapping[str, str]) -> SeedUser:
    manager = item.get("(manager)")
    return SeedUser(
        item["userPrincipalName"],
        item["displayName"],
        account_enabled=item["accountEnabled"],
        manager=names[manager] if manager else None,
        properties=_properties(item, _OWN_USER_FIELDS),
    )


def _group(item: Mapping[str, Any], names: Mapping[str, str]) -> SeedGroup:
    return SeedGroup(
        item["displayName"],
        members=tuple(names[member] for member in item["(members)"]),
        owners=tuple(names[owner] for owner in item["(owners)"]),
        is_assignable_to_role=item["isAssignableToRole"],
        key=item["mailNickname"],
        properties=_properties(item, _OWN_GROUP_FIELDS),
    )


def _application(tenant_id: str, item: Mapping[str, Any]) -> SeedApplication:
    key = _seed_key(item["id"])
    client_id = seeded_id(tenant_id, "client", f"application/{key}")
    properties = {name: item[name] for name in _APPLICATION_FIELDS}
    properties["identifierUris"] = [uri.replace(item["appId"], client_id) for uri in item["identifierUris"]]
    return SeedApplication(item["displayName"], owners=(CALLER,), key=key, properties=properties)


def _properties(item: Mapping[str, Any], own: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in own and not name.startswith("(")}


def _seed_key(symbol: str) -> str:
    """Return ``shop`` for ``{seed.application.shop.id}``."""
    return symbol.strip("{}").split(".")[2]


class RecordedTenant:
    """A running sandbox with the recorded directory."""

    def __init__(self, running: RunningSandbox, control: Control, seed: Seed) -> None:
        self._seed = seed
        self._running = running
        self._control = control
        self.environment = render(running, CALLER)

    def journal(self) -> list[dict[str, Any]]:
        """Return the requests since the journal was cleared."""
        return self._control.journal()

    def clear_journal(self) -> None:
        """Forget the requests."""
        self._control.clear_journal()

    def prepare_faults(self, faults: Sequence[Mapping[str, Any]]) -> None:
        """Let the next requests of certain methods and paths meet these answers, instead of those prepared before."""
        self._control.clear_faults()
        self._control.declare_faults(*faults)

    def act(self, method: str, path: str, body: Any) -> None:
        """Do what somebody else does in the tenant, without a permission check."""
        self._control.act(method, path, self._typed(path, body))

    def _typed(self, path: str, body: Any) -> Any:
        """Return a named location's change with the types that the recorded server did without, and Graph does not."""
        location = self.directory()["named_locations"].get(path.rpartition("/")[2])
        if location is None or not isinstance(body, Mapping):
            return body
        ranges = [{"@odata.type": _IPV4_RANGE, **each} for each in body.get("ipRanges", ())]
        return {"@odata.type": location["@odata.type"], **body, **({"ipRanges": ranges} if ranges else {})}

    def directory(self) -> dict[str, Any]:
        """Return all that the tenant holds."""
        return self._control.snapshot()

    def symbols(self) -> dict[str, str]:
        """Return the actual values of the symbols for what is there from the start."""
        caller = self._running.identities[CALLER]
        directory = self._control.snapshot()
        known = {
            "tenant_id": self._running.tenant_id,
            "graph": self._running.base_url,
            "client_id": caller.client_id,
            "client_secret": caller.client_secret,
            "caller.object_id": caller.object_id,
            "caller.application_object_id": caller.application_object_id,
        }
        for user in directory["users"].values():
            known[f"seed.user.{user['mailNickname']}.id"] = user["id"]
        for group in directory["groups"].values():
            known[f"seed.group.{group['mailNickname']}.id"] = group["id"]
        return known | self._seeded_applications(directory)

    def _seeded_applications(self, directory: Mapping[str, Any]) -> dict[str, str]:
        """Return the symbols of the seeded applications; those of one name are told apart by the ids' origin."""
        known: dict[str, str] = {}
        tenant = self._running.tenant_id
        principals = {item["appId"]: item["id"] for item in directory["service_principals"].values()}
        for application in self._seed.applications:
            item = directory["applications"][seeded_id(tenant, "application", f"application/{application.key}")]
            known[f"seed.application.{application.key}.id"] = item["id"]
            known[f"seed.application.{application.key}.client_id"] = item["appId"]
            known[f"seed.service_principal.{application.key}.id"] = principals[item["appId"]]
        known["seed.service_principal.msgraph.id"] = principals[_MICROSOFT_GRAPH]
        return known


@contextmanager
def recorded_tenant(seed_file: Path, folder: Path) -> Iterator[RecordedTenant]:
    """Serve the recorded directory; TLS files go to the folder."""
    seed = recorded_seed(seed_file)
    with start(folder, seed) as running, Control(running.base_url, running.ca_file) as control:
        yield RecordedTenant(running, control, seed)
