"""Calls about owners, below each collection whose objects have them."""

from collections.abc import Callable, Mapping
from typing import Any

from msgraph.generated.models.reference_create import ReferenceCreate

from tests.sandbox.rows.registrations import enabled_user_id
from tests.sandbox.rows.scene import Scene
from tests.sandbox.witness.call import Call


def owner_calls(collection: str, find: Callable[[Any, Scene], Any]) -> Mapping[str, Call]:
    """List, add and remove owners of an object that `find` makes."""

    async def add(client: Any, scene: Scene) -> None:
        reference = ReferenceCreate(odata_id=scene.reference(enabled_user_id(scene))["@odata.id"])
        await find(client, scene).owners.ref.post(reference)

    async def remove(client: Any, scene: Scene) -> None:
        owned, user_id = find(client, scene), enabled_user_id(scene)
        await owned.owners.ref.post(ReferenceCreate(odata_id=scene.reference(user_id)["@odata.id"]))
        await owned.owners.by_directory_object_id(user_id).ref.delete()

    path = f"/{collection}/{{id}}/owners"
    return {
        f"GET {path}": lambda client, scene: find(client, scene).owners.get(),
        f"POST {path}/$ref": add,
        f"DELETE {path}/{{owner_id}}/$ref": remove,
    }
