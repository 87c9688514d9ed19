"""What a merge approved: the run that planned it, and its hashes, tenant by tenant."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts import approved_plans
from steward.delivery.approved import match_plans, read_changed, read_manifests
from steward.errors import ExitCode, RefusedError
from steward.forge.address import Forge as Address
from steward.forge.client import open_repository
from steward.forge.runs import PlanRun, find_plan_run
from steward.secret import Secret
from tests.pipelines.forge import REPOSITORY, Forge, JobToken
from tests.pipelines.serving import serve

MERGED, HEAD = "b" * 40, "a" * 40
CHANGED = {
    "matrix": {"include": [{"tenant": name, "file": f"tenants/{name}.yaml"} for name in ("contoso", "fabrikam")]},
    "gone": [],
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
        "head_branch": "change",
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


@pytest.mark.parametrize(
    "change",
    [
        {"status": "in_progress"},
        {"pull_requests": [{"number": 8}]},
        {"event": "push"},
        {"head_branch": "another-branch-at-the-same-commit"},
    ],
)
def test_a_run_that_goes_on_or_was_for_something_else_does_not_count(
    forge: tuple[Forge, Address], change: dict[str, Any]
) -> None:
    made, address = forge
    made.runs[1] |= change
    assert _find(address).run_id == 1
    made.runs[0] |= change
    with pytest.raises(RefusedError, match="nothing was planned"):
        _find(address)


def test_a_commit_that_was_planned_against_another_branch_too_is_refused(forge: tuple[Forge, Address]) -> None:
    made, address = forge
    made.pulls[8] = {**made.pulls[7], "number": 8, "merged_at": None, "merge_commit_sha": "f" * 40}
    made.pulls[8]["base"] = {"sha": "f" * 40, "ref": "with-workflows-of-my-own"}
    with pytest.raises(RefusedError, match="cannot be told") as refused:
        _find(address)
    assert "#8 had the same last commit" in refused.value.why
    made.pulls[8]["head"] = {"sha": "f" * 40, "ref": "change"}
    assert _find(address).run_id == 2


@pytest.mark.parametrize("event", ["base_ref_changed", "automatic_base_change_succeeded"])
def test_a_pull_request_that_had_another_base_is_refused(forge: tuple[Forge, Address], event: str) -> None:
    made, address = forge
    made.events[7] = ["labeled", event, "merged"]
    with pytest.raises(RefusedError, match="cannot be told") as refused:
        _find(address)
    assert "its base was another branch" in refused.value.why


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
    (tmp_path / "changed.json").write_text(json.dumps(CHANGED))
    matched = match_plans(read_changed(tmp_path / "changed.json"), read_manifests(tmp_path))
    assert [entry["sha256"] for entry in matched.entries] == ["1" * 64]
    assert matched.missing == ("fabrikam",)
    listed = tmp_path / "list.md"
    given = ["match", "--changed", str(tmp_path / "changed.json"), "--plans", str(tmp_path), "--list", str(listed)]
    assert approved_plans.main(given) is ExitCode.WELL
    told = json.loads(capsys.readouterr().out)
    assert (told["any"], told["any_missing"], told["missing"]) == (True, True, ["fabrikam"])
    assert listed.read_text() == f"- `contoso`: `{'1' * 64}`\n"


def test_of_a_tenant_with_two_plans_none_counts_and_no_other_tenant_waits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _manifest(tmp_path / "one", "contoso")
    _manifest(tmp_path / "two", "contoso", "2")
    _manifest(tmp_path / "three", "fabrikam", "3")
    (tmp_path / "changed.json").write_text(json.dumps(CHANGED))
    given = ["match", "--changed", str(tmp_path / "changed.json"), "--plans", str(tmp_path)]
    assert approved_plans.main(given) is ExitCode.WELL
    told = capsys.readouterr()
    matched = json.loads(told.out)
    assert ([each["tenant"] for each in matched["matrix"]["include"]], matched["missing"]) == (
        ["fabrikam"],
        ["contoso"],
    )
    assert "contoso: two plans were made" in told.err


@pytest.mark.parametrize("text", ["", "[]", '{"matrix": {"include": [{"tenant": 7, "file": "a"}]}}', '{"matrix": {}}'])
def test_what_changed_tenants_never_printed_is_bad_input(text: str, tmp_path: Path) -> None:
    (tmp_path / "changed.json").write_text(text)
    given = ["match", "--changed", str(tmp_path / "changed.json"), "--plans", str(tmp_path)]
    assert approved_plans.main(given) is ExitCode.BAD_INPUT
