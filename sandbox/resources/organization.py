"""`/organization`: the tenant itself."""

from sandbox.directory.store import Directory, Record
from sandbox.errors import not_found
from sandbox.exposures.organization import ORGANIZATION
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import ONE, Route

_SDK = "msgraph-sdk"


def list_organizations(request: GraphRequest) -> Answer:
    """List the one organization of the tenant."""
    return request.page(ORGANIZATION, [_organization(request.directory)])


def read_organization(request: GraphRequest) -> Answer:
    """Show the organization by the tenant's id."""
    if request.params["id"] != request.directory.tenant_id:
        raise not_found(request.params["id"])
    return request.show(ORGANIZATION, _organization(request.directory))


def _organization(directory: Directory) -> Record:
    verified = [
        {
            "capabilities": ", ".join(each["supportedServices"]),
            "isDefault": each["isDefault"],
            "isInitial": each["isInitial"],
            "name": each["id"],
            "type": each["authenticationType"],
        }
        for each in directory.domains.values()
        if each["isVerified"]
    ]
    plans = [
        {
            "assignedDateTime": directory.clock.stamp(),
            "capabilityStatus": "Enabled",
            "service": plan["servicePlanName"],
            "servicePlanId": plan["servicePlanId"],
        }
        for sku in directory.skus.values()
        for plan in sku["servicePlans"]
    ]
    return {
        "id": directory.tenant_id,
        "assignedPlans": plans,
        "displayName": directory.tenant_name,
        "tenantType": "AAD",
        "verifiedDomains": verified,
    }


ROUTES: tuple[Route, ...] = (
    Route("GET", "/organization", list_organizations, query=ONE, witness=_SDK, gaps="contact details"),
    Route("GET", "/organization/{id}", read_organization, query=ONE, witness=_SDK, gaps="contact details"),
)
