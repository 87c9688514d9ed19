"""The directory's state: objects, relations between them, and secrets as hashes.

Records are plain dictionaries under Graph's property names, so that a snapshot is the state itself. Relations
name ids and may name soft-deleted objects, which lookups here leave out; restoring an object therefore brings
its relations back.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.behaviour import Behaviour
from sandbox.clock import Clock
from sandbox.directory.lookups import Lookups
from sandbox.errors import bad_request, not_found
from sandbox.identifiers import canonical_id
from sandbox.passwords import SecretHash

Record = dict[str, Any]

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
MICROSOFT_TENANT_ID = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"  # owner of Microsoft's own applications


@dataclass(frozen=True)
class Caller:
    """Who asks, as the token says: an application by itself, a user through an application, or somebody in the portal.

    `object_id` is who acts: the user where there is one, the application's service principal otherwise. `permissions`
    are application permissions, `scopes` delegated ones, `directory_roles` template ids, `methods` how a user proved
    who it is (`amr`), all as of the token's issue.
    """

    client_id: str
    object_id: str
    name: str
    permissions: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    directory_roles: frozenset[str] = frozenset()
    user_id: str | None = None
    login: str | None = None
    methods: frozenset[str] = frozenset()  # how the user signed in, as `amr` tells
    unrestricted: bool = False

    @property
    def granted(self) -> frozenset[str]:
        """Tell the permissions that count: delegated ones where an application acts for a user."""
        return self.permissions if self.user_id is None else self.scopes


PORTAL = Caller("c44b4083-3bb0-49c1-b47d-974e53cbdf3c", "", "portal", unrestricted=True)


@dataclass
class Directory:
    """All that one tenant holds."""

    tenant_id: str
    tenant_name: str
    clock: Clock
    page_size: int
    security_defaults: bool
    behaviour: Behaviour = field(default_factory=Behaviour)
    domains: dict[str, Record] = field(default_factory=dict)
    skus: dict[str, Record] = field(default_factory=dict)
    users: dict[str, Record] = field(default_factory=dict)
    groups: dict[str, Record] = field(default_factory=dict)
    applications: dict[str, Record] = field(default_factory=dict)
    service_principals: dict[str, Record] = field(default_factory=dict)
    published_applications: dict[str, Record] = field(default_factory=dict)  # of other publishers, by client id
    role_definitions: dict[str, Record] = field(default_factory=dict)
    directory_roles: dict[str, Record] = field(default_factory=dict)  # activated ones, by their own id
    role_assignments: dict[str, Record] = field(default_factory=dict)
    role_assignment_schedules: dict[str, Record] = field(default_factory=dict)  # running and future ones
    role_eligibility_schedules: dict[str, Record] = field(default_factory=dict)
    role_assignment_requests: dict[str, Record] = field(default_factory=dict)
    role_eligibility_requests: dict[str, Record] = field(default_factory=dict)
    ended_role_schedules: dict[str, Record] = field(default_factory=dict)  # those that may still be renewed
    group_assignment_schedules: dict[str, Record] = field(default_factory=dict)  # running and future ones
    group_eligibility_schedules: dict[str, Record] = field(default_factory=dict)
    group_assignment_requests: dict[str, Record] = field(default_factory=dict)
    group_eligibility_requests: dict[str, Record] = field(default_factory=dict)
    role_policies: dict[str, Record] = field(default_factory=dict)  # changed ones, by role definition id
    app_role_assignments: dict[str, Record] = field(default_factory=dict)
    permission_grants: dict[str, Record] = field(default_factory=dict)
    access_policies: dict[str, Record] = field(default_factory=dict)
    named_locations: dict[str, Record] = field(default_factory=dict)
    authentication_contexts: dict[str, Record] = field(default_factory=dict)
    terms_of_use: dict[str, Record] = field(default_factory=dict)  # agreements that policies may name
    custom_controls: list[str] = field(default_factory=list)  # custom authentication factors that policies may name
    authentication_strengths: dict[str, Record] = field(default_factory=dict)
    authentication_methods: dict[str, list[Record]] = field(default_factory=dict)  # by user id
    oath_secrets: dict[str, str] = field(default_factory=dict)  # by the id of a software OATH method
    federated_credentials: dict[str, list[Record]] = field(default_factory=dict)  # by application object id
    method_configurations: dict[str, Record] = field(default_factory=dict)  # of the methods policy, by their id
    methods_policy: Record = field(default_factory=dict)
    authorization_policy: Record = field(default_factory=dict)
    administrative_units: dict[str, Record] = field(default_factory=dict)
    unit_members: dict[str, list[str]] = field(default_factory=dict)  # administrative unit id -> object ids
    recycle_bin: dict[str, Record] = field(default_factory=dict)  # object id -> {"type": Graph type, "object": record}
    audit_entries: list[Record] = field(default_factory=list)
    sign_in_entries: list[Record] = field(default_factory=list)
    dialogues: dict[str, Record] = field(default_factory=dict)  # sign-ins under way in a browser, by id
    browser_sessions: dict[str, Record] = field(default_factory=dict)  # by the digest of the cookie
    authorization_codes: dict[str, Record] = field(default_factory=dict)  # by the code's digest
    refresh_tokens: dict[str, Record] = field(default_factory=dict)  # by the token's digest
    device_codes: dict[str, Record] = field(default_factory=dict)  # by the device code's digest
    failed_sign_ins: dict[str, Record] = field(default_factory=dict)  # by user id
    failed_codes: dict[str, Record] = field(default_factory=dict)  # one-time codes, by user id
    session_endings: dict[str, int] = field(default_factory=dict)  # user id -> how often all sessions were ended
    unseen_principals: dict[str, int] = field(default_factory=dict)  # client id -> token requests still refused
    trusted_issuers: dict[str, Record] = field(default_factory=dict)  # URL -> its JSON web key set
    members: dict[str, list[str]] = field(default_factory=dict)  # group id -> object ids
    owners: dict[str, list[str]] = field(default_factory=dict)  # object id -> object ids
    managers: dict[str, str] = field(default_factory=dict)  # user id -> user id
    password_hashes: dict[str, SecretHash] = field(default_factory=dict)  # by user id
    pass_hashes: dict[str, SecretHash] = field(default_factory=dict)  # by Temporary Access Pass id
    certificates: dict[str, dict[str, str]] = field(default_factory=dict)  # object id -> key id -> base64 of its DER
    logos: dict[str, Record] = field(default_factory=dict)  # by application object id
    app_management_policy: Record = field(default_factory=dict)
    vault: Record = field(default_factory=dict)  # the tenant's key vault, empty where it has none
    vault_secrets: dict[str, list[Record]] = field(default_factory=dict)  # versions by the secret's name, oldest first
    deleted_vault_secrets: dict[str, Record] = field(default_factory=dict)  # by the secret's name
    vault_values: dict[str, str] = field(default_factory=dict)  # by version
    secret_hashes: dict[str, dict[str, SecretHash]] = field(default_factory=dict)  # object id -> key id -> hash

    def __post_init__(self) -> None:
        # No field: what was looked up is no part of the state.
        self.lookups = Lookups()

    def find_object(self, object_id: str) -> tuple[str, Record] | None:
        """Find a live directory object with its Graph type."""
        for type_name, collection in (
            ("user", self.users),
            ("group", self.groups),
            ("servicePrincipal", self.service_principals),
            ("application", self.applications),
            ("directoryRole", self.directory_roles),
            ("administrativeUnit", self.administrative_units),
        ):
            if object_id in collection:
                return type_name, collection[object_id]
        return None

    def require_object(self, object_id: str) -> tuple[str, Record]:
        """Get a live directory object with its Graph type, or refuse with 404."""
        found = self.find_object(object_id)
        if found is None:
            raise not_found(object_id)
        return found

    def find_user(self, key: str) -> Record | None:
        """Find a user by object id or login, in any letter case."""
        if key in self.users:
            return self.users[key]
        return self._find_one(self.users, "userPrincipalName", key)

    def require_user(self, key: str) -> Record:
        """Get a user by object id or login, or refuse with 404."""
        user = self.find_user(key)
        if user is None:
            raise not_found(key)
        return user

    def find_service_principal(self, client_id: str) -> Record | None:
        """Find the service principal of an application by client id."""
        return self._find_one(self.service_principals, "appId", client_id)

    def find_application(self, client_id: str) -> Record | None:
        """Find a registered application by client id."""
        return self._find_one(self.applications, "appId", client_id)

    def find_directory_role(self, template_id: str) -> Record | None:
        """Find an active role by the id of its template."""
        return next((each for each in self.directory_roles.values() if each["roleTemplateId"] == template_id), None)

    def _find_one(self, records: dict[str, Record], name: str, value: str) -> Record | None:
        return next(iter(self.lookups.find(records, name, (value,))), None)

    def containers_of(self, object_id: str, *, nested: bool) -> list[str]:
        """List the groups that an object is a member of, each once."""
        found: list[str] = []
        pending = [object_id]
        while pending:
            member = pending.pop()
            direct = [each for each, ids in self.members.items() if member in ids and each in self.groups]
            fresh = [each for each in direct if each not in found]
            found.extend(fresh)
            pending.extend(fresh if nested else ())
        return found

    def members_of(self, group_id: str, *, nested: bool) -> list[str]:
        """List a group's live members, each once."""
        found: list[str] = []
        pending = [group_id]
        while pending:
            for each in self.members.get(pending.pop(0), []):
                if each not in found and self.find_object(each):
                    found.append(each)
                    if nested and each in self.groups:
                        pending.append(each)
        return found

    def owners_of(self, object_id: str) -> list[str]:
        """List an object's live owners."""
        return [each for each in self.owners.get(object_id, []) if self.find_object(each)]

    def live_role_assignments(self) -> Iterator[Record]:
        """List the role assignments whose principal exists."""
        return (each for each in self.role_assignments.values() if self.find_object(each["principalId"]))

    def live_app_role_assignments(self) -> Iterator[Record]:
        """List the app role assignments whose principal and resource exist."""
        return (each for each in self.app_role_assignments.values() if self.is_live(each, "principalId", "resourceId"))

    def live_permission_grants(self) -> Iterator[Record]:
        """List the delegated grants whose client, resource and user exist."""
        names = ("clientId", "resourceId", "principalId")
        return (each for each in self.permission_grants.values() if self.is_live(each, *names))

    def is_live(self, relation: Record, *names: str) -> bool:
        """Say whether every object exists that a relation names under these properties, where it names one."""
        return all(relation[name] is None or self.find_object(relation[name]) for name in names)

    def has_plan(self, *names: str) -> bool:
        """Say whether any subscription holds one of the named service plans."""
        return any(plan["servicePlanName"] in names for sku in self.skus.values() for plan in sku["servicePlans"])

    def forget(self, object_id: str) -> None:
        """Drop every relation of an object that is gone for good."""
        for relation in (self.members, self.owners, self.unit_members):
            relation.pop(object_id, None)
            for ids in relation.values():
                while object_id in ids:
                    ids.remove(object_id)
        self.managers.pop(object_id, None)
        self.password_hashes.pop(object_id, None)
        for held in (self.secret_hashes, self.certificates, self.federated_credentials, self.logos):
            held.pop(object_id, None)
        for method in self.authentication_methods.pop(object_id, []):
            self.pass_hashes.pop(method["id"], None)
            self.oath_secrets.pop(method["id"], None)
        for user_id in [each for each, manager in self.managers.items() if manager == object_id]:
            del self.managers[user_id]
        for collection, keys in (
            (self.app_role_assignments, ("principalId", "resourceId")),
            (self.role_assignments, ("principalId",)),
            (self.role_assignment_schedules, ("principalId",)),
            (self.role_eligibility_schedules, ("principalId",)),
            (self.role_assignment_requests, ("principalId",)),
            (self.role_eligibility_requests, ("principalId",)),
            (self.ended_role_schedules, ("principalId",)),
            (self.group_assignment_schedules, ("groupId", "principalId")),
            (self.group_eligibility_schedules, ("groupId", "principalId")),
            (self.group_assignment_requests, ("groupId", "principalId")),
            (self.group_eligibility_requests, ("groupId", "principalId")),
            (self.permission_grants, ("clientId", "resourceId", "principalId")),
        ):
            for each in [known for known, record in collection.items() if object_id in map(record.get, keys)]:
                del collection[each]


def referenced_id(reference: object) -> str:
    """Take the object id out of a reference such as `<base>/v1.0/directoryObjects/<id>`, whatever host it names."""
    text = str(reference).rstrip("/")
    if "/" not in text:
        raise bad_request(f"Invalid URL format specified in payload: '{reference}'.")
    return canonical_id(text.rsplit("/", maxsplit=1)[1])
