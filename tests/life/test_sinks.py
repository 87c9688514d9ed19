"""A whole life with `sign_in: allowed` through each kind of sink, and what happens when somebody changes the password.

All of it happens to one tenant that is deployed once: the tenant file names another sink each time, and the sandbox and
Terraform's state are brought back to where they were after the deploy.
"""

import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from azure.identity import ClientSecretCredential
from azure.keyvault.secrets import SecretClient

from sandbox.seed import Seed, SeedIdentity, SeedVault, SeedVaultAccess
from scripts.rehearsal.scene import POST_APPLY
from scripts.rehearsal.tenant_file import LOGIN
from tests.life.conftest import MakeTenancy
from tests.life.tenancy import Tenancy
from tests.life.test_secrets import keep_journal, leaks
from tests.life.test_sign_in import PATIENCE_SECONDS, start_post_apply, wait_until_enabled

pytestmark = pytest.mark.terraform

# Files what it is given under the name that it is told, and keeps what else it was given beside it.
KEEP = """\
import json, os, sys
from pathlib import Path
folder, name = Path(sys.argv[1]), sys.argv[2]
folder.joinpath(name).write_text(sys.stdin.read())
folder.joinpath(name + ".seen").write_text(json.dumps([sys.argv, dict(os.environ)]))
"""
OPENER = "opener"
SEED = Seed(
    identities=(SeedIdentity(OPENER),),
    vault=SeedVault(
        access=(SeedVaultAccess(POST_APPLY, ("set", "update", "list")), SeedVaultAccess(OPENER, ("get", "list")))
    ),
)


class Deployed:
    """The tenant right after its deploy, as often as it is needed."""

    def __init__(self, tenancy: Tenancy, folder: Path) -> None:
        self.tenancy = tenancy
        self.folder = folder
        self._file = tenancy.scene.folder / "contoso.yaml"
        self._text = self._file.read_text()
        tenancy.deploy()
        self._exported = tenancy.scene.control.export()
        self._state = tenancy.state_file.read_bytes()

    def bring_back(self) -> None:
        self.tenancy.scene.control.load(self._exported)
        self.tenancy.state_file.write_bytes(self._state)

    def use(self, sink: dict[str, Any]) -> None:
        """Write another sink into the tenant file."""
        text = re.sub(r"(?ms)^sink:.*", "", self._text)
        self._file.write_text(f"{text}sink: {json.dumps(sink)}\n")

    @property
    def vault(self) -> dict[str, Any]:
        return {"key_vault": {"vault": self.tenancy.scene.sandbox.base_url, "secret_prefix": "account"}}

    def opened(self, kind: str) -> str | None:
        """Return the newest secret of a kind in the vault, as its receiver sees it."""
        sandbox = self.tenancy.scene.sandbox
        who = sandbox.identities[OPENER]
        trusted = {"connection_verify": str(sandbox.ca_file)}
        credential = ClientSecretCredential(
            sandbox.tenant_id,
            who.client_id,
            who.client_secret,
            authority=sandbox.base_url,
            disable_instance_discovery=True,
            **trusted,
        )
        name = f"account-{sandbox.tenant_id}"
        with SecretClient(sandbox.base_url, credential, verify_challenge_resource=False, **trusted) as vault:
            versions = [
                each for each in vault.list_properties_of_secret_versions(name) if (each.tags or {}).get("kind") == kind
            ]
            return vault.get_secret(name, versions[-1].version).value if versions else None


@pytest.fixture(scope="module")
def deployed(make_tenancy: MakeTenancy, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    folder = tmp_path_factory.mktemp("sinks")
    return Deployed(make_tenancy(seed=SEED, sink=folder / "files"), folder)


def newest(folder: Path, kind: str) -> str | None:
    found = sorted(folder.glob(f"*.{kind}"))
    return found[-1].read_text().strip() if found else None


def enrol(deployed: Deployed, receive: Callable[[str], str | None]) -> tuple[str, str, str]:
    """Run post_apply with a person who enrols; return the pass, the password, and what the program said."""
    tenancy = deployed.tenancy
    with start_post_apply(tenancy) as running:
        wait_until_enabled(tenancy)
        code = receive("pass")
        assert code
        tenancy.scene.control.register_method(LOGIN, code)
        output, _ = running.communicate(timeout=PATIENCE_SECONDS)
    assert running.returncode == 0, output
    password = receive("password")
    assert password
    return code, password, output


def assert_kept_by_nobody_else(deployed: Deployed, output: str, *secrets: str) -> None:
    keep_journal(deployed.tenancy)
    for secret in secrets:
        assert secret not in output
        assert leaks(deployed.tenancy.scene.folder, secret) == []


@pytest.mark.parametrize("kind", ["file", "key_vault", "command"])
def test_person_gets_pass_and_password_from_each_kind_of_sink(deployed: Deployed, kind: str) -> None:
    deployed.bring_back()
    folder = deployed.folder / kind
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (deployed.folder / "keep.py").write_text(KEEP)
    sinks = {
        "file": {"file": {"folder": str(folder)}},
        "key_vault": deployed.vault,
        "command": {"command": {"words": [sys.executable, str(deployed.folder / "keep.py"), str(folder), "<name>"]}},
    }
    deployed.use(sinks[kind])
    receive = deployed.opened if kind == "key_vault" else lambda what: newest(folder, what)
    code, password, output = enrol(deployed, receive)
    control = deployed.tenancy.scene.control
    assert control.try_password(LOGIN, password) == {"valid": True, "enabled": True}
    assert_kept_by_nobody_else(deployed, output, code, password)
    for seen in folder.glob("*.seen"):
        own = deployed.tenancy.scene.environments[POST_APPLY]["ARM_CLIENT_SECRET"]
        assert not [each for each in (code, password, own) if each in seen.read_text()]
    before = len(deployed.tenancy.writes())
    deployed.tenancy.post_apply()
    assert len(deployed.tenancy.writes()) == before, "a settled account is left alone"


def test_password_that_somebody_else_set_is_rotated(deployed: Deployed) -> None:
    deployed.bring_back()
    deployed.use(deployed.vault)
    _, first, _ = enrol(deployed, deployed.opened)
    control = deployed.tenancy.scene.control
    control.advance_clock(60)
    foreign = "Somebody-else-9-lantern"
    profile = {"passwordProfile": {"password": foreign, "forceChangePasswordNextSignIn": False}}
    control.act("PATCH", f"/v1.0/users/{LOGIN}", profile)
    told = deployed.tenancy.post_apply().stderr
    assert "somebody changed the password" in told
    second = deployed.opened("password")
    assert second not in (None, first, foreign)
    assert control.try_password(LOGIN, str(second)) == {"valid": True, "enabled": True}
    assert control.try_password(LOGIN, foreign)["valid"] is False
    assert_kept_by_nobody_else(deployed, told, first, str(second))


def test_sink_that_refuses_is_told_at_once_and_the_role_is_taken_away_all_the_same(deployed: Deployed) -> None:
    deployed.bring_back()
    deployed.use({"command": {"words": ["no-such-program-here"]}})
    told = deployed.tenancy.post_apply(expect=frozenset({1})).stderr
    preflight = [line for line in told.splitlines() if line.startswith("preflight")]
    assert any("no-such-program-here" in line for line in preflight)
    assert "the sink did not take" in told
    assert_closed_without_a_pass(deployed)


def test_vault_that_is_lost_on_the_way_leaves_no_pass_and_the_account_disabled(deployed: Deployed) -> None:
    deployed.bring_back()
    deployed.use(deployed.vault)
    control = deployed.tenancy.scene.control
    control.declare_faults({"route": "PUT /secrets/{name}", "times": 50, "status": 403, "code": "Forbidden"})
    told = deployed.tenancy.post_apply(expect=frozenset({1})).stderr
    assert "the sink did not take" in told
    assert_closed_without_a_pass(deployed)


def assert_closed_without_a_pass(deployed: Deployed) -> None:
    assert not deployed.tenancy.account()["accountEnabled"]
    assert not deployed.tenancy.holds_role()
    path = f"/v1.0/users/{LOGIN}/authentication/temporaryAccessPassMethods"
    assert deployed.tenancy.scene.control.act("GET", path)["value"] == []
