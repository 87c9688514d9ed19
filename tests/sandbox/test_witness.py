"""The table names msgraph-sdk and the azuread provider where they really send the request.

The SDK sends it here and now. What the unmodified provider sent, and was answered with success, is kept from the
journals of sandboxes against which it lived through the lives of its types; no test could wait for it to do so.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.resources import ROUTES
from tests.sandbox.conftest import Tenant
from tests.sandbox.rows.scene import Scene
from tests.sandbox.sdk import with_client, with_token
from tests.sandbox.witness.registry import CALLS

_PROVIDER = Path(__file__).parents[1] / "data" / "witness" / "azuread-3.7.0.json"

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


def test_rows_that_name_the_provider_are_those_that_answered_it() -> None:
    answered: dict[str, list[str]] = json.loads(_PROVIDER.read_text(encoding="utf-8"))["answered"]
    served = {route.key: route.versions for route in ROUTES}

    assert {route.key for route in ROUTES if "azuread provider" in route.witness} == answered.keys()
    missing = {key for key, versions in answered.items() if not set(versions) <= set(served[key])}
    assert not missing, "the provider asks for these in a version that they are not served in"
