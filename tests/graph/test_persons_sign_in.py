"""A person's sign-in that is refused: what it means, and when a code is redeemed again."""

import json
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import DeviceCodeCredential

from steward.config.clouds import Cloud
from steward.errors import ConfigError, RefusedError, StewardError
from steward.graph import persons_sign_in
from steward.graph.credentials import open_credential
from steward.graph.persons_sign_in import SignInTransport
from steward.graph.session import read_caller
from steward.graph.sign_in_methods import DeviceCodeSignIn
from steward.wellknown.clients import GRAPH_COMMAND_LINE

CLOUD = Cloud(name="sandbox", authority="https://localhost:9", graph="https://localhost:9", ca_file=None)
UNSEEN = "AADSTS7000229: The client application is missing service principal in the tenant."


@pytest.mark.parametrize(
    ("message", "kind", "hint"),
    [
        (f"Authentication failed: {UNSEEN}", RefusedError, "run it again in a minute"),
        ("Authentication failed: AADSTS70002: The end-user denied the authorization request.", ConfigError, "accept"),
        ("Authentication failed: AADSTS65004: User declined to consent.", ConfigError, "accept"),
        ("Authentication failed: AADSTS70019: Verification code expired.", ConfigError, "accept"),
        ("Timed out waiting for user to authenticate", ConfigError, "accept"),
        ("Authentication failed: AADSTS70002: Error validating credentials.", RefusedError, "sign-in log"),
        ("Authentication failed: AADSTS53003: Access has been blocked.", RefusedError, "sign-in log"),
    ],
)
def test_refusal_says_what_the_person_does_and_speaks_of_no_variable(
    monkeypatch: pytest.MonkeyPatch, message: str, kind: type[StewardError], hint: str
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ClientAuthenticationError(message=message)

    monkeypatch.setattr(DeviceCodeCredential, "get_token", refuse)
    credential = open_credential(CLOUD, "tenant", DeviceCodeSignIn(GRAPH_COMMAND_LINE, lambda _: None))
    with pytest.raises(StewardError) as refused:
        read_caller(CLOUD, credential, ["scope"])
    assert type(refused.value) is kind
    assert hint in refused.value.next_move
    assert "ARM_" not in str(refused.value)
    assert refused.value.why.endswith(message)


class _Answer:
    def __init__(self, description: str) -> None:
        self.status_code = 400 if description else 200
        self._text = json.dumps({"error_description": description} if description else {"access_token": "token"})

    def text(self) -> str:
        return self._text


def _send(monkeypatch: pytest.MonkeyPatch, *descriptions: str) -> tuple[str, int, list[str]]:
    """Send one request that is answered so in turn; return the answer, how often it was sent, and what was told."""
    told: list[str] = []
    left = [_Answer(each) for each in descriptions]

    def answer(*_: object, **__: object) -> _Answer:
        return left.pop(0) if len(left) > 1 else left[0]

    monkeypatch.setattr(RequestsTransport, "send", answer)
    monkeypatch.setattr(persons_sign_in, "_LONGEST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(persons_sign_in, "_PATIENCE_SECONDS", 0.1)
    text = SignInTransport(told.append).send(object()).text()
    return text, len(descriptions) - len(left), told


@pytest.mark.parametrize(
    ("descriptions", "expected"),
    [
        (("",), "access_token"),
        ((UNSEEN, UNSEEN, ""), "access_token"),
        ((UNSEEN, "AADSTS70016: Authorization is pending."), "AADSTS70016"),
        ((UNSEEN, "AADSTS70002: The end-user denied the authorization request."), "AADSTS70002"),
        ((UNSEEN, "AADSTS54005: OAuth2 Authorization code was already redeemed."), "AADSTS7000229"),
        ((UNSEEN, "AADSTS70018: The device code is not valid."), "AADSTS7000229"),
        (("AADSTS54005: OAuth2 Authorization code was already redeemed.",), "AADSTS54005"),
        ((UNSEEN,), "AADSTS7000229"),
    ],
)
def test_code_is_redeemed_again_until_another_answer_and_a_spent_one_is_not_blamed(
    monkeypatch: pytest.MonkeyPatch, descriptions: tuple[str, ...], expected: str
) -> None:
    text, taken, told = _send(monkeypatch, *descriptions)
    assert expected in text
    assert taken == len(descriptions) - 1
    assert len(told) == (1 if descriptions[0] == UNSEEN else 0)
