"""Asks the forge for a job's own identity token, with which an identity of ours signs in without any secret.

The token lives for minutes, and so it is asked for anew at each sign-in; the azuread provider does the same from the
same two variables.
"""

from http import HTTPStatus

import httpx

from steward.errors import ConfigError, UnreadableError
from steward.secret import Secret
from steward.wellknown.registration import TOKEN_EXCHANGE

_ANSWER_SECONDS = 20.0
_NEXT = "give the job the permission id-token: write; a pull request from a fork has none"


def request_job_token(url: str, bearer: Secret) -> Secret:
    """Return a token for the audience that Entra ID expects.

    Raises `UnreadableError` where the forge does not answer, `ConfigError` where it refuses.
    """
    address = httpx.URL(url).copy_merge_params({"audience": TOKEN_EXCHANGE})
    if address.scheme != "https":
        raise ConfigError(
            "the address of the job's identity token is not https",
            why="the token signs in, and would travel in clear",
            next_move="leave the variable as the forge sets it",
        )
    try:
        answer = httpx.get(address, headers={"Authorization": f"Bearer {bearer.reveal()}"}, timeout=_ANSWER_SECONDS)
        token = answer.json().get("value") if answer.status_code == HTTPStatus.OK else None
    except (httpx.HTTPError, ValueError) as error:
        raise UnreadableError(
            "the forge gives no identity token", why=f"{address.host}: {type(error).__name__}", next_move="run it again"
        ) from None
    if not isinstance(token, str) or not token:
        raise ConfigError(
            "the forge gives no identity token", why=f"{address.host}: HTTP {answer.status_code}", next_move=_NEXT
        )
    return Secret(token)
