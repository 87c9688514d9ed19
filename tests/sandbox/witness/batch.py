"""Calls on `/$batch`."""

from collections.abc import Mapping
from typing import Any

from msgraph_core.requests.batch_request_builder import BatchRequestBuilder
from msgraph_core.requests.batch_request_content import BatchRequestContent
from msgraph_core.requests.batch_request_item import BatchRequestItem

from tests.sandbox.rows.scene import Scene
from tests.sandbox.witness.call import Call


async def _read_two_lists(client: Any, _scene: Scene) -> None:
    content = BatchRequestContent()
    content.add_request("people", BatchRequestItem(client.users.to_get_request_information(), "people"))
    content.add_request("teams", BatchRequestItem(client.groups.to_get_request_information(), "teams"))
    answered = await BatchRequestBuilder(client.request_adapter).post(content)
    statuses = {name: answered.get_response_by_id(name).status for name in ("people", "teams")}
    assert statuses == {"people": 200, "teams": 200}, statuses


CALLS: Mapping[str, Call] = {"POST /$batch": _read_two_lists}
