"""A person's sign-in: what is sent again while a consent is not seen everywhere, and what a refusal of it means.

Whoever consents first makes the client's service principal in the tenant, and for some moments the token endpoint may
answer as if there were none (AADSTS7000229). The code that the person brought is redeemed again meanwhile; where
that spent it, the first answer stands.
"""

import re
from collections.abc import Callable
from typing import Any

from azure.core.exceptions import AzureError
from azure.core.pipeline.transport import RequestsTransport
from tenacity import RetryCallState, Retrying, retry_if_result, stop_after_delay, wait_exponential

from steward.config.clouds import Cloud
from steward.errors import ConfigError, RefusedError, StewardError

_UNSEEN = "AADSTS7000229"
_PATIENCE_SECONDS = 60.0
_LONGEST_PAUSE_SECONDS = 10.0
_BAD_REQUEST = 400
# The code was redeemed already, or is not known any more.
_SPENT = re.compile(r"AADSTS(54005|70000|70008|70018)\b")
# The consent declined, and a device code that was declined or is over; 70002 is also said of a client's credentials.
_NOBODY = re.compile(r"AADSTS(65004|70019)\b|AADSTS70002\b.*denied|^Timed out\b")


class SignInTransport(RequestsTransport):  # type: ignore[misc]  # azure-core resolves the name at run time
    """Sends as azure-identity does, and a request again that is refused because a new consent is not seen yet."""

    def __init__(self, announce: Callable[[str], None], **options: Any) -> None:
        super().__init__(**options)
        self._announce = announce

    def send(self, request: Any, *, proxies: Any = None, **options: Any) -> Any:
        """Return the last answer; the first refusal, where sending again only shows that the code is spent."""
        answers: list[Any] = []

        def ask() -> Any:
            answers.append(super(SignInTransport, self).send(request, proxies=proxies, **options))
            return answers[-1]

        def tell(state: RetryCallState) -> None:
            if state.attempt_number == 1:
                self._announce("the consent is not seen everywhere yet, so the sign-in is tried again for a minute")

        attempts = Retrying(
            retry=retry_if_result(_is_unseen),
            stop=stop_after_delay(_PATIENCE_SECONDS),
            wait=wait_exponential(max=_LONGEST_PAUSE_SECONDS),
            before_sleep=tell,
            retry_error_callback=lambda _: answers[-1],
        )
        last = attempts(ask)
        return answers[0] if len(answers) > 1 and _SPENT.search(last.text()) else last


def _is_unseen(answer: Any) -> bool:
    return answer.status_code >= _BAD_REQUEST and _UNSEEN in answer.text()


def is_nobody(error: AzureError) -> bool:
    """Return whether a person's sign-in failed because the person declined it, or did not come."""
    return _NOBODY.search(error.message) is not None


def explain_refusal(cloud: Cloud, error: AzureError, why: str) -> StewardError:
    """Return what a person is told whose sign-in failed; the ARM_* variables are none of it."""
    if is_nobody(error):
        return ConfigError(
            "nobody signed in", why=why, next_move="run it again, and accept on the page what it asks while it waits"
        )
    what = f"sign-in to {cloud.authority} was refused"
    if _UNSEEN in error.message:
        return RefusedError(
            what,
            why=f"the consent is not seen everywhere yet: {why}",
            next_move="run it again in a minute; what was consented to stays",
        )
    return RefusedError(
        what, why=why, next_move="sign in again, as somebody who may; the tenant's sign-in log tells what refused it"
    )
