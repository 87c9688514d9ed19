"""The vendor's application, which is not in the tenant before, consented to in a real Chromium in a scheduled window.

It asks for more than the tenant file declares, and sends nobody back to us.
"""

import json
from collections.abc import Iterator

import pytest

from sandbox.behaviour import Behaviour
from sandbox.seed import VENDOR_APPLICATION_ID, Seed, SeedLicence
from scripts.rehearsal.chromium import Chromium, open_chromium
from scripts.rehearsal.tenant_file import LOGIN
from steward.wellknown.stack import SERVICE_PRINCIPAL
from tests.browser.visits import Consented
from tests.life.conftest import MakeTenancy

pytestmark = pytest.mark.terraform

SEED = Seed(
    behaviour=Behaviour(log_delay_seconds=0, role_start_delay_seconds=1),
    licences=(SeedLicence("AAD_PREMIUM_P2"),),
)


def for_the_consent_only(text: str) -> str:
    """Name the vendor's application, in a window that is for its consent and nothing else."""
    name = "  display_name: CiraSync\n"
    named = text.replace(name, f"{name}  client_id: {VENDOR_APPLICATION_ID}\n")
    named = named.replace("consent: browser\n", "consent: browser\nfirst_sign_in: none\n")
    return "".join(line for line in named.splitlines(keepends=True) if "redirect_uris" not in line)


@pytest.fixture(scope="module")
def consented(make_tenancy: MakeTenancy, tmp_path_factory: pytest.TempPathFactory) -> Consented:
    sink = tmp_path_factory.mktemp("sink")
    made = make_tenancy(elevation="scheduled", consent="browser", seed=SEED, sink=sink, edit=for_the_consent_only)
    return Consented(made, sink)


@pytest.fixture(scope="module")
def chromium(consented: Consented) -> Iterator[Chromium]:
    scene = consented.tenancy.scene
    with open_chromium(scene.sandbox.base_url, scene.sandbox.ca_file, scene.control) as running:
        yield running


def test_more_than_declared_is_taken_back_and_said(consented: Consented, chromium: Chromium) -> None:
    consented.deploy()
    tenancy = consented.tenancy
    control = tenancy.scene.control
    assert SERVICE_PRINCIPAL not in tenancy.addresses_in_state()
    assert control.act("GET", _principal())["value"] == [], "nothing of the vendor's is there before its consent"
    with consented.run() as run, chromium.private_window() as window:
        with chromium.private_window() as enrolling:
            consented.enrol(run, enrolling, LOGIN)
        address = consented.address(run)
        assert "redirect_uri" not in address
        assert VENDOR_APPLICATION_ID in address
        # Privileged Identity Management takes no role back within 5 minutes.
        control.advance_clock(301)
        window.open(address)
        window.sign_in(LOGIN, consented.passes()[-1])
        window.decide("accept")
        assert "Group.Read.All" in window.seen
        assert window.away.startswith("https://dashboard.vendor.example/"), window.words
        assert run.end() == 1, run.output
    assert (
        "application permission Group.Read.All of CiraSync: it was granted, and the tenant file does not" in run.output
    )
    assert "delegated openid profile for all principals" in run.output
    roles, scopes = tenancy.grants()
    assert len(roles) == 3
    assert [sorted(each.split()) for each in scopes] == [["User.Read", "offline_access"]]
    assert not tenancy.holds_role()
    assert "sealed; no privileged role by any path" in run.output
    (reason,) = [line for line in run.output.splitlines() if line.startswith("findings: ")]
    assert "consent: application permission Group.Read.All of CiraSync" in reason, "a good end says why it is 1"
    assert "sealed_on: " in run.output, "what was found does not keep the second lock open"
    assert tenancy.plan() == {}
    found = [line for line in _evidence(consented) if line["verb"] in {"found", "revoked"}]
    assert {line["step"] for line in found} == {"consent"}
    # Nothing is left to be found or done.
    again = tenancy.post_apply()
    assert "grants: equal to the declared set" in again.stderr


def _principal() -> str:
    return f"/v1.0/servicePrincipals?$filter=appId eq '{VENDOR_APPLICATION_ID}'"


def _evidence(consented: Consented) -> list[dict[str, str]]:
    newest = max((consented.tenancy.scene.folder / "evidence").rglob("*.jsonl"), key=lambda file: file.name)
    return [json.loads(line) for line in newest.read_text(encoding="utf-8").splitlines()]
