"""Calls on `/identity/conditionalAccess/namedLocations`."""

from collections.abc import Mapping
from typing import Any

from msgraph.generated.models.country_named_location import CountryNamedLocation
from msgraph.generated.models.i_pv6_cidr_range import IPv6CidrRange
from msgraph.generated.models.ip_named_location import IpNamedLocation

from tests.sandbox.rows.named_locations import LOCATIONS, deleted_location, made_location
from tests.sandbox.rows.scene import Scene
from tests.sandbox.witness.call import Call

_DELETED = "/identity/conditionalAccess/deletedItems/namedLocations"


def _location(client: Any, scene: Scene) -> Any:
    location_id = made_location(scene).rsplit("/", maxsplit=1)[1]
    return client.identity.conditional_access.named_locations.by_named_location_id(location_id)


def _deleted(client: Any, scene: Scene) -> Any:
    location_id = deleted_location(scene).rsplit("/", maxsplit=1)[1]
    return client.identity.conditional_access.deleted_items.named_locations.by_named_location_id(location_id)


async def _create(client: Any, _scene: Scene) -> None:
    made = await client.identity.conditional_access.named_locations.post(
        CountryNamedLocation(
            display_name="Home", countries_and_regions=["DE"], include_unknown_countries_and_regions=False
        )
    )
    assert isinstance(made, CountryNamedLocation)


async def _change(client: Any, scene: Scene) -> None:
    ranges = [IPv6CidrRange(cidr_address="2001:db8::/32")]
    await _location(client, scene).patch(IpNamedLocation(ip_ranges=ranges))


async def _read(client: Any, scene: Scene) -> None:
    assert isinstance(await _location(client, scene).get(), IpNamedLocation)


CALLS: Mapping[str, Call] = {
    f"GET {LOCATIONS}": lambda client, _scene: client.identity.conditional_access.named_locations.get(),
    f"POST {LOCATIONS}": _create,
    f"GET {LOCATIONS}/{{id}}": _read,
    f"PATCH {LOCATIONS}/{{id}}": _change,
    f"DELETE {LOCATIONS}/{{id}}": lambda client, scene: _location(client, scene).delete(),
    f"GET {_DELETED}": lambda client, _scene: client.identity.conditional_access.deleted_items.named_locations.get(),
    f"GET {_DELETED}/{{id}}": lambda client, scene: _deleted(client, scene).get(),
    f"POST {_DELETED}/{{id}}/restore": lambda client, scene: _deleted(client, scene).restore.post(),
    f"DELETE {_DELETED}/{{id}}": lambda client, scene: _deleted(client, scene).delete(),
}
