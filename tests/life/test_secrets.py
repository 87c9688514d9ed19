"""No value that signs in is left anywhere: searched for, and tried where one has to stand in the state."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

import sandbox.journal
from scripts import evidence_bundle, handover, post_apply
from scripts.rehearsal.scene import DEPLOY, POST_APPLY
from scripts.rehearsal.tenant_file import LOGIN
from steward import acts
from steward import secret as secret_module
from steward.errors import ExitCode
from steward.evidence import EvidenceFile
from steward.graph import writes
from steward.secret import MASK, Secret, generate_password
from tests.life.tenancy import Tenancy

CANARY = "Canary-7f3a!Zq-only-the-request-may-carry-it"


def places(folder: Path) -> Iterator[Path]:
    """Yield every file a run leaves, but for the sandbox's own keys and the provider's mirror."""
    for path in folder.rglob("*"):
        if path.is_file() and not {"sandbox", "provider", ".terraform"} & set(path.relative_to(folder).parts[:-1]):
            yield path


def leaks(folder: Path, value: str) -> list[str]:
    return [str(path.relative_to(folder)) for path in places(folder) if value.encode() in path.read_bytes()]


def keep_journal(tenancy: Tenancy) -> None:
    (tenancy.scene.folder / "journal.json").write_text(json.dumps(tenancy.scene.control.journal()))


@pytest.fixture
def run_here(tenancy: Tenancy, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Run post_apply in this process, with the canary as the password that nobody keeps."""

    def run() -> int:
        monkeypatch.setattr(writes, "generate_password", lambda: Secret(CANARY))
        for name, value in tenancy.scene.environments[POST_APPLY].items():
            if name.startswith(("ARM_", "TF_")):
                monkeypatch.setenv(name, value)
        monkeypatch.chdir(tenancy.scene.folder)
        return int(post_apply.main(["contoso.yaml"]))

    return run


@pytest.mark.terraform
def test_password_of_the_state_signs_in_nobody_before_and_after_settling(tenancy: Tenancy) -> None:
    tenancy.deploy_anew()
    state = json.loads(tenancy.state_file.read_text())
    (user,) = [resource for resource in state["resources"] if resource["type"] == "azuread_user"]
    known = user["instances"][0]["attributes"]["password"]
    assert tenancy.scene.control.try_password(LOGIN, known) == {"valid": True, "enabled": False}
    tenancy.post_apply()
    assert tenancy.scene.control.try_password(LOGIN, known)["valid"] is False


@pytest.mark.terraform
def test_new_password_and_client_secrets_are_nowhere(
    tenancy: Tenancy, run_here: Callable[[], int], capfd: pytest.CaptureFixture[str]
) -> None:
    tenancy.deploy_anew()
    assert run_here() == 0
    assert tenancy.scene.control.try_password(LOGIN, CANARY)["valid"] is True, "the canary is what was set"
    keep_journal(tenancy)
    # What is handed out is made of the evidence, and searched as well.
    for program in (handover, evidence_bundle):
        assert program.main(["contoso.yaml"]) == ExitCode.FINDINGS, "what a sandbox's evidence says is a rehearsal's"
    assert len(list((tenancy.scene.folder / "papers").rglob("*.*"))) == 4
    output = "".join(capfd.readouterr())
    secrets = [CANARY, *(tenancy.scene.environments[name]["ARM_CLIENT_SECRET"] for name in (DEPLOY, POST_APPLY))]
    for value in secrets:
        assert leaks(tenancy.scene.folder, value) == []
        assert value not in output


@pytest.mark.terraform
def test_search_finds_the_canary_once_masking_is_taken_away(
    tenancy: Tenancy, run_here: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox.journal, "_SECRET_FIELDS", frozenset())
    tenancy.deploy_anew()
    assert run_here() == 0
    keep_journal(tenancy)
    assert leaks(tenancy.scene.folder, CANARY) == ["journal.json"]
    (tenancy.scene.folder / "journal.json").unlink()


def test_secret_shows_a_mask_in_every_ordinary_form() -> None:
    hidden = Secret(CANARY)
    shown = [str(hidden), repr(hidden), f"{hidden}", f"{hidden:>10}", str([hidden]), str({"password": hidden})]
    assert not [text for text in shown if CANARY in text]
    assert hidden.reveal() == CANARY
    assert hidden == Secret(CANARY)


def test_evidence_takes_a_masked_secret_and_would_show_an_unmasked_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with EvidenceFile(tmp_path, actor="test", about={}) as evidence:
        evidence.record("settle", "replaced", f"password {Secret(CANARY)}")
        assert leaks(tmp_path, CANARY) == []
        assert MASK in evidence.path.read_text()
        monkeypatch.setattr(secret_module.Secret, "__format__", lambda self, _: self.reveal())
        evidence.record("settle", "replaced", f"password {Secret(CANARY)}")
    assert leaks(tmp_path, CANARY) == [evidence.path.name]


def test_evidence_refuses_a_secret_as_a_value(tmp_path: Path) -> None:
    with EvidenceFile(tmp_path, actor="test", about={}) as evidence, pytest.raises(TypeError):
        evidence.record("settle", "replaced", detail={"password": Secret(CANARY)})
    assert leaks(tmp_path, CANARY) == []


def test_evidence_refuses_a_secret_however_deep_it_stands(tmp_path: Path) -> None:
    hidden = Secret(CANARY)
    with EvidenceFile(tmp_path, actor="test", about={}) as evidence:
        for value in ([hidden], {"to": hidden}, ({"to": [hidden]},)):
            with pytest.raises(TypeError):
                evidence.record("settle", "replaced", detail={"value": value})
            with pytest.raises(TypeError):
                evidence.record("settle", "replaced", answers=[{"value": value}])
    assert leaks(tmp_path, CANARY) == []
    assert [json.loads(line)["verb"] for line in evidence.path.read_bytes().splitlines()] == ["started", "closed"]


@pytest.mark.parametrize("act", [*get_args(acts.GraphAct), *get_args(acts.TerraformAct)])
def test_act_has_no_room_for_a_secret(act: type[Any]) -> None:
    assert set(get_type_hints(act).values()) <= {str, str | None, int, bool, frozenset[str]}


def test_generated_passwords_have_every_class_and_are_never_the_same() -> None:
    passwords = {generate_password().reveal() for _ in range(200)}
    assert len(passwords) == 200
    for password in passwords:
        assert len(password) == 48
        assert any(character.islower() for character in password)
        assert any(character.isupper() for character in password)
        assert any(character.isdigit() for character in password)
        assert any(not character.isalnum() for character in password)
