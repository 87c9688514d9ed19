"""The tables of ids: complete, consistent, and read only when asked for."""

import re
import subprocess
import sys

import pytest

from steward.wellknown import roles, strengths
from steward.wellknown.permissions import (
    MICROSOFT_GRAPH,
    MICROSOFT_GRAPH_APP_ID,
    PermissionKind,
    find_permission,
    known_apis,
    known_permissions,
)

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def test_permission_is_found_by_name_and_kind() -> None:
    permission = find_permission(MICROSOFT_GRAPH, "Contacts.ReadWrite", PermissionKind.APPLICATION)

    assert permission is not None
    assert permission.id_for(PermissionKind.APPLICATION) == "6918b873-d17a-4dc1-b314-35f528134491"
    assert permission.id_for(PermissionKind.DELEGATED) == "d56682ec-c09e-4743-aaf4-1a3aac4caa21"
    assert permission.resource_app_id == MICROSOFT_GRAPH_APP_ID


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("User.Read", PermissionKind.APPLICATION),
        ("Group.Create", PermissionKind.DELEGATED),
        ("Group.ReadBasic.All", PermissionKind.APPLICATION),
        ("Nothing.Read", PermissionKind.APPLICATION),
    ],
)
def test_permission_that_does_not_exist_in_a_kind_is_not_found(value: str, kind: PermissionKind) -> None:
    assert find_permission(MICROSOFT_GRAPH, value, kind) is None


def test_permission_ids_are_ids_and_unique() -> None:
    ids = [each.id_for(kind) for each in known_permissions().values() for kind in PermissionKind]
    given = [each for each in ids if each is not None]

    assert [each for each in given if not GUID.fullmatch(each)] == []
    assert len(set(given)) == len(given)
    assert set(known_apis()) == {MICROSOFT_GRAPH, "Office 365 Exchange Online"}


def test_permission_is_grantable_exactly_when_it_has_an_id() -> None:
    for permission in known_permissions().values():
        assert permission.is_grantable is any(permission.id_for(kind) for kind in PermissionKind)


@pytest.mark.parametrize(
    ("template_id", "name"),
    [
        (roles.GLOBAL_ADMINISTRATOR, "Global Administrator"),
        (roles.USER_ADMINISTRATOR, "User Administrator"),
        (roles.PRIVILEGED_AUTHENTICATION_ADMINISTRATOR, "Privileged Authentication Administrator"),
        (roles.PRIVILEGED_ROLE_ADMINISTRATOR, "Privileged Role Administrator"),
    ],
)
def test_named_role_is_privileged_and_in_the_table_by_its_id(template_id: str, name: str) -> None:
    role = roles.find_directory_role(template_id.upper())

    assert role is not None
    assert (role.name, role.template_id in roles.privileged_role_template_ids()) == (name, True)


def test_roles_that_either_judgement_calls_privileged_count() -> None:
    names = {role.name for role in roles.directory_roles().values() if role.is_privileged}

    assert {"Security Reader", "Exchange Administrator", "SharePoint Administrator"} <= names
    assert "Directory Readers" not in names
    assert len(names) == 36


def test_unknown_role_is_not_found() -> None:
    assert roles.find_directory_role("00000000-0000-0000-0000-000000000001") is None


def test_built_in_strengths_have_their_ids() -> None:
    assert set(strengths.BUILT_IN_STRENGTHS.values()) == {
        f"00000000-0000-0000-0000-00000000000{number}" for number in (2, 3, 4)
    }


def test_importing_reads_no_table() -> None:
    program = """
import sys
opened = []
sys.addaudithook(lambda event, arguments: opened.append(str(arguments[0])) if event == "open" else None)
import steward.config.loader, steward.wellknown.permissions, steward.wellknown.roles
print([name for name in opened if name.endswith(".csv")])
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)

    assert done.stdout.strip() == "[]"
