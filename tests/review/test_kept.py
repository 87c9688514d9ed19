"""Reviews that were kept give the comment that their plans would have given, and hold nothing else of them."""

import copy
import json
from pathlib import Path

import pytest

from scripts.review_plan import main
from steward.errors import ConfigError, ExitCode
from steward.review.kept import keep_reviews, read_reviews
from steward.review.review import Unread
from tests.review.plans import PLANS

SITUATIONS = ("new_tenant", "policy_disabled", "application_replaced", "no_change")


def _keep(situation: str, folder: Path) -> Path:
    kept = folder / f"{situation}.review.json"
    main(
        [
            str(PLANS / f"{situation}.json"),
            "--tenants",
            str(PLANS / f"{situation}.yaml"),
            "--keep",
            str(kept),
            "--quiet",
        ]
    )
    return kept


def test_kept_reviews_give_the_same_bytes_as_their_plans(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for situation in SITUATIONS:
        plan = PLANS / f"{situation}.json"
        files = [tmp_path / name for name in ("a.md", "b.md", "a.sarif", "b.sarif")]
        now = main(
            [
                str(plan),
                "--tenants",
                str(plan.with_suffix(".yaml")),
                "--comment",
                str(files[0]),
                "--sarif",
                str(files[2]),
            ]
        )
        kept = _keep(situation, tmp_path)
        tenants = ["--tenants", str(plan.with_suffix(".yaml"))]
        then = main(["--kept", str(kept), *tenants, "--comment", str(files[1]), "--sarif", str(files[3])])
        assert now is then
        assert files[0].read_bytes() == files[1].read_bytes()
        assert files[2].read_bytes() == files[3].read_bytes()
        assert b"Aa1!" not in kept.read_bytes()
    assert capsys.readouterr().err == ""


def test_a_tenant_without_a_review_is_told_of(tmp_path: Path) -> None:
    expected, comment = tmp_path / "changed.json", tmp_path / "comment.md"
    entries = [{"tenant": name, "file": f"tenants/{name}.yaml"} for name in ("contoso", "fabrikam")]
    expected.write_text(json.dumps({"matrix": {"include": entries}, "gone": []}))
    options = ["--expected", str(expected), "--comment", str(comment), "--quiet"]
    assert main(["--kept", str(_keep("new_tenant", tmp_path)), *options]) is ExitCode.BAD_INPUT
    assert "fabrikam" in comment.read_text()
    assert "`contoso`: it was not planned" not in comment.read_text()
    expected.write_text("[]")
    assert main(options) is ExitCode.BAD_INPUT
    assert "could not tell" in comment.read_text().splitlines()[1]


def test_a_change_about_no_tenant_says_so_and_a_stack_without_its_file_is_told(tmp_path: Path) -> None:
    expected, comment = tmp_path / "changed.json", tmp_path / "comment.md"
    options = ["--expected", str(expected), "--comment", str(comment), "--quiet"]
    expected.write_text(json.dumps({"matrix": {"include": []}, "gone": []}))
    assert main(options) is ExitCode.WELL
    assert comment.read_text().splitlines()[1] == "### Plan of no tenant: nothing changes"
    gone = [{"tenant": "fabrikam", "file": "tenants/fabrikam.yaml", "now": None}]
    expected.write_text(json.dumps({"matrix": {"include": []}, "gone": gone}))
    assert main(options) is ExitCode.WELL
    said = comment.read_text()
    assert said.splitlines()[1] == "### Plan of no tenant: needs a look — 1 stack without a tenant file"
    assert "- `fabrikam` stood in `tenants/fabrikam.yaml`" in said
    expected.write_text(json.dumps({"matrix": {"include": []}, "gone": [gone[0] | {"now": "new`name"}]}))
    main(["--kept", str(_keep("no_change", tmp_path)), *options])
    assert "its tenant is ``new`name`` now" in comment.read_text()
    assert "needs a look" in comment.read_text().splitlines()[1]


@pytest.mark.parametrize(
    "forged",
    [
        "[approve this](https://evil.example)",
        "<img src=x>",
        "one\n### Plan of all tenants: no risk found",
        "@everybody",
        "a" * 500,
        {"text": "`out`\n<b>"},
        {"text": "\u202ebidi"},
    ],
)
def test_a_sentence_that_nobody_here_writes_is_refused(forged: object, tmp_path: Path) -> None:
    document = json.loads(_keep("policy_disabled", tmp_path).read_bytes())
    for place in ("findings", "changes"):
        spoilt = copy.deepcopy(document)
        review = spoilt["reviews"][0]
        if place == "findings":
            review["findings"][0]["what"] = [forged]
        else:
            review["changes"]["changes"][0]["details"] = [[forged]]
        with pytest.raises(ConfigError, match="is no kept review"):
            read_reviews(json.dumps(spoilt).encode(), "a.json")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda document: document["reviews"][0]["findings"][0].update(rule="no_such_rule"),
        lambda document: document["reviews"][0].update(more=1),
        lambda document: document.update(format=2),
        lambda document: document["reviews"][0].update(sha256="`<b>"),
        lambda document: document["reviews"][0]["changes"].pop("unchanged"),
    ],
)
def test_what_is_no_kept_review_is_refused(spoil: object, tmp_path: Path) -> None:
    document = json.loads(_keep("policy_disabled", tmp_path).read_bytes())
    assert callable(spoil)
    spoil(document)
    with pytest.raises(ConfigError, match="is no kept review"):
        read_reviews(json.dumps(document).encode(), "a.json")


def test_a_plan_that_could_not_be_read_is_kept_as_such() -> None:
    assert read_reviews(keep_reviews([], [Unread("a", "b")]), "x") == ([], [Unread("a", "b")])
