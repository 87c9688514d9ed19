"""``azuread_group_member``."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from sandbox.provider.checks import is_uuid
from sandbox.provider.diagnostics import Diagnosis, already_exists
from sandbox.provider.graph import Refusal
from sandbox.provider.old_ids import SubordinateId
from sandbox.provider.resource import IdPath, Record, Resource, failing_as
from sandbox.provider.resources.group import Group
from sandbox.provider.schema import required, top_level
from sandbox.provider.session import Session

_ADDRESS = IdPath("/groups/{groupId}/members/{directoryObjectId}", title="GroupIdMember")


class GroupMember(Resource):
    """One membership of a group, the group itself left alone."""

    name = "azuread_group_member"
    version = 0
    id_path = SubordinateId("member", title="Member")
    schema = top_level(
        {
            "group_object_id": required(check=is_uuid, replaces=True),
            "member_object_id": required(check=is_uuid, replaces=True),
        },
        timeouts=("create", "read", "delete"),
    )

    def create(self, session: Session, record: Record) -> None:
        """Add the member to a group that exists and does not have it yet."""
        group_id, member_id = record.wanted["group_object_id"], record.wanted["member_object_id"]
        group = Group.id_path.label(Group.id_path.of(group_id))
        new_id = self.id_path.of(group_id, member_id)
        with session.lock(group_id):
            with failing_as(f"Retrieving {group}", path="group_object_id"):
                found = session.graph.find(f"/groups/{group_id}", version="beta")
            if found is None:
                raise Diagnosis(f"{group} was not found", path="group_object_id")
            with failing_as(f"Listing existing members for {group}"):
                members = session.graph.list(f"/groups/{group_id}/members", version="beta")
            if any(member["id"] == member_id for member in members):
                raise already_exists(f'A resource with the ID "{new_id}" already exists', self.name)
            with failing_as(f"Adding {_ADDRESS.label(_ADDRESS.of(group_id, member_id))}"):
                reference = {"@odata.id": session.graph.reference(member_id, version="beta")}
                session.graph.post(f"/groups/{group_id}/members/$ref", reference, version="beta")
        record.id = new_id
        self.read(session, record)

    def read(self, session: Session, record: Record) -> None:
        """Look for the member in the group."""
        group_id, member_id = self.id_path.parts(record.id or "")
        with failing_as(f'Retrieving member "{member_id}" for group with object ID: "{group_id}"'):
            found = _is_member(session, group_id, member_id)
        if not found:
            record.forget()
            return
        record.store(group_object_id=group_id, member_object_id=member_id)

    def delete(self, session: Session, record: Record) -> None:
        """Take the member out and wait until the group does not list it."""
        group_id, member_id = self.id_path.parts(record.id or "")
        label = _ADDRESS.label(_ADDRESS.of(group_id, member_id))
        with session.lock(group_id):
            with failing_as(f"Removing {label}"):
                session.graph.delete(f"/groups/{group_id}/members/{member_id}/$ref", version="beta")
            with failing_as(f"Waiting for removal of {label}"):
                session.graph.waited(lambda: not _is_member(session, group_id, member_id))


def _is_member(session: Session, group_id: str, member_id: str) -> bool:
    try:
        found: list[dict[str, Any]] = session.graph.list(
            f"/groups/{group_id}/members", version="beta", filter=f"id eq '{member_id}'"
        )
    except Refusal as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return False
        raise
    return any(member["id"] == member_id for member in found)
