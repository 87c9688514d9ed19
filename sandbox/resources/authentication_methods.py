"""`/users/{id}/authentication`: what a user proves with who they are."""

from http import HTTPStatus

from sandbox.bodies import Changes, Creates, takes
from sandbox.directory import methods, passes
from sandbox.exposures.exposure import Exposure
from sandbox.exposures.methods import (
    AUTHENTICATOR_METHOD,
    EMAIL_METHOD,
    FIDO2_METHOD,
    PASSWORD_METHOD,
    PHONE_METHOD,
    SOFTWARE_OATH_METHOD,
    TEMPORARY_ACCESS_PASS,
)
from sandbox.permissions import Service
from sandbox.requests import Answer, GraphRequest
from sandbox.routing import ONE, Handler, Route

_SDK = "msgraph-sdk"
_SERVICE = Service.AUTHENTICATION
_OF_USER = "/users/{id}/authentication"
_METHODS = f"{_OF_USER}/methods"
_PASSWORDS = f"{_OF_USER}/passwordMethods"
_PASSES = f"{_OF_USER}/temporaryAccessPassMethods"
_NO_CONTENT = Answer(HTTPStatus.NO_CONTENT)


def list_methods(request: GraphRequest) -> Answer:
    """List every method of a user, the password included."""
    found = methods.methods_of(request.directory, request.params["id"])
    return request.page_mixed(request.authentication_methods(found), base="authenticationMethod")


def read_method(request: GraphRequest) -> Answer:
    """Show a method of whatever kind."""
    found = methods.require(request.directory, request.params["id"], request.params["method_id"])
    ((kind, record),) = request.authentication_methods([found])
    return request.show_mixed(kind, record)


def list_passwords(request: GraphRequest) -> Answer:
    """List the one password method of a user."""
    user = request.directory.require_user(request.params["id"])
    return request.page(PASSWORD_METHOD, [methods.password_of(user)])


def read_password(request: GraphRequest) -> Answer:
    """Show the password method, without the password."""
    return request.show(
        PASSWORD_METHOD, methods.require_password(request.directory, request.params["id"], request.params["method_id"])
    )


def reset_password(request: GraphRequest) -> Answer:
    """Give a user a new password; only a generated one is in the answer."""
    generated = methods.reset_password(
        request.directory, request.params["id"], request.params["method_id"], request.body, request.caller
    )
    context = f"{request.base_url}/{request.version}/$metadata#microsoft.graph.passwordResetResponse"
    return Answer(HTTPStatus.ACCEPTED, {"@odata.context": context, "newPassword": generated})


def list_passes(request: GraphRequest) -> Answer:
    """List a user's Temporary Access Passes, without their codes."""
    return request.page(TEMPORARY_ACCESS_PASS, passes.passes_of(request.directory, request.params["id"]))


def issue_pass(request: GraphRequest) -> Answer:
    """Issue a Temporary Access Pass; only this answer shows the code."""
    issued = passes.issue(request.directory, request.params["id"], request.body, request.caller)
    return request.show(TEMPORARY_ACCESS_PASS, issued, status=HTTPStatus.CREATED)


def read_pass(request: GraphRequest) -> Answer:
    """Show a Temporary Access Pass, without its code."""
    found = passes.require(request.directory, request.params["id"], request.params["method_id"])
    return request.show(TEMPORARY_ACCESS_PASS, found)


def delete_pass(request: GraphRequest) -> Answer:
    """Delete a Temporary Access Pass."""
    passes.delete(request.directory, request.params["id"], request.params["method_id"], request.caller)
    return _NO_CONTENT


def add_phone(request: GraphRequest) -> Answer:
    """Register a phone."""
    added = methods.add_phone(request.directory, request.params["id"], request.body, request.caller)
    return request.show(PHONE_METHOD, added, status=HTTPStatus.CREATED)


def change_phone(request: GraphRequest) -> Answer:
    """Change a phone's number."""
    user, method = request.params["id"], request.params["method_id"]
    methods.change_phone(request.directory, user, method, request.body, request.caller)
    return _NO_CONTENT


def add_email(request: GraphRequest) -> Answer:
    """Register an email address for resetting the password."""
    added = methods.add_email(request.directory, request.params["id"], request.body, request.caller)
    return request.show(EMAIL_METHOD, added, status=HTTPStatus.CREATED)


def change_email(request: GraphRequest) -> Answer:
    """Change the registered address."""
    user, method = request.params["id"], request.params["method_id"]
    methods.change_email(request.directory, user, method, request.body, request.caller)
    return _NO_CONTENT


def _lists(kind: str, exposure: Exposure) -> Handler:
    def handler(request: GraphRequest) -> Answer:
        return request.page(exposure, methods.methods_of_kind(request.directory, request.params["id"], kind))

    return handler


def _reads(kind: str, exposure: Exposure) -> Handler:
    def handler(request: GraphRequest) -> Answer:
        user, method = request.params["id"], request.params["method_id"]
        return request.show(exposure, methods.require_of_kind(request.directory, user, kind, method))

    return handler


def _deletes(kind: str) -> Handler:
    def handler(request: GraphRequest) -> Answer:
        user, method = request.params["id"], request.params["method_id"]
        methods.delete(request.directory, user, kind, method, request.caller)
        return _NO_CONTENT

    return handler


def _needs(*, write: bool, delegated: bool = False) -> str:
    levels = ("ReadWrite",) if write else ("Read", "ReadWrite")
    # Without ".All" a permission is for the signed-in user's own methods.
    own = [f"UserAuthenticationMethod.{level}[self]" for level in levels] if delegated else []
    return ";".join([*own, *(f"UserAuthenticationMethod.{level}.All" for level in levels)])


def _kind_routes(
    collection: str, kind: str, exposure: Exposure, *, add: Handler | None = None, change: Handler | None = None
) -> list[Route]:
    """Make the routes of one kind of method; only an administrator's kinds can be added here."""
    template = f"{_OF_USER}/{collection}"
    item = f"{template}/{{method_id}}"

    def route(method: str, path: str, handler: Handler, *, write: bool, **further: object) -> Route:
        return Route(
            method,
            path,
            handler,
            needs=_needs(write=write),
            needs_delegated=_needs(write=write, delegated=True),
            service=_SERVICE,
            witness=_SDK,
            gaps="the permissions for this kind alone",
            **further,  # type: ignore[arg-type]  # the two keys used below are fields of a route
        )

    routes = [route("GET", template, _lists(kind, exposure), write=False)]
    if add is not None:
        routes.append(route("POST", template, add, write=True, accepts=Creates(exposure)))
    routes.append(route("GET", item, _reads(kind, exposure), write=False, query=ONE))
    if change is not None:
        routes.append(route("PATCH", item, change, write=True, accepts=Changes(exposure)))
    routes.append(route("DELETE", item, _deletes(kind), write=True))
    return routes


ROUTES: tuple[Route, ...] = (
    Route("GET", _METHODS, list_methods, service=_SERVICE, witness=_SDK),
    Route("GET", f"{_METHODS}/{{method_id}}", read_method, service=_SERVICE, witness=_SDK),
    Route(
        "POST",
        f"{_METHODS}/{{method_id}}/resetPassword",
        reset_password,
        accepts=takes(newPassword="String"),
        status=HTTPStatus.ACCEPTED,
        service=_SERVICE,
        witness=_SDK,
        gaps="the long-running operation, which is done at once",
    ),
    Route("GET", _PASSWORDS, list_passwords, service=_SERVICE, witness=_SDK),
    Route("GET", f"{_PASSWORDS}/{{method_id}}", read_password, query=ONE, service=_SERVICE, witness=_SDK),
    Route("GET", _PASSES, list_passes, service=_SERVICE, witness=_SDK),
    Route("POST", _PASSES, issue_pass, accepts=Creates(TEMPORARY_ACCESS_PASS), service=_SERVICE, witness=_SDK),
    Route("GET", f"{_PASSES}/{{method_id}}", read_pass, query=ONE, service=_SERVICE, witness=_SDK),
    Route("DELETE", f"{_PASSES}/{{method_id}}", delete_pass, service=_SERVICE, witness=_SDK),
    *_kind_routes("phoneMethods", "phone", PHONE_METHOD, add=add_phone, change=change_phone),
    *_kind_routes("emailMethods", "email", EMAIL_METHOD, add=add_email, change=change_email),
    *_kind_routes("microsoftAuthenticatorMethods", "microsoftAuthenticator", AUTHENTICATOR_METHOD),
    *_kind_routes("softwareOathMethods", "softwareOath", SOFTWARE_OATH_METHOD),
    *_kind_routes("fido2Methods", "fido2", FIDO2_METHOD),
)
