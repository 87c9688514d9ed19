"""Named locations: IP ranges and countries that conditional access policies know by name.

Limits and guards are those of learn.microsoft.com, "Conditional Access: Network assignment" and "Recover from
deletions", and of Graph's pages on ipNamedLocation and countryNamedLocation, read November 2026.
"""

import functools
import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.directory import recycling
from sandbox.directory.audit import record_change, target
from sandbox.directory.premium import require_p1
from sandbox.directory.store import Caller, Directory, Record
from sandbox.errors import malformed, not_found
from sandbox.identifiers import new_id

KIND = "namedLocation"
IP_LOCATION = "ipNamedLocation"
COUNTRY_LOCATION = "countryNamedLocation"
_MOST_RANGES = 2000
_SHORTEST_PREFIX = 8
_COUNTRY = re.compile(r"[A-Z]{2}")
_DEFAULTS: Mapping[str, Mapping[str, object]] = {
    IP_LOCATION: {"isTrusted": False},
    COUNTRY_LOCATION: {
        "countriesAndRegions": [],
        "countryLookupMethod": "clientIpAddress",
        "includeUnknownCountriesAndRegions": False,
    },
}


@dataclass(frozen=True)
class Around:
    """The named locations around an address, and those of which only the country would tell."""

    ids: frozenset[str]
    undecided: frozenset[str]
    is_trusted: bool


def around(directory: Directory, address: str | None, country: str | None) -> Around:
    """Tell the locations that an address or a country (two letters, empty when unknown, None when left open) is in."""
    locations = directory.named_locations.values()
    found = [each for each in locations if _holds(each, address, country)]
    undecided = [each for each in locations if country is None and _kind_of(each) == COUNTRY_LOCATION]
    return Around(
        frozenset(each["id"] for each in found),
        frozenset(each["id"] for each in undecided),
        any(each.get("isTrusted") for each in found),
    )


def create(directory: Directory, body: Mapping[str, Any], caller: Caller) -> Record:
    """Save a new location."""
    require_p1(directory)
    kind = _kind_of(body)
    location: Record = {
        "@odata.type": f"#microsoft.graph.{kind}",
        "id": new_id(),
        "createdDateTime": directory.clock.stamp(),
        "modifiedDateTime": directory.clock.stamp(),
        **_DEFAULTS[kind],
        **_given(body),
    }
    _check(location)
    directory.named_locations[location["id"]] = location
    _record(directory, caller, "Add", location)
    return location


def change(directory: Directory, location_id: str, body: Mapping[str, Any], caller: Caller) -> None:
    """Change the named properties of a location; its ranges or countries are replaced as a whole."""
    require_p1(directory)
    location = require(directory, location_id)
    if "@odata.type" in body and _kind_of(body) != _kind_of(location):
        raise malformed("The type of a named location cannot be changed.")
    changed = {**location, **_given(body), "modifiedDateTime": directory.clock.stamp()}
    _check(changed)
    directory.named_locations[location_id] = changed
    _record(directory, caller, "Update", changed)


def delete(directory: Directory, location_id: str, caller: Caller) -> None:
    """Delete a location that is not trusted; it stays restorable."""
    require_p1(directory)
    location = require(directory, location_id)
    if location.get("isTrusted"):
        raise malformed("A trusted named location cannot be deleted; set 'isTrusted' to false first.")
    users = [each for each in directory.access_policies.values() if location_id in _named_by(each)]
    if users and directory.behaviour.used_named_locations_are_kept:
        raise malformed(f"The named location is used by the policy '{users[0]['displayName']}'.")
    recycling.discard(directory, KIND, location_id)
    _record(directory, caller, "Delete", location)


def restore(directory: Directory, location_id: str, caller: Caller) -> Record:
    """Bring a deleted location back; it comes back without trust."""
    require_p1(directory)
    require_deleted(directory, location_id)
    location = recycling.take_back(directory, location_id)
    if "isTrusted" in location:
        location["isTrusted"] = False
    _record(directory, caller, "Restore", location)
    return location


def purge(directory: Directory, location_id: str, caller: Caller) -> None:
    """Delete a deleted location for good."""
    require_deleted(directory, location_id)
    _record(directory, caller, "Hard delete", recycling.purge(directory, location_id))


def require(directory: Directory, location_id: str) -> Record:
    """Get a location, or refuse with 404."""
    if location_id not in directory.named_locations:
        raise not_found(location_id)
    return directory.named_locations[location_id]


def require_deleted(directory: Directory, location_id: str) -> Record:
    """Get a deleted location, or refuse with 404."""
    kind, location = recycling.require(directory, location_id)
    if kind != KIND:
        raise not_found(location_id)
    return location


def typed(record: Record) -> tuple[str, Record]:
    """Tell a location's own Graph type beside it."""
    return _kind_of(record), record


def _holds(location: Record, address: str | None, country: str | None) -> bool:
    if _kind_of(location) == COUNTRY_LOCATION:
        if country == "":
            return bool(location["includeUnknownCountriesAndRegions"])
        return country is not None and country.upper() in location["countriesAndRegions"]
    if address is None:
        return False
    given = ipaddress.ip_address(address)
    return any(given in _network(each["cidrAddress"]) for each in location["ipRanges"])


@functools.lru_cache(maxsize=4096)
def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(text, strict=False)


def _kind_of(body: Mapping[str, Any]) -> str:
    declared = str(body.get("@odata.type", "")).removeprefix("#").removeprefix("microsoft.graph.")
    for kind in _DEFAULTS:
        if declared.lower() == kind.lower():
            return kind
    raise malformed("A named location needs '@odata.type' #microsoft.graph.ipNamedLocation or countryNamedLocation.")


def _given(body: Mapping[str, Any]) -> Record:
    given = {name: value for name, value in body.items() if "@odata." not in name and name != "id"}
    if "ipRanges" in given:
        given["ipRanges"] = [_range(each) for each in given["ipRanges"]]
    return given


def _range(given: Mapping[str, Any]) -> Record:
    # Clients send IPv6 ranges under the IPv4 type, too; what comes back is what the range is.
    text = given.get("cidrAddress")
    try:
        network = _network(str(text))
    except ValueError as fault:
        raise malformed(f"'{text}' is no range of IP addresses in CIDR notation.") from fault
    if "/" not in str(text) or network.prefixlen < _SHORTEST_PREFIX:
        raise malformed(f"The prefix of the range '{text}' must be {_SHORTEST_PREFIX} or longer.")
    return {"@odata.type": f"#microsoft.graph.iPv{network.version}CidrRange", "cidrAddress": text}


def _check(location: Record) -> None:
    if not location.get("displayName"):
        raise malformed("A named location needs a 'displayName'.")
    if _kind_of(location) == IP_LOCATION:
        if not 1 <= len(location.get("ipRanges", [])) <= _MOST_RANGES:
            raise malformed(f"'ipRanges' must hold 1 to {_MOST_RANGES} ranges.")
        return
    countries = location["countriesAndRegions"]
    if not countries and not location["includeUnknownCountriesAndRegions"]:
        raise malformed("'countriesAndRegions' must hold at least one country or region.")
    for each in countries:
        if not _COUNTRY.fullmatch(each):
            raise malformed(f"'{each}' is no country or region in the two letters of ISO 3166-1.")


def _named_by(policy: Record) -> Iterator[str]:
    locations = policy["conditions"]["locations"] or {}
    for side in ("includeLocations", "excludeLocations"):
        yield from locations.get(side, [])


def _record(directory: Directory, caller: Caller, operation: str, location: Record) -> None:
    record_change(
        directory,
        caller,
        f"{operation} named location",
        category="Policy",
        operation=operation,
        targets=[target("NamedLocation", location)],
        service="Conditional Access",
    )
