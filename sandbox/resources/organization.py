"""`/organization`: the tenant itself."""

from sandbox.exposures.organization import ORGANIZATION
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import ONE, Route


def list_organizations(request: GraphRequest) -> Answer:
    """List the one organization of the tenant."""
    directory = request.directory
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
    record = {
        "id": directory.tenant_id,
        "assignedPlans": plans,
        "displayName": directory.tenant_name,
        "tenantType": "AAD",
        "verifiedDomains": verified,
    }
    return request.page(ORGANIZATION, [record])


ROUTES: tuple[Route, ...] = (
    Route("GET", "/organization", list_organizations, query=ONE, witness="msgraph-sdk", gaps="contact details"),
)
