"""What is no plan of a tenant's stack is refused by what it is, and nothing in it is repeated."""

import json
from typing import Any

import pytest

from steward.errors import ConfigError, ExitCode
from steward.review.plan import read_plan
from tests.review.plans import SITUATIONS, document_of

CANARY = "c4nary-Xq7"


def _changed(**changes: Any) -> bytes:
    return json.dumps({**document_of("no_change"), **changes}).encode()


@pytest.mark.parametrize("situation", SITUATIONS)
def test_recorded_plan_is_read(situation: str) -> None:
    plan = read_plan(json.dumps(document_of(situation)).encode(), "plan.json")
    assert plan.resource_changes


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2", "1.99"])
def test_every_minor_version_of_the_known_format_is_read(version: str) -> None:
    assert read_plan(_changed(format_version=version), "plan.json").format_version == version


def test_plan_without_what_newer_versions_added_is_read() -> None:
    document = document_of("no_change")
    for added in ("applyable", "checks", "complete", "errored", "relevant_attributes", "resource_drift", "timestamp"):
        document.pop(added, None)
    assert not read_plan(json.dumps(document).encode(), "plan.json").errored


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_plan_is_read_in_whatever_encoding_a_shell_redirected_it(encoding: str) -> None:
    assert read_plan(json.dumps(document_of("no_change")).encode(encoding), "plan.json").resource_changes


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"PK\x03\x04" + CANARY.encode(), "plan file"),
        (f"{CANARY} Terraform used the selected providers".encode(), "no JSON"),
        (_changed()[:-2000], "no JSON"),
        (b"[]", "not Terraform's"),
        (json.dumps({"name": CANARY}).encode(), "not Terraform's"),
        (b"\xff\xfe\x00", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (json.dumps({"@level": "info", "@message": CANARY}).encode(), "log"),
        (b'{"@level": "info"}\n{"@level": "info"}', "log"),
        (_changed(format_version="0.2"), "format 0.2"),
        (_changed(format_version="2.0"), "format 2.0"),
        (_changed(format_version=CANARY), "format_version"),
        (_changed(format_version=1.2), "format_version"),
        (json.dumps({"format_version": "1.0", "values": {"outputs": {CANARY: CANARY}}}).encode(), "a state"),
        (json.dumps({"format_version": "1.0"}).encode(), "no plan"),
        (_changed(resource_changes=[{"address": CANARY}]), "broken"),
        (_changed(resource_changes={"password": CANARY}), "broken"),
        (_changed(resource_changes=[], configuration={"root_module": {"resources": []}}), "tenant's stack"),
    ],
)
def test_what_is_no_plan_is_told_without_repeating_it(content: bytes, word: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_plan(content, "plan.json")
    assert word in caught.value.what
    assert caught.value.next_move
    assert caught.value.exit_code is ExitCode.BAD_INPUT
    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is None


def test_plan_nested_too_deep_is_refused() -> None:
    deep: Any = "bottom"
    for _ in range(300):
        deep = [deep]
    with pytest.raises(ConfigError, match="broken"):
        read_plan(_changed(variables=deep), "plan.json")


def test_secret_of_the_wrong_type_is_not_in_the_error() -> None:
    document = document_of("no_change")
    document["resource_changes"][0]["change"]["before"] = CANARY
    with pytest.raises(ConfigError) as caught:
        read_plan(json.dumps(document).encode(), "plan.json")
    assert "resource_changes.0.change.before" in str(caught.value)
    assert CANARY not in str(caught.value)
