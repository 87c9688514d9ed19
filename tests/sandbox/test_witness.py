"""The table names msgraph-sdk where msgraph-sdk really sends the request."""

from typing import Any

import pytest

from sandbox.resources import ROUTES
from tests.sandbox.conftest import Tenant
from tests.sandbox.rows.scene import Scene
from tests.sandbox.sdk import with_client, with_token
from tests.sandbox.witness.registry import CALLS

# The SDK's generated code warns about its own older classes whenever one of its modules is first imported.
pytestmark = [
    pytest.mark.filterwarnings("ignore:GetQueryParameters is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:This class is deprecated. Please use the generic:DeprecationWarning"),
]


def test_every_row_that_names_the_sdk_has_a_call() -> None:
    assert {route.key for route in ROUTES if "msgraph-sdk" in route.witness} == CALLS.keys()


@pytest.mark.parametrize("key", CALLS)
def test_the_sdk_gets_an_answer_from_the_row(tenant: Tenant, key: str) -> None:
    scene = Scene(tenant)

    async def use(client: Any) -> None:
        await CALLS[key](client, scene)

    route = next(each for each in ROUTES if each.key == key)
    if route.requirement().alternatives:
        with_client(tenant, "administer", use)
    else:
        with_token(tenant, lambda: scene.user_token(route), use)

    answered = [entry for entry in tenant.control.journal() if entry.get("route") == key and entry["status"] < 300]
    assert any("kiota-python" in (entry["client"] or "") for entry in answered), answered
