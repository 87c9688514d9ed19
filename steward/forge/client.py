"""Opens GitHub's API with a job's token, and turns its failures into ours.

The address is the forge's own, so that GitHub Enterprise is reached alike; TLS is verified in any case. Requests that
GitHub puts off are tried again as it says, within bounds.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from github import Auth, Github, GithubException, GithubRetry, RateLimitExceededException
from github.Repository import Repository
from requests.exceptions import RequestException, RetryError

from steward.errors import RefusedError, StewardError, UnreadableError
from steward.forge.address import Forge
from steward.secret import Secret

_ANSWER_SECONDS = 30
_METHODS = frozenset({"GET", "POST", "PATCH", "DELETE"})
_LONGEST_REASON = 200


@contextmanager
def open_repository(forge: Forge) -> Iterator[Repository]:
    """Yield the repository; nothing is sent before something is asked, and failures come out as ours."""
    client = Github(
        base_url=forge.api_url,
        auth=Auth.Token(forge.token.reveal()),
        timeout=_ANSWER_SECONDS,
        verify=str(forge.ca_file) if forge.ca_file else True,
        lazy=True,
        retry=GithubRetry(
            total=forge.retries,
            backoff_factor=1,
            allowed_methods=_METHODS,
            retry_after_max=int(forge.longest_wait_seconds),
            secondary_rate_wait=forge.longest_wait_seconds,
            max_rate_limit_wait=forge.longest_wait_seconds,
        ),
    )
    try:
        yield client.get_repo(forge.repository)
    except GithubException as error:
        raise _refusal(forge, error) from None
    except RetryError:
        raise _put_off(f"it was asked {forge.retries + 1} times") from None
    except RequestException as error:
        raise UnreadableError(
            f"{forge.api_url} does not answer",
            why=_masked(type(error).__name__ + ": " + str(error), forge.token),
            next_move="run the job again; GITHUB_API_URL names the API, SSL_CERT_FILE the authorities to trust",
        ) from None
    finally:
        client.close()


def _refusal(forge: Forge, error: GithubException) -> StewardError:
    why = _masked(f"{error.status}: {_message(error)}", forge.token)
    if isinstance(error, RateLimitExceededException) or error.status == HTTPStatus.TOO_MANY_REQUESTS:
        return _put_off(why)
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return UnreadableError("GitHub fails", why=why, next_move="run the job again")
    return RefusedError(
        f"GitHub refuses a request about {forge.repository}",
        why=why,
        next_move="give the job the permission that docs/pipelines.md names for it; a fork's job has none",
    )


def _put_off(why: str) -> StewardError:
    return UnreadableError(
        "GitHub fails, or puts requests off for longer than a job waits", why=why, next_move="run the job again later"
    )


def _message(error: GithubException) -> str:
    said = error.data.get("message") if isinstance(error.data, dict) else error.message
    return " ".join(str(said or "no reason").split())


def _masked(text: str, token: Secret) -> str:
    return text.replace(token.reveal(), str(token))[:_LONGEST_REASON]
