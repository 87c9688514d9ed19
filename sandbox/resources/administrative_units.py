"""`/directory/administrativeUnits` and their members; the azuread provider mixes v1.0, beta and an older address."""

from http import HTTPStatus

from sandbox.bodies import REFERENCE, Changes, Creates
from sandbox.directory import administrative_units
from sandbox.exposures.administrative_units import ADMINISTRATIVE_UNIT
from sandbox.exposures.groups import GROUP
from sandbox.requests import Answer, GraphRequest
from sandbox.resources import memberships
from sandbox.routing import BETA, BOTH, MANY, ONE, Handler, Route

_PROVIDER = "azuread provider"
_BOTH_CLIENTS = "azuread provider, msgraph-sdk"
_UNITS = "/directory/administrativeUnits"
_UNIT = f"{_UNITS}/{{id}}"
_MEMBERS = f"{_UNIT}/members"
_READ = "AdministrativeUnit.ReadWrite.All;Directory.Read.All;Directory.ReadWrite.All"
_WRITE = "AdministrativeUnit.ReadWrite.All;Directory.ReadWrite.All"
_NO_CONTENT = Answer(HTTPStatus.NO_CONTENT)


def list_units(request: GraphRequest) -> Answer:
    """List administrative units."""
    return request.page(ADMINISTRATIVE_UNIT, request.directory.administrative_units.values())


def create_unit(request: GraphRequest) -> Answer:
    """Create an administrative unit."""
    unit = administrative_units.create(request.directory, request.body, request.caller)
    return request.show(ADMINISTRATIVE_UNIT, unit, status=HTTPStatus.CREATED)


def read_unit(request: GraphRequest) -> Answer:
    """Show an administrative unit."""
    return request.show(ADMINISTRATIVE_UNIT, administrative_units.require(request.directory, request.params["id"]))


def update_unit(request: GraphRequest) -> Answer:
    """Change the named properties of an administrative unit."""
    administrative_units.change(request.directory, request.params["id"], request.body, request.caller)
    return _NO_CONTENT


def delete_unit(request: GraphRequest) -> Answer:
    """Delete an administrative unit; it stays restorable."""
    administrative_units.delete(request.directory, request.params["id"], request.caller)
    return _NO_CONTENT


def list_members(request: GraphRequest) -> Answer:
    """List an administrative unit's members."""
    return request.page_mixed(request.objects(administrative_units.members_of(request.directory, request.params["id"])))


def create_group(request: GraphRequest) -> Answer:
    """Create a group as a member."""
    group = administrative_units.create_group(request.directory, request.params["id"], request.body, request.caller)
    shown = request.show(GROUP, group, status=HTTPStatus.CREATED)
    return Answer(shown.status, {**(shown.body or {}), "@odata.type": "#microsoft.graph.group"})


def add_member(request: GraphRequest) -> Answer:
    """Add a member by reference."""
    administrative_units.add_member(
        request.directory, request.params["id"], request.body.get("@odata.id"), request.caller
    )
    return _NO_CONTENT


def remove_member(request: GraphRequest) -> Answer:
    """Take a member out."""
    administrative_units.remove_member(
        request.directory, request.params["id"], request.params["member_id"], request.caller
    )
    return _NO_CONTENT


def _members_of_kind(kind: str) -> Handler:
    def handler(request: GraphRequest) -> Answer:
        members = administrative_units.members_of(request.directory, request.params["id"])
        return memberships.of_kind(request, kind, members)

    return handler


ROUTES: tuple[Route, ...] = (
    Route("GET", _UNITS, list_units, query=MANY, needs=_READ, witness=_BOTH_CLIENTS),
    Route("POST", _UNITS, create_unit, accepts=Creates(ADMINISTRATIVE_UNIT), needs=_WRITE, witness=_BOTH_CLIENTS),
    Route("GET", _UNIT, read_unit, query=ONE, needs=_READ, witness=_BOTH_CLIENTS),
    Route(
        "PATCH",
        _UNIT,
        update_unit,
        accepts=Changes(ADMINISTRATIVE_UNIT),
        needs=_WRITE,
        witness=_BOTH_CLIENTS,
        gaps="restricted management, dynamic membership, roles limited to a unit",
    ),
    Route("DELETE", _UNIT, delete_unit, needs=_WRITE, witness="msgraph-sdk"),
    Route("GET", _MEMBERS, list_members, query=MANY, needs=_READ, witness=_BOTH_CLIENTS),
    *(
        Route(
            "GET",
            f"{_MEMBERS}/microsoft.graph.{kind}",
            _members_of_kind(kind),
            query=MANY,
            needs=_READ,
            witness="msgraph-sdk",
        )
        for kind in ("user", "group")
    ),
    Route("POST", _MEMBERS, create_group, versions=BETA, accepts=Creates(GROUP), witness=_PROVIDER),
    Route("POST", f"{_MEMBERS}/$ref", add_member, versions=BOTH, accepts=REFERENCE, witness=_BOTH_CLIENTS),
    Route("DELETE", f"{_MEMBERS}/{{member_id}}/$ref", remove_member, versions=BOTH, witness=_BOTH_CLIENTS),
    # The azuread provider deletes here.
    Route("DELETE", "/administrativeUnits/{id}", delete_unit, versions=BETA, needs=_WRITE, witness=_PROVIDER),
)
