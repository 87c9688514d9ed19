"""What evidence ran against: only a public cloud's own hosts and the genuine provider make it a tenant's."""

import json
from pathlib import Path
from typing import Any

import pytest

from scripts import verify_evidence
from steward.config.clouds import CLOUDS
from steward.config.loader import load_tenant
from steward.evidence import EvidenceFile, describe_tenant, read_runs, verify
from steward.evidence.origin import Origin, describe_hosts, find_origin
from tests.config.good_file import mutate, write_tenant_file
from tests.evidence.files import ABOUT, RAN_AGAINST, TENANT_ID

GENUINE = {"engine": {"provider": "hashicorp/azuread 3.7.0"}}
SANDBOX = {"ran_against": {"sign_in": "localhost:8443", "graph": "localhost:8443"}}
OWN_PROVIDER = {"engine": {"provider": "hashicorp/azuread 3.7.0 (rehearsal)"}}
OLD = {"ran_against": None}


def write(folder: Path, *abouts: dict[str, Any]) -> None:
    for about in abouts:
        first = {name: value for name, value in {**ABOUT, **about}.items() if value is not None}
        with EvidenceFile(folder, actor="app", about=first) as evidence:
            evidence.record("run", "ended", detail={"exit_code": 0})


def origin_of(folder: Path, about: dict[str, Any]) -> Origin:
    write(folder, about)
    (run,) = read_runs(folder)
    return find_origin(run)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_run_says_which_hosts_it_asks_and_every_public_cloud_is_a_tenants(tmp_path: Path, cloud: str) -> None:
    tenant = load_tenant(write_tenant_file(tmp_path, mutate("cloud: global", f"cloud: {cloud}")))
    assert origin_of(tmp_path / "runs", {**describe_tenant(tenant), **GENUINE}) is Origin.TENANT
    (run,) = read_runs(tmp_path / "runs")
    assert CLOUDS[cloud].graph.removeprefix("https://") in describe_hosts(run)


@pytest.mark.parametrize(
    ("about", "origin"),
    [
        ({}, Origin.TENANT),
        (GENUINE, Origin.TENANT),
        ({"engine": {"provider": "none installed"}}, Origin.TENANT),
        (SANDBOX, Origin.REHEARSAL),
        ({**SANDBOX, **GENUINE}, Origin.REHEARSAL),
        ({"ran_against": {**RAN_AGAINST, "graph": "graph.microsoft.com.example"}}, Origin.REHEARSAL),
        ({"ran_against": {**RAN_AGAINST, "graph": "graph.microsoft.us"}}, Origin.REHEARSAL),
        ({"ran_against": {**RAN_AGAINST, "graph": "graph.microsoft.com:8443"}}, Origin.REHEARSAL),
        ({"ran_against": {"graph": "graph.microsoft.com"}}, Origin.REHEARSAL),
        ({"ran_against": ["graph.microsoft.com"]}, Origin.REHEARSAL),
        ({"ran_against": ""}, Origin.REHEARSAL),
        (OWN_PROVIDER, Origin.OTHER_PROVIDER),
        ({"engine": {"provider": "acme/azuread 3.7.0"}}, Origin.OTHER_PROVIDER),
        ({"engine": {"provider": "mirror.example/hashicorp/azuread 3.7.0"}}, Origin.OTHER_PROVIDER),
        ({"engine": {"provider": [["x"]]}}, Origin.OTHER_PROVIDER),
        ({"engine": "hashicorp/azuread 3.7.0"}, Origin.OTHER_PROVIDER),
        ({"engine": ["x"]}, Origin.OTHER_PROVIDER),
        ({"engine": {"provider": "hashicorp/azuread 4.0.0"}}, Origin.TENANT),
        ({"engine": {"provider": "hashicorp/azuread 2.53.1"}}, Origin.OTHER_PROVIDER),
        ({"engine": {"provider": "hashicorp/azuread 0.0.1"}}, Origin.OTHER_PROVIDER),
        ({"engine": {"provider": "hashicorp/azuread 3.7.0 (development override)"}}, Origin.OTHER_PROVIDER),
        ({"engine": {"provider": "hashicorp/azuread 3.7.0 (overrides not told)"}}, Origin.OTHER_PROVIDER),
        ({"engine": {"provider": "hashicorp/azuread 3.7.0 (attached)"}}, Origin.OTHER_PROVIDER),
        (OLD, Origin.UNTOLD),
        ({**OLD, **GENUINE}, Origin.UNTOLD),
        ({**OLD, **OWN_PROVIDER}, Origin.REHEARSAL),
    ],
)
def test_origin_is_what_hosts_and_provider_say(tmp_path: Path, about: dict[str, Any], origin: Origin) -> None:
    assert origin_of(tmp_path, about) is origin


def test_rehearsal_among_others_is_said_and_not_counted(tmp_path: Path) -> None:
    # A sandbox's tenant has an id of its own; that does not make the folder another tenant's.
    write(tmp_path, {}, {**SANDBOX, "tenant_id": TENANT_ID.replace("1", "2")}, {})
    verification = verify(tmp_path, name="contoso", tenant_id=TENANT_ID)
    assert (verification.is_rehearsal, verification.left_out, verification.exit_code) == (False, 1, 0)
    (remark,) = verification.remarks
    assert "not counted: it ran against localhost:8443" in remark.what
    assert remark.file == verification.runs[1].file


def test_rehearsals_alone_are_one(tmp_path: Path) -> None:
    write(tmp_path, SANDBOX, {**SANDBOX, **OWN_PROVIDER})
    (tmp_path / "99990101T000000000000Z-0.jsonl").touch()
    verification = verify(tmp_path)
    assert (verification.is_rehearsal, verification.left_out) == (True, 0)


def test_older_evidence_is_told_once_and_weakly(tmp_path: Path) -> None:
    write(tmp_path, OLD, {}, OLD, OLD)
    verification = verify(tmp_path)
    (remark,) = verification.remarks
    assert (remark.exit_code, verification.exit_code, verification.is_origin_told) == (0, 0, False)
    assert remark.file == verification.runs[0].file
    assert "nor do 2 others" in remark.what


def test_tenant_that_was_renamed_is_the_same_by_its_id_and_unclear_without(tmp_path: Path) -> None:
    write(tmp_path, {"tenant": "fabrikam"}, {})
    by_file = verify(tmp_path, name="contoso", tenant_id=TENANT_ID)
    assert by_file.exit_code == 0
    assert "renamed since" in by_file.remarks[0].what
    alone = verify(tmp_path, name="contoso")
    assert alone.exit_code == 3
    assert "'fabrikam'" in alone.remarks[0].next_move
    assert verify(tmp_path, name="contoso", tenant_id=TENANT_ID.replace("1", "3")).exit_code == 1


def test_program_says_what_settles_a_run_of_another_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "contoso"
    write(folder, {"tenant": "fabrikam"}, {})
    assert verify_evidence.main([str(folder)]) == 3
    shown = capsys.readouterr()
    assert "next: name the tenant file" in shown.out + shown.err
    assert verify_evidence.main([str(folder), "--json"]) == 3
    (remark,) = json.loads(capsys.readouterr().out)["tenants"][0]["remarks"]
    # A later run names it, so that it cannot be moved away any more.
    assert "under another name" in remark["next"]


def test_cloud_of_ones_own_is_written_as_what_it_is(tmp_path: Path) -> None:
    own = "cloud: {name: sandbox, authority: 'https://localhost:1', graph: 'https://localhost:1'}"
    about = describe_tenant(load_tenant(write_tenant_file(tmp_path, mutate("cloud: global", own))))
    assert about["ran_against"] == {"sign_in": "localhost:1", "graph": "localhost:1"}
    assert origin_of(tmp_path / "runs", about) is Origin.REHEARSAL
