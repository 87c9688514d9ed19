"""`/identity/conditionalAccess/authenticationContextClassReferences`: the marks that applications can ask for."""

from http import HTTPStatus

from sandbox.bodies import Changes
from sandbox.directory import authentication_contexts
from sandbox.exposures.conditional_access import AUTHENTICATION_CONTEXT
from sandbox.permissions import Service
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import MANY, ONE, Route

_CONTEXTS = "/identity/conditionalAccess/authenticationContextClassReferences"
_SDK = "msgraph-sdk"
_NO_CONTENT = Answer(HTTPStatus.NO_CONTENT)
_READ = (
    "Policy.Read.All;Policy.Read.ConditionalAccess;AuthenticationContext.Read.All;AuthenticationContext.ReadWrite.All"
)
_WRITE = "Policy.Read.All+Policy.ReadWrite.ConditionalAccess;AuthenticationContext.ReadWrite.All"


def list_contexts(request: GraphRequest) -> Answer:
    """List the contexts that the tenant has described."""
    return request.page(AUTHENTICATION_CONTEXT, request.directory.authentication_contexts.values())


def read_context(request: GraphRequest) -> Answer:
    """Show a context."""
    context = authentication_contexts.require(request.directory, request.params["id"])
    return request.show(AUTHENTICATION_CONTEXT, context)


def describe_context(request: GraphRequest) -> Answer:
    """Describe a context, new or not."""
    authentication_contexts.describe(request.directory, request.params["id"], request.body, request.caller)
    return _NO_CONTENT


def delete_context(request: GraphRequest) -> Answer:
    """Forget a context that is not published and that no policy names."""
    authentication_contexts.delete(request.directory, request.params["id"], request.caller)
    return _NO_CONTENT


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        _CONTEXTS,
        list_contexts,
        query=MANY,
        needs=_READ,
        service=Service.CONDITIONAL_ACCESS,
        witness=_SDK,
    ),
    Route(
        "GET",
        f"{_CONTEXTS}/{{id}}",
        read_context,
        query=ONE,
        needs=_READ,
        service=Service.CONDITIONAL_ACCESS,
        witness=_SDK,
    ),
    Route(
        "PATCH",
        f"{_CONTEXTS}/{{id}}",
        describe_context,
        accepts=Changes(AUTHENTICATION_CONTEXT),
        needs=_WRITE,
        service=Service.CONDITIONAL_ACCESS,
        witness=_SDK,
    ),
    Route(
        "DELETE",
        f"{_CONTEXTS}/{{id}}",
        delete_context,
        needs=_WRITE,
        service=Service.CONDITIONAL_ACCESS,
        witness=_SDK,
    ),
)
