"""What the documents give to copy: commands for Azure that a shell runs to the end, and owners of what counts.

Azure CLI is played by a program that notes its words; what they say is compared with our own identities.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from steward.config.loader import load_tenant
from steward.delivery.changes import SHARED
from steward.identities.roster import ROSTER
from steward.identities.wanted import want
from steward.wellknown.registration import TOKEN_EXCHANGE
from tests.architecture.sources import ROOT
from tests.config.good_file import GOOD, mutate, write_tenant_file

DOCUMENT = ROOT / "docs" / "pipelines-azure.md"
OWNERS = ROOT / ".github" / "CODEOWNERS.sample"
ID = "4b0f3a64-6f1e-4c55-a9f7-0c1d2e3f4a5b"
# Notes what it was called with, and answers as every one of these commands does when asked for one value.
STUB = f"""#!/bin/sh
for each in "$0" "$@"; do printf '%s\\0' "$each"; done >> "$CALLED"
printf '\\n' >> "$CALLED"
echo {ID}
"""
DATA_ACTIONS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/"


def blocks(language: str) -> list[str]:
    found = re.findall(rf"^```{language}\n(.*?)^```", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [re.sub(r"<[^<>\n]+>", ID, each) for each in found]


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> list[list[str]]:
    """Return every command that the document's shell blocks run, when they are run one after the other."""
    folder = tmp_path_factory.mktemp("commands")
    for name in ("az", "gh"):
        (folder / name).write_text(STUB, encoding="utf-8")
        (folder / name).chmod(0o700)
    script = "\n".join(each for each in blocks("sh") if "run_as.py" not in each)
    shell = shutil.which("sh")
    assert shell
    environment = {"PATH": f"{folder}{os.pathsep}{os.defpath}", "CALLED": str(folder / "called")}
    subprocess.run([shell, "-eu", "-c", script], env=environment, check=True, capture_output=True)
    called = (folder / "called").read_text(encoding="utf-8").split("\0\n")[:-1]
    return [[Path(program).name, *words] for program, *words in (each.split("\0") for each in called)]


def option(call: list[str], name: str) -> str:
    return call[call.index(name) + 1]


def started(calls: list[list[str]], words: str) -> list[list[str]]:
    return [call for call in calls if " ".join(call).startswith(words)]


def test_identities_of_the_containers_trust_the_jobs_that_the_identities_of_a_tenant_trust(
    calls: list[list[str]], tmp_path: Path
) -> None:
    text = mutate("backend: local\n", "backend: local\nidentities:\n  github: {repository: OWNER/NAME}\n", text=GOOD)
    tenant = load_tenant(write_tenant_file(tmp_path, text))
    subjects = {each.name: {trust.subject for trust in want(each, tenant, is_sealed=False).trusts} for each in ROSTER}
    trusts = [
        json.loads(option(call, "--parameters")) for call in started(calls, "az ad app federated-credential create")
    ]
    writer, reader, *states = (trust["subject"] for trust in trusts)
    assert writer in subjects["plan"]
    assert {reader} == subjects["deploy"] == subjects["post-apply"]
    assert set(states) == subjects["plan"] | subjects["deploy"]
    (issuer,) = {trust.issuer for each in ROSTER for trust in want(each, tenant, is_sealed=False).trusts}
    assert {(trust["issuer"], *trust["audiences"]) for trust in trusts} == {(issuer, TOKEN_EXCHANGE)}
    assert len({trust["name"] for trust in trusts[2:]}) == len(states)


def test_whoever_plans_may_add_and_whoever_applies_may_read_as_well(calls: list[list[str]]) -> None:
    roles = [json.loads(option(call, "--role-definition")) for call in started(calls, "az role definition create")]
    allowed = {each["Name"]: each["DataActions"] for each in roles}
    add, read = f"{DATA_ACTIONS}add/action", f"{DATA_ACTIONS}read"
    assert allowed == {"Plan writer": [add], "Plan reader": [add, read]}
    assert all(each["Actions"] == [] for each in roles)


def test_no_role_reaches_beyond_one_container(calls: list[list[str]]) -> None:
    assigned = started(calls, "az role assignment create")
    scopes = {option(call, "--role"): option(call, "--scope").rpartition("/containers/")[2] for call in assigned}
    assert scopes == {"Plan writer": "plans", "Plan reader": "plans", "Storage Blob Data Contributor": "contoso"}
    assert {option(call, "--assignee-object-id") for call in assigned} == {ID}


def test_no_account_is_public_or_has_keys_and_only_plans_are_deleted(calls: list[list[str]]) -> None:
    accounts = started(calls, "az storage account create")
    assert len(accounts) == 2
    for call in accounts:
        assert option(call, "--allow-blob-public-access") == option(call, "--allow-shared-key-access") == "false"
    (policy,) = started(calls, "az storage account management-policy create")
    (rule,) = json.loads(option(policy, "--policy"))["rules"]
    assert rule["definition"]["filters"]["prefixMatch"] == ["plans/"]
    assert option(policy, "--account-name") == option(accounts[0], "-n")


def test_backends_are_what_a_tenant_file_takes(tmp_path: Path) -> None:
    described = blocks("yaml")
    assert len(described) == 2
    for each in described:
        tenant = load_tenant(write_tenant_file(tmp_path, mutate("backend: local\n", each)))
        assert dict(tenant.backend.settings).items() >= YAML(typ="safe").load(each)["backend"]["azurerm"].items()


def owned() -> dict[str, list[str]]:
    lines = [line.split() for line in OWNERS.read_text(encoding="utf-8").splitlines()]
    return {line[0]: line[1:] for line in lines if line and not line[0].startswith("#")}


def test_every_line_of_the_owners_names_what_is_there_and_somebody() -> None:
    first, *others = owned()
    assert first == "*"
    assert [each for each in others if not (ROOT / each.strip("/")).exists()] == []
    assert [each for each in others if each.endswith("/") is not (ROOT / each.strip("/")).is_dir()] == []
    assert all(name.startswith("@") for names in owned().values() for name in names)
    assert all(owned().values())


def test_whatever_changes_all_tenants_or_runs_in_a_job_has_owners_of_its_own() -> None:
    named = [each.removeprefix("/") for each in owned()]
    counts = {*SHARED, ".github/", "scripts/", "steward/", "tenants/", "toolchain/"}
    assert [each for each in counts if not any(each.startswith(owner) for owner in named)] == []
