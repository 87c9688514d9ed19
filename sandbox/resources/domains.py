"""`/domains`: the names of a tenant."""

from sandbox.errors import not_found
from sandbox.exposures.organization import DOMAIN
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import ONE, Route

_BOTH_CLIENTS = "azuread provider, msgraph-sdk"


def list_domains(request: GraphRequest) -> Answer:
    """List the tenant's domains."""
    return request.page(DOMAIN, request.directory.domains.values())


def read_domain(request: GraphRequest) -> Answer:
    """Show a domain."""
    domain = request.directory.domains.get(request.params["id"].lower())
    if domain is None:
        raise not_found(request.params["id"])
    return request.show(DOMAIN, domain)


ROUTES: tuple[Route, ...] = (
    Route("GET", "/domains", list_domains, query=ONE, witness=_BOTH_CLIENTS),
    Route("GET", "/domains/{id}", read_domain, query=ONE, witness="msgraph-sdk"),
)
