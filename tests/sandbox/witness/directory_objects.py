"""Calls on directory objects of any kind, deleted ones, and administrative units."""

from collections.abc import Mapping
from typing import Any

from msgraph.generated.directory_objects.get_by_ids.get_by_ids_post_request_body import GetByIdsPostRequestBody
from msgraph.generated.models.administrative_unit import AdministrativeUnit

from tests.sandbox.rows.directory_objects import ITEMS, UNITS, deleted_user, make_unit
from tests.sandbox.rows.scene import Scene
from tests.sandbox.witness.call import Call
from tests.sandbox.witness.groups import reference
from tests.sandbox.witness.memberships import action_calls

_ONE = f"{UNITS}/{{id}}"


def _object(client: Any, scene: Scene) -> Any:
    return client.directory_objects.by_directory_object_id(scene.user()["id"])


def _unit(client: Any, scene: Scene) -> Any:
    return client.directory.administrative_units.by_administrative_unit_id(make_unit(scene))


async def _with_member(client: Any, scene: Scene) -> Any:
    unit, user = _unit(client, scene), str(scene.user()["id"])
    await unit.members.ref.post(reference(scene, user))
    return unit.members.by_directory_object_id(user)


async def _without_member(client: Any, scene: Scene) -> None:
    await (await _with_member(client, scene)).ref.delete()


def _deleted(client: Any, scene: Scene) -> Any:
    return client.directory.deleted_items.by_directory_object_id(deleted_user(scene))


CALLS: Mapping[str, Call] = {
    "GET /directoryObjects/{id}": lambda client, scene: _object(client, scene).get(),
    "POST /directoryObjects/getByIds": lambda client, scene: client.directory_objects.get_by_ids.post(
        GetByIdsPostRequestBody(ids=[scene.user()["id"]], types=["user"])
    ),
    **action_calls("directoryObjects", _object),
    f"GET {UNITS}": lambda client, _scene: client.directory.administrative_units.get(),
    f"POST {UNITS}": lambda client, _scene: client.directory.administrative_units.post(
        AdministrativeUnit(display_name="Couriers")
    ),
    f"GET {_ONE}": lambda client, scene: _unit(client, scene).get(),
    f"PATCH {_ONE}": lambda client, scene: _unit(client, scene).patch(AdministrativeUnit(display_name="Riders")),
    f"DELETE {_ONE}": lambda client, scene: _unit(client, scene).delete(),
    f"GET {_ONE}/members": lambda client, scene: _unit(client, scene).members.get(),
    f"GET {_ONE}/members/microsoft.graph.user": lambda client, scene: _unit(client, scene).members.graph_user.get(),
    f"GET {_ONE}/members/microsoft.graph.group": lambda client, scene: _unit(client, scene).members.graph_group.get(),
    f"POST {_ONE}/members/$ref": _with_member,
    f"DELETE {_ONE}/members/{{member_id}}/$ref": _without_member,
    f"GET {ITEMS}/microsoft.graph.user": lambda client, _scene: client.directory.deleted_items.graph_user.get(),
    f"GET {ITEMS}/microsoft.graph.group": lambda client, _scene: client.directory.deleted_items.graph_group.get(),
    f"GET {ITEMS}/microsoft.graph.application": lambda client, _scene: (
        client.directory.deleted_items.graph_application.get()
    ),
    f"GET {ITEMS}/microsoft.graph.servicePrincipal": lambda client, _scene: (
        client.directory.deleted_items.graph_service_principal.get()
    ),
    f"GET {ITEMS}/microsoft.graph.administrativeUnit": lambda client, _scene: (
        client.directory.deleted_items.graph_administrative_unit.get()
    ),
    f"GET {ITEMS}/{{id}}": lambda client, scene: _deleted(client, scene).get(),
    f"DELETE {ITEMS}/{{id}}": lambda client, scene: _deleted(client, scene).delete(),
    f"POST {ITEMS}/{{id}}/restore": lambda client, scene: _deleted(client, scene).restore.post(),
}
