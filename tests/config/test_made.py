"""Writing what was made into a tenant file: the client ids and the deployer, and not one byte else."""

import json
import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from steward.config.loader import load_tenant
from steward.config.made import write_made
from steward.config.model import Deployer
from steward.errors import ConfigError
from tests.config.good_file import GOOD, mutate, write_tenant_file

PLAN, DEPLOY, GUARD = (f"9d3c0a51-7e24-4f0b-8a6d-2c1b0f9e8d{end}" for end in ("01", "02", "03"))
DEPLOYER = "4b0f3a64-6f1e-4c55-a9f7-0c1d2e3f4a5b"
DEPLOYER_SECTION = "deployer:\n  object_id: 2b0f3a64-6f1e-4c55-a9f7-0c1d2e3f4a5b\n"
IDENTITIES = "identities:  # who signs in\n  github: {repository: contoso/steward}\n"
UNMADE = mutate(DEPLOYER_SECTION, IDENTITIES)


def _in_braces(section: re.Match[str]) -> str:
    return f"account: {{{', '.join(line.strip() for line in section[1].splitlines())}}}\n"


LAYOUTS = {
    "plain": UNMADE,
    "comments": mutate(IDENTITIES, f"{IDENTITIES}  # made by a program\n\n# the account\n", text=UNMADE),
    "in-braces": mutate(IDENTITIES, "identities: {github: {repository: contoso/steward}} # one\n", text=UNMADE),
    "in-braces-of-two": mutate("contoso/steward}", "contoso/steward, branch: main}", text=UNMADE),
    "some-made": mutate(IDENTITIES, f"{IDENTITIES}  client_ids:\n    # the pull request's\n    plan: {PLAN}  # old\n",
                        text=UNMADE),
    "last-section": UNMADE.replace(IDENTITIES, "") + IDENTITIES.rstrip(),
    "byte-order-mark": f"\ufeff{UNMADE}",
    "account-in-braces": re.sub(r"account:\n((?:  .*\n)+)", _in_braces, UNMADE),
    "anchored": mutate(IDENTITIES, "identities: &ours\n  github: &trust {repository: contoso/steward}\n", text=UNMADE),
    "merged": mutate(IDENTITIES, "identities:\n  <<: {github: {repository: contoso/steward}}\n", text=UNMADE),
    "quoted-keys": mutate(IDENTITIES, '"identities":\n  "github": {"repository": "contoso/steward"}\n', text=UNMADE),
    "no-ids-yet": mutate(IDENTITIES, f"{IDENTITIES}  client_ids: {{}}  # not made yet\n", text=UNMADE),
    "end-of-document": f"---\n{UNMADE}...\n# the end\n",
    "json": json.dumps(YAML(typ="safe").load(UNMADE)),
    "json-over-lines": json.dumps(YAML(typ="safe").load(UNMADE), indent=2),
}  # fmt: skip  # a layout a line


@pytest.mark.parametrize("is_ended", [True, False], ids=["ended", "without-final-line-break"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["unix", "windows"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_ids_are_written_and_every_other_byte_kept(layout: str, newline: str, is_ended: bool, tmp_path: Path) -> None:
    before = LAYOUTS[layout].rstrip("\n").replace("\n", newline) + newline * is_ended
    file = write_tenant_file(tmp_path, before)
    unmade = load_tenant(file)

    written = write_made(file, {"plan": PLAN, "deploy": DEPLOY}, DEPLOYER)

    assert set(written) >= {"identities.client_ids.deploy", "deployer.object_id"}
    made = load_tenant(file)
    assert made.identities is not None
    assert made.identities.client_ids == {"plan": PLAN, "deploy": DEPLOY}
    assert made.deployer == Deployer(object_id=DEPLOYER)
    assert made.deployer_id == DEPLOYER
    assert made.model_copy(update={"deployer": None, "identities": unmade.identities}) == unmade
    after = file.read_bytes().decode()
    # Whatever stood there still does, in its order.
    rest = iter(after)
    assert all(character in rest for character in before)
    assert after.count("\r\n") == (after.count("\n") if newline == "\r\n" else 0)


IN_LINES = f"  client_ids:\n    plan: {PLAN}\n    deploy: {DEPLOY}\n"
EDITS = {
    "in-lines": (IDENTITIES, f"{IDENTITIES}{IN_LINES}"),
    "wide-indentation": (
        "identities:\n    github:\n        repository: contoso/steward\n",
        (
            "identities:\n    github:\n        repository: contoso/steward\n"
            f"    client_ids:\n      plan: {PLAN}\n      deploy: {DEPLOY}\n"
        ),
    ),
    "comment-of-what-stands-above": (
        "identities:\n  github:\n    repository: contoso/steward\n    # branch: main\n# the account\n",
        f"identities:\n  github:\n    repository: contoso/steward\n    # branch: main\n{IN_LINES}# the account\n",
    ),
    "no-ids-yet": (
        f"{IDENTITIES}  client_ids: {{}}  # not made yet\n",
        f"{IDENTITIES}  client_ids: {{plan: {PLAN}, deploy: {DEPLOY}}}  # not made yet\n",
    ),
    "in-one-line": (
        "identities: {github: {repository: contoso/steward}}  # one\n",
        (
            f"identities: {{github: {{repository: contoso/steward}}, client_ids: {{plan: {PLAN}, deploy: {DEPLOY}}}}}"
            "  # one\n"
        ),
    ),
    "braces-over-lines": (
        "identities: {\n  github: {repository: contoso/steward}  # who\n}\n",
        (
            "identities: {\n  github: {repository: contoso/steward},  # who\n"
            f"  client_ids: {{plan: {PLAN}, deploy: {DEPLOY}}}\n}}\n"
        ),
    ),
    "braces-over-lines-with-a-last-comma": (
        f"{IDENTITIES}  client_ids: {{\n    plan: {GUARD},  # old\n  }}\n",
        f"{IDENTITIES}  client_ids: {{\n    plan: {PLAN},  # old\n    deploy: {DEPLOY},\n  }}\n",
    ),
    "quoted": (
        f"{IDENTITIES}  client_ids:\n    plan: '{GUARD}'\n",
        f"{IDENTITIES}  client_ids:\n    plan: '{PLAN}'\n    deploy: {DEPLOY}\n",
    ),
}


@pytest.mark.parametrize("edit", EDITS)
def test_ids_stand_where_somebody_would_write_them(edit: str, tmp_path: Path) -> None:
    before, after = EDITS[edit]
    file = write_tenant_file(tmp_path, mutate(IDENTITIES, before, text=UNMADE))
    write_made(file, {"plan": PLAN, "deploy": DEPLOY}, DEPLOYER)
    rest = f"backend: local\ndeployer:\n  object_id: {DEPLOYER}\n"
    assert file.read_text() == mutate(IDENTITIES, after, text=UNMADE).replace("backend: local\n", rest)


@pytest.mark.parametrize("indentation", [None, 2], ids=["in-one-line", "over-lines"])
def test_file_that_is_json_stays_json(indentation: int | None, tmp_path: Path) -> None:
    value = YAML(typ="safe").load(UNMADE)
    file = write_tenant_file(tmp_path, json.dumps(value, indent=indentation))
    write_made(file, {"plan": PLAN, "deploy": DEPLOY}, DEPLOYER)
    value["identities"]["client_ids"] = {"plan": PLAN, "deploy": DEPLOY}
    assert json.loads(file.read_text()) == value | {"deployer": {"object_id": DEPLOYER}}


@pytest.mark.parametrize("section", ["", "identities:\n", "identities: {}\n", f"{IDENTITIES}  client_ids:\n"])
def test_file_that_does_not_say_who_signs_in_is_refused_and_kept(section: str, tmp_path: Path) -> None:
    text = mutate(IDENTITIES, section, text=UNMADE)
    file = write_tenant_file(tmp_path, text)
    with pytest.raises(ConfigError, match="identities"):
        write_made(file, {"plan": PLAN}, DEPLOYER)
    assert file.read_text() == text


def test_second_writing_changes_nothing(tmp_path: Path) -> None:
    file = write_tenant_file(tmp_path, UNMADE)
    write_made(file, {"plan": PLAN}, DEPLOYER)
    before, changed = file.read_bytes(), file.stat().st_mtime_ns
    assert write_made(file, {"plan": PLAN}, DEPLOYER) == ()
    assert (file.read_bytes(), file.stat().st_mtime_ns) == (before, changed)


def test_id_that_changed_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    file = write_tenant_file(tmp_path, LAYOUTS["some-made"])
    assert write_made(file, {"plan": DEPLOY, "guard": GUARD}, None) == (
        "identities.client_ids.plan",
        "identities.client_ids.guard",
    )
    text = file.read_text()
    assert f"    # the pull request's\n    plan: {DEPLOY}  # old\n    guard: {GUARD}\n" in text
    assert PLAN not in text


def test_deployer_that_stands_there_stays(tmp_path: Path) -> None:
    file = write_tenant_file(tmp_path, mutate(DEPLOYER_SECTION, DEPLOYER_SECTION + IDENTITIES))
    assert write_made(file, {"deploy": DEPLOY}, DEPLOYER) == ("identities.client_ids.deploy",)
    assert load_tenant(file).deployer_id != DEPLOYER


def test_file_without_the_section_is_refused(tmp_path: Path) -> None:
    file = write_tenant_file(tmp_path)
    with pytest.raises(ConfigError, match="identities is missing"):
        write_made(file, {"plan": PLAN}, None)
    assert file.read_text() == GOOD


def test_layout_that_cannot_be_edited_is_left_alone_and_the_lines_named(tmp_path: Path) -> None:
    text = mutate(IDENTITIES, "identities:\n  ? github\n  : {repository: contoso/steward}\n", text=UNMADE)
    file = write_tenant_file(tmp_path, text)
    with pytest.raises(ConfigError, match=PLAN):
        write_made(file, {"plan": PLAN}, None)
    assert file.read_text() == text


def test_stack_asks_for_the_identity_that_is_not_made_yet(tmp_path: Path) -> None:
    tenant = load_tenant(write_tenant_file(tmp_path, UNMADE))
    with pytest.raises(ConfigError, match=r"scripts/identities\.py make"):
        _ = tenant.deployer_id
