"""What a merge approved: the run that planned it, and its hashes, tenant by tenant."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts import approved_plans
from steward.delivery.approved import match_plans, read_manifests
from steward.errors import ConfigError, ExitCode, RefusedError
from steward.forge.address import Forge as Address
from steward.forge.client import open_repository
from steward.forge.runs import PlanRun, find_plan_run
from steward.secret import Secret
from tests.pipelines.forge import REPOSITORY, Forge, JobToken
from tests.pipelines.serving import serve

MERGED, HEAD = "b" * 40, "a" * 40
CHANGED = {
    "matrix": {"include": [{"tenant": name, "file": f"tenants/{name}.yaml"} for name in ("contoso", "fabrikam")]}
}


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[tuple[Forge, Address]]:
    made = Forge()
    with serve(made.application(), tmp_path / "ca.pem") as made.url:
        token = made.add_token(JobToken({"contents": "read", "actions": "read", "pull-requests": "read"}))
        made.pulls[7] = {
            "number": 7,
            "merged_at": "2026-11-23T15:00:00Z",
            "merge_commit_sha": MERGED,
            "head": {"sha": HEAD, "ref": "change"},
            "base": {"sha": "c" * 40, "ref": "main"},
        }
        made.runs += [_run(made, 1), _run(made, 2)]
        yield made, Address(f"{made.url}/api/v3", REPOSITORY, Secret(token), tmp_path / "ca.pem", retries=0)


def _run(forge: Forge, number: int) -> dict[str, Any]:
    return {
        "id": number,
        "file": "plan.yml",
        "event": "pull_request",
        "head_sha": HEAD,
        "status": "completed",
        "pull_requests": [{"number": 7}],
        "url": f"{forge.url}/runs/{number}",
    }


def _find(address: Address, commit: str = MERGED) -> PlanRun:
    with open_repository(address) as repository:
        return find_plan_run(repository, commit=commit, branch="main", workflow="plan.yml")


def test_the_newest_run_for_the_last_commit_of_what_was_merged_is_found(forge: tuple[Forge, Address]) -> None:
    _, address = forge
    assert _find(address) == PlanRun(2, 7, HEAD)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"merged_at": None}, "is of no pull request"),
        ({"base": {"sha": "c" * 40, "ref": "release"}}, "is of no pull request"),
        ({"merge_commit_sha": "d" * 40}, "is of no pull request"),
        ({"head": {"sha": "e" * 40, "ref": "change"}}, "nothing was planned for pull request 7"),
    ],
)
def test_what_was_not_merged_or_not_planned_is_refused(
    forge: tuple[Forge, Address], change: dict[str, Any], said: str
) -> None:
    made, address = forge
    made.pulls[7] |= change
    with pytest.raises(RefusedError, match=said):
        _find(address)


@pytest.mark.parametrize("change", [{"status": "in_progress"}, {"pull_requests": [{"number": 8}]}, {"event": "push"}])
def test_a_run_that_goes_on_or_was_for_something_else_does_not_count(
    forge: tuple[Forge, Address], change: dict[str, Any]
) -> None:
    made, address = forge
    made.runs[1] |= change
    assert _find(address).run_id == 1
    made.runs[0] |= change
    with pytest.raises(RefusedError, match="nothing was planned"):
        _find(address)


def _manifest(folder: Path, tenant: str, digit: str = "1") -> None:
    folder.mkdir()
    (folder / "manifest.json").write_text(
        json.dumps(
            {
                "tenant": tenant,
                "tenant_id": "t",
                "plan_sha256": digit * 64,
                "stack_sha256": "0" * 64,
                "commit": None,
                "state": None,
                "engine": {"program": "terraform", "version": "1", "provider": "p"},
                "made_at": "2026-11-23T15:00:00Z",
                "valid_until": "2026-11-24T15:00:00Z",
            }
        )
    )


def test_each_tenant_that_changed_has_its_hash_or_is_told_as_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _manifest(tmp_path / "one", "contoso")
    _manifest(tmp_path / "two", "not changed since")
    matched = match_plans(CHANGED, read_manifests(tmp_path))
    assert [entry["sha256"] for entry in matched.entries] == ["1" * 64]
    assert matched.missing == ("fabrikam",)
    (tmp_path / "changed.json").write_text(json.dumps(CHANGED))
    listed = tmp_path / "list.md"
    given = ["match", "--changed", str(tmp_path / "changed.json"), "--plans", str(tmp_path), "--list", str(listed)]
    assert approved_plans.main(given) is ExitCode.WELL
    told = json.loads(capsys.readouterr().out)
    assert (told["any"], told["any_missing"], told["missing"]) == (True, True, ["fabrikam"])
    assert listed.read_text() == f"- `contoso`: `{'1' * 64}`\n"


def test_two_plans_of_one_tenant_are_refused(tmp_path: Path) -> None:
    _manifest(tmp_path / "one", "contoso")
    _manifest(tmp_path / "two", "contoso", "2")
    with pytest.raises(ConfigError, match="two plans of contoso"):
        read_manifests(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", '{"matrix": {"include": [{"tenant": 7, "file": "a"}]}}', '{"matrix": {}}'])
def test_what_changed_tenants_never_printed_is_bad_input(text: str, tmp_path: Path) -> None:
    (tmp_path / "changed.json").write_text(text)
    given = ["match", "--changed", str(tmp_path / "changed.json"), "--plans", str(tmp_path)]
    assert approved_plans.main(given) is ExitCode.BAD_INPUT
