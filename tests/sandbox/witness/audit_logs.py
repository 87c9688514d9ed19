"""Calls on `/auditLogs`."""

from collections.abc import Mapping
from typing import Any

from tests.sandbox.rows.audit_logs import ROWS
from tests.sandbox.rows.scene import Scene
from tests.sandbox.witness.call import Call


async def _read_audit(client: Any, scene: Scene) -> None:
    entry = ROWS["GET /auditLogs/directoryAudits/{id}"](scene).path.rsplit("/", maxsplit=1)[1]
    found = await client.audit_logs.directory_audits.by_directory_audit_id(entry).get()
    assert found.activity_display_name == "Add user"


async def _read_sign_in(client: Any, scene: Scene) -> None:
    entry = ROWS["GET /auditLogs/signIns/{id}"](scene).path.rsplit("/", maxsplit=1)[1]
    found = await client.audit_logs.sign_ins.by_sign_in_id(entry).get()
    assert found.status.error_code == 50126


CALLS: Mapping[str, Call] = {
    "GET /auditLogs/directoryAudits": lambda client, _scene: client.audit_logs.directory_audits.get(),
    "GET /auditLogs/directoryAudits/{id}": _read_audit,
    "GET /auditLogs/signIns": lambda client, _scene: client.audit_logs.sign_ins.get(),
    "GET /auditLogs/signIns/{id}": _read_sign_in,
}
