"""Steps of a recording that prepare faults: played, they befall the requests that follow, in place of earlier ones."""

import dataclasses
import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest

from conformance.player import Player
from conformance.recording import Case, Step
from conformance.symbols import Symbols
from conformance.tenant import RecordedTenant

_STEP = Step(
    name="429 with Retry-After 2, twice",
    command=None,
    exit_code=None,
    config=None,
    env={},
    outside=(),
    faults=(),
    requests=(),
    diagnostics=(),
    plan=None,
    drift=None,
    output_changes=None,
    state=None,
    outputs=None,
)
_UNAVAILABLE = {"method": "GET", "path": "/v1.0/domains", "status": 503, "code": "X", "message": "later", "times": 9}
_THROTTLED = {
    "method": "POST",
    "path": "/v1.0/users",
    "status": 429,
    "code": "TooManyRequests",
    "message": "Too many requests",
    "times": 2,
    "headers": {"Retry-After": "2"},
}


@pytest.mark.terraform
def test_played_faults_befall_the_next_requests_and_replace_those_prepared_before(
    tenant: RecordedTenant, tmp_path: Path
) -> None:
    steps: Any = [dataclasses.replace(_STEP, faults=(each,)) for each in (_UNAVAILABLE, _THROTTLED)]
    case = Case("faults", "steps that prepare faults", {}, tuple(steps))
    symbols = Symbols(tenant.symbols(), literal=case.written_out())
    player = Player(case, tenant=tenant, symbols=symbols, folder=tmp_path, environment=tenant.environment)
    assert [step for step, _ in player.play()] == steps

    context = ssl.create_default_context(cafile=tenant.environment["SSL_CERT_FILE"])
    base_url = f"https://{tenant.environment['ARM_METADATA_HOSTNAME']}"
    with httpx.Client(base_url=base_url, verify=context, trust_env=False) as client:
        answers = [client.post("/v1.0/users", json={}) for _ in range(3)]
        assert client.get("/v1.0/domains").status_code == 401
    assert [each.status_code for each in answers] == [429, 429, 401]
    assert answers[0].headers["Retry-After"] == "2"
