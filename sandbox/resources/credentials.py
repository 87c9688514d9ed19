"""Secrets of applications and service principals: the same actions below either collection, and who sees keys."""

from collections.abc import Callable
from http import HTTPStatus

from sandbox.bodies import takes
from sandbox.directory import credentials
from sandbox.directory.store import Directory, Record
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import Route

_WITNESS = "azuread provider, msgraph-sdk"


def routes(collection: str, require: Callable[[Directory, str], Record]) -> tuple[Route, ...]:
    """Make the requests about the secrets of a collection's objects; `require` gets one of these, or refuses."""

    def add_password(request: GraphRequest) -> Answer:
        holder = require(request.directory, request.params["id"])
        # Without a body Entra chooses everything.
        wanted = request.body.get("passwordCredential") or {}
        shown = credentials.add_password(request.directory, holder, wanted, request.caller)
        context = f"{request.base_url}/{request.version}/$metadata#microsoft.graph.passwordCredential"
        return Answer(HTTPStatus.OK, {"@odata.context": context, **shown})

    def remove_password(request: GraphRequest) -> Answer:
        holder = require(request.directory, request.params["id"])
        credentials.remove_password(request.directory, holder, request.body.get("keyId"), request.caller)
        return Answer(HTTPStatus.NO_CONTENT)

    path = f"/{collection}/{{id}}"
    return (
        Route(
            "POST",
            f"{path}/addPassword",
            add_password,
            accepts=takes(passwordCredential="passwordCredential"),
            witness=_WITNESS,
        ),
        Route(
            "POST",
            f"{path}/removePassword",
            remove_password,
            accepts=takes(keyId="Guid"),
            status=HTTPStatus.NO_CONTENT,
            witness=_WITNESS,
        ),
    )


def as_selected(request: GraphRequest, record: Record) -> Record:
    """Show the bytes of one object's certificates to who selects `keyCredentials`, and to nobody else."""
    selected = [each.strip() for each in request.query.get("$select", "").split(",")]
    return credentials.with_keys(request.directory, record) if "keyCredentials" in selected else record
