"""Every row of the table of routes: what it answers, and whom and what it refuses."""

import httpx
import pytest

from sandbox.graph import router
from sandbox.resources import ROUTES
from sandbox.routing import Route
from tests.sandbox.conftest import Tenant
from tests.sandbox.metadata import answer_faults
from tests.sandbox.rows.registry import ROWS
from tests.sandbox.rows.scene import Ask, Scene

_TABLE = [pytest.param(version, route, id=f"{version} {route.key}") for route in ROUTES for version in route.versions]


@pytest.fixture
def scene(tenant: Tenant) -> Scene:
    return Scene(tenant)


def test_what_is_registered_is_the_table_and_has_a_good_request_each() -> None:
    registered = {(version, route.key) for version, route in router().routes()}

    assert registered == {(version, route.key) for route in ROUTES for version in route.versions}
    assert {route.key for route in ROUTES} == ROWS.keys()


@pytest.mark.parametrize(("version", "route"), _TABLE)
def test_a_good_request_gets_the_rows_status(scene: Scene, version: str, route: Route) -> None:
    ask = ROWS[route.key](scene)

    response = _send(scene.client_for(route), version, route, ask)

    assert response.status_code == route.success(), response.text
    assert answer_faults(route, version, response) == []
    entry = scene.tenant.control.journal()[-1]
    assert (entry["route"], entry["status"]) == (route.key, route.success())


@pytest.mark.parametrize(("version", "route"), _TABLE)
def test_nobody_gets_an_answer_without_a_token_or_a_permission(scene: Scene, version: str, route: Route) -> None:
    ask = ROWS[route.key](scene)

    assert _send(scene.tenant.anonymous(), version, route, ask).status_code == 401
    free = any(not each.permissions for each in route.requirement().alternatives)
    stranger = _send(scene.tenant.client("nobody"), version, route, ask)
    assert stranger.status_code == (route.success() if free else 403), stranger.text


@pytest.mark.parametrize(("version", "route"), _TABLE)
def test_what_a_row_does_not_take_is_refused_by_name(scene: Scene, version: str, route: Route) -> None:
    ask = ROWS[route.key](scene)

    asked = f"{ask.path}{'&' if '?' in ask.path else '?'}$kelp=1"
    client = scene.client_for(route)
    wrong = _send(client, version, route, Ask(asked, ask.body, ask.headers, ask.content))
    assert wrong.status_code == 400
    assert "$kelp" in wrong.json()["error"]["message"]
    if route.method in {"POST", "PATCH", "PUT"} and ask.content is None:
        wrong = _send(client, version, route, Ask(ask.path, {**(ask.body or {}), "kelp": 1}, ask.headers))
        assert wrong.status_code == 400
        assert "kelp" in wrong.json()["error"]["message"]


def _send(client: httpx.Client, version: str, route: Route, ask: Ask) -> httpx.Response:
    url = f"/{version}{ask.path}"
    if ask.content is not None:
        return client.request(route.method, url, content=ask.content, headers=dict(ask.headers))
    return client.request(route.method, url, json=ask.body, headers=dict(ask.headers))
