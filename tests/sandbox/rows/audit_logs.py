"""Rows of `/auditLogs`."""

from collections.abc import Mapping

from tests.sandbox.rows.scene import Ask, Row, Scene

_LOG_DELAY = 121


def _audit(scene: Scene) -> Ask:
    scene.user()
    scene.tenant.control.advance_clock(_LOG_DELAY)
    listed = scene.act("GET", "/auditLogs/directoryAudits")["value"]
    return Ask(f"/auditLogs/directoryAudits/{listed[0]['id']}")


def _sign_in(scene: Scene) -> Ask:
    """Somebody without the right password: an interactive sign-in that failed."""
    tenant = scene.tenant
    asked = tenant.ask_token(
        grant_type="password",
        client_id="14d82eec-204b-4c2f-b7e8-296a70dab67e",
        username="alex.moore@contoso.example",
        password="Not-this-1",
        scope="User.Read",
    )
    assert asked.json()["error_codes"] == [50126]
    tenant.control.advance_clock(_LOG_DELAY)
    listed = scene.act("GET", "/auditLogs/signIns")["value"]
    return Ask(f"/auditLogs/signIns/{listed[0]['id']}")


ROWS: Mapping[str, Row] = {
    "GET /auditLogs/directoryAudits": lambda _scene: Ask("/auditLogs/directoryAudits"),
    "GET /auditLogs/directoryAudits/{id}": _audit,
    "GET /auditLogs/signIns": lambda _scene: Ask("/auditLogs/signIns"),
    "GET /auditLogs/signIns/{id}": _sign_in,
}
