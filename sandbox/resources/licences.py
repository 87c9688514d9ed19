"""`/subscribedSkus` and the licences of users."""

from sandbox.bodies import takes
from sandbox.directory import licences
from sandbox.exposures.organization import LICENCE_DETAILS, SUBSCRIBED_SKU
from sandbox.exposures.users import USER
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import ONE, Route

_SDK = "msgraph-sdk"


def list_skus(request: GraphRequest) -> Answer:
    """List what the tenant subscribed to, with its seats."""
    directory = request.directory
    return request.page(SUBSCRIBED_SKU, [licences.render(directory, each) for each in directory.skus.values()])


def read_sku(request: GraphRequest) -> Answer:
    """Show a subscription with its seats."""
    directory = request.directory
    return request.show(
        SUBSCRIBED_SKU, licences.render(directory, licences.require_sku(directory, request.params["id"]))
    )


def assign_licence(request: GraphRequest) -> Answer:
    """Give and take licences of a user."""
    body = request.body
    return request.show(USER, licences.assign(request.directory, request.params["id"], body, request.caller))


def list_licence_details(request: GraphRequest) -> Answer:
    """List the licences of a user with their service plans."""
    user = request.directory.require_user(request.params["id"])
    return request.page(LICENCE_DETAILS, licences.details_of(request.directory, user))


def read_licence_details(request: GraphRequest) -> Answer:
    """Show one licence of a user with its service plans."""
    user = request.directory.require_user(request.params["id"])
    return request.show(
        LICENCE_DETAILS, licences.require_details(request.directory, user, request.params["details_id"])
    )


_READ = "User.Read.All;User.ReadWrite.All;Directory.Read.All;Directory.ReadWrite.All;LicenseAssignment.Read.All"

ROUTES: tuple[Route, ...] = (
    Route("GET", "/subscribedSkus", list_skus, query=ONE, witness=_SDK),
    Route("GET", "/subscribedSkus/{id}", read_sku, query=ONE, witness=_SDK),
    Route(
        "POST",
        "/users/{id}/assignLicense",
        assign_licence,
        accepts=takes(addLicenses="Collection(assignedLicense)", removeLicenses="Collection(Guid)"),
        witness=_SDK,
        gaps="group-based licences",
    ),
    Route(
        "GET",
        "/users/{id}/licenseDetails",
        list_licence_details,
        query=ONE,
        needs=_READ,
        witness=_SDK,
    ),
    Route(
        "GET",
        "/users/{id}/licenseDetails/{details_id}",
        read_licence_details,
        query=ONE,
        needs=_READ,
        witness=_SDK,
    ),
)
