"""Which application asks for a token, and how it proves that it is the one.

Each kind of credential has its own entry in `_CREDENTIALS`, which is where another one is added.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus

from sandbox.clock import from_stamp
from sandbox.directory.store import Directory, Record
from sandbox.sign_in.refusals import SignInError

_ZERO = "00000000-0000-0000-0000-000000000000"
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def require_confidential_client(directory: Directory, form: Mapping[str, str]) -> tuple[Record, Record]:
    """Get the application that proves itself, with its service principal, or refuse."""
    application, principal = require_client(directory, form.get("client_id", ""))
    credential = next((each for each in _CREDENTIALS if each in form), None)
    if credential is None:
        text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
        raise SignInError(HTTPStatus.UNAUTHORIZED, "invalid_client", 7000218, text)
    _CREDENTIALS[credential](directory, application, principal, form)
    return application, principal


def require_client(directory: Directory, client_id: str) -> tuple[Record, Record]:
    """Get an application that may sign in here, with its service principal, or refuse."""
    if client_id == _ZERO:
        text = f"{_ZERO} is not a valid application identifier."
        raise SignInError(HTTPStatus.BAD_REQUEST, "unauthorized_client", 700038, text, has_page=False)
    application = directory.find_application(client_id)
    if application is None:
        text = (
            f"Application with identifier '{client_id}' was not found in the directory '{directory.tenant_name}'. "
            "This can happen if the application has not been installed by the administrator of the tenant."
        )
        raise SignInError(HTTPStatus.BAD_REQUEST, "unauthorized_client", 700016, text)
    principal = directory.find_service_principal(client_id)
    if principal is None:
        text = f"The client application {client_id} is missing service principal in the tenant {directory.tenant_id}."
        raise SignInError(HTTPStatus.BAD_REQUEST, "unauthorized_client", 7000229, text)
    if not principal["accountEnabled"]:
        text = f"Application '{client_id}'({application['displayName']}) is disabled."
        raise SignInError(HTTPStatus.BAD_REQUEST, "unauthorized_client", 7000112, text)
    return application, principal


def _check_secret(directory: Directory, application: Record, principal: Record, form: Mapping[str, str]) -> None:
    secret = form["client_secret"]
    now = directory.clock.now()
    for record in (application, principal):
        hashes = directory.secret_hashes.get(record["id"], {})
        for credential in record["passwordCredentials"]:
            if credential["keyId"] in hashes and hashes[credential["keyId"]].matches(secret):
                if now >= from_stamp(credential["endDateTime"]):
                    text = f"The provided client secret keys for app '{application['appId']}' are expired."
                    raise SignInError(HTTPStatus.UNAUTHORIZED, "invalid_client", 7000222, text)
                return
    text = (
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
        f"not the client secret ID, for a secret added to app '{application['appId']}'."
    )
    raise SignInError(HTTPStatus.UNAUTHORIZED, "invalid_client", 7000215, text)


def _refuse_assertion(_directory: Directory, application: Record, _principal: Record, form: Mapping[str, str]) -> None:
    kind = "" if form.get("client_assertion_type") == _ASSERTION_TYPE else " of an unknown type"
    text = (
        f"The app '{application['appId']}' sent a client assertion{kind}; this tenant takes client secrets only, "
        "neither certificates nor federated credentials."
    )
    raise SignInError(HTTPStatus.BAD_REQUEST, "unsupported_grant_type", 70003, text, has_page=False)


_CREDENTIALS: Mapping[str, Callable[[Directory, Record, Record, Mapping[str, str]], None]] = {
    "client_assertion": _refuse_assertion,
    "client_secret": _check_secret,
}
