"""``azuread_named_location``."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.provider.checks import exactly_one_of, not_empty, one_of
from sandbox.provider.diagnostics import Diagnosis
from sandbox.provider.graph import Missing, Refusal
from sandbox.provider.resource import IdPath, Record, Resource, failing_as
from sandbox.provider.schema import Object, computed, one_block, optional, required, top_level
from sandbox.provider.session import Session
from sandbox.provider.values import BOOL, STRINGS

_LOCATIONS = "/identity/conditionalAccess/namedLocations"
_GRAPH = "#microsoft.graph."
_SHORTEST_PREFIX = 8
# Seconds that the provider gives Graph before it first looks for what it has made.
_SETTLING = 15.0


def _is_range(where: str, value: Any) -> str | None:
    """Accept an IP range in CIDR notation, host bits and all, that is not too wide for Entra."""
    if not value:
        return not_empty(where, value)
    address, _, length = value.partition("/")
    try:
        ipaddress.ip_address(address)
        ipaddress.ip_network(value, strict=False)
        usual = length.isdecimal() and "%" not in address
    except ValueError:
        usual = False
    if not usual:
        return f'expected "{where}" to be a valid IPv4 or IPv6 prefix'
    if int(length) < _SHORTEST_PREFIX:
        return f'expected "{where}" to have a prefix length at least {_SHORTEST_PREFIX}, got {int(length)}'
    return None


class NamedLocation(Resource):
    """A place that conditional access policies know by name: IP ranges or countries."""

    name = "azuread_named_location"
    id_path = IdPath(f"{_LOCATIONS}/{{namedLocationId}}", title="IdentityConditionalAccessNamedLocation")
    rules = (exactly_one_of("ip", "country"),)
    schema = top_level(
        {"display_name": required(check=not_empty), "object_id": computed()},
        {
            "country": one_block(
                Object(
                    attributes={
                        "countries_and_regions": required(STRINGS, check=not_empty),
                        "country_lookup_method": optional(
                            default="clientIpAddress", check=one_of("authenticatorAppGps", "clientIpAddress")
                        ),
                        "include_unknown_countries_and_regions": optional(BOOL),
                    }
                ),
                replaces=True,
            ),
            "ip": one_block(
                Object(attributes={"ip_ranges": required(STRINGS, check=_is_range), "trusted": optional(BOOL)}),
                replaces=True,
            ),
        },
        timeouts=("create", "read", "update", "delete"),
    )

    def create(self, session: Session, record: Record) -> None:
        """Create the location and wait until it reads as written."""
        body = {**_body(record.wanted), "displayName": record.wanted["display_name"]}
        with failing_as("Could not create named location"):
            made = session.graph.post(_LOCATIONS, body)
        path = self.id_path.of(made["id"])
        if record.wanted["country"]:
            record.id = path  # of IP ranges the provider notes the id only when it has seen them
        with failing_as(f"waiting for creation of {self.id_path.label(path)}"):
            session.graph.rest(_SETTLING)
            _await(session, path, body)
        record.id = path
        self.read(session, record)

    def update(self, session: Session, record: Record) -> None:
        """Send ranges or countries, the name when it changes, and wait until the location reads as written."""
        path, label = self.address(record), self.label(record)
        body = _body(record.wanted)
        if record.changed("display_name"):
            body["displayName"] = record.wanted["display_name"]
        with failing_as(f"Updating {label}"):
            session.graph.patch(path, body)
        with failing_as(f"waiting for update of {label}"):
            _await(session, path, body)
        self.read(session, record)

    def read(self, session: Session, record: Record) -> None:
        """Read the location."""
        try:
            location = session.graph.find(self.address(record))
        except Refusal as error:
            raise Diagnosis("Bad API Response", "returned model was nil") from error
        if location is None:
            record.forget()
            return
        record.store(
            object_id=location.get("id"),
            display_name=location.get("displayName"),
            ip=_ip_block(location),
            country=_country_block(location),
        )

    def delete(self, session: Session, record: Record) -> None:
        """Take the trust from IP ranges, without which they cannot be deleted, and delete the location."""
        path, label = self.address(record), self.label(record)
        if record.wanted["ip"]:
            body = {**_body(record.wanted), "isTrusted": False}
            with failing_as(f"updating {label} prior to deletion"):
                if _gone(lambda: session.graph.patch(path, body)):
                    return
            with failing_as(f"waiting for removal of trusted status on {label}"):
                session.graph.waited(lambda: session.graph.get(path).get("isTrusted") is False)
        with failing_as(f"deleting {label}", path="id"):
            if _gone(lambda: session.graph.delete(path)):
                return
        with failing_as(f"waiting for deletion of {label}"):
            session.graph.waited(lambda: session.graph.find(path) is None)


def _await(session: Session, path: str, written: Mapping[str, Any]) -> None:
    """Wait until Graph shows what was written; a location that it does not know at all is an error at once."""

    def agrees() -> bool:
        location = session.graph.get(path)
        # A range comes back under its own type, whatever it was sent as.
        return all(
            _addresses(value) == _addresses(location.get(name)) for name, value in written.items() if "@" not in name
        )

    session.graph.waited(agrees)


def _addresses(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return [item.get("cidrAddress") if isinstance(item, dict) else item for item in value]


def _gone(write: Callable[[], None]) -> bool:
    try:
        write()
    except Missing:
        return True
    return False


def _body(wanted: Mapping[str, Any]) -> dict[str, Any]:
    if wanted["ip"]:
        location = wanted["ip"][0]
        # An IPv6 range goes under the name of IPv4, too.
        kind = f"{_GRAPH}iPv4CidrRange"
        return {
            "@odata.type": f"{_GRAPH}ipNamedLocation",
            "ipRanges": [{"@odata.type": kind, "cidrAddress": each} for each in location["ip_ranges"]],
            "isTrusted": location["trusted"],
        }
    location = wanted["country"][0]
    return {
        "@odata.type": f"{_GRAPH}countryNamedLocation",
        "countriesAndRegions": location["countries_and_regions"],
        "countryLookupMethod": location["country_lookup_method"],
        "includeUnknownCountriesAndRegions": location["include_unknown_countries_and_regions"],
    }


def _ip_block(location: Mapping[str, Any]) -> list[dict[str, Any]]:
    if location.get("@odata.type") != f"{_GRAPH}ipNamedLocation":
        return []
    return [{"ip_ranges": _addresses(location.get("ipRanges") or []), "trusted": location.get("isTrusted")}]


def _country_block(location: Mapping[str, Any]) -> list[dict[str, Any]]:
    if location.get("@odata.type") != f"{_GRAPH}countryNamedLocation":
        return []
    return [
        {
            "countries_and_regions": location.get("countriesAndRegions"),
            "country_lookup_method": location.get("countryLookupMethod"),
            "include_unknown_countries_and_regions": location.get("includeUnknownCountriesAndRegions"),
        }
    ]
