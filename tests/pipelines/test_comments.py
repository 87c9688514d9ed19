"""The comment on a pull request: one, found again, written only where it differs, whatever happens around it."""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.responses import JSONResponse

from scripts import post_comment
from steward.errors import ConfigError, ExitCode, RefusedError, StewardError, UnreadableError
from steward.forge.address import Forge as Address
from steward.forge.client import open_repository
from steward.forge.comments import LONGEST, Posted, fit, keep_comment
from steward.review.comment import MARKER
from steward.secret import Secret
from tests.pipelines.forge import JOBS_OWN, REPOSITORY, Forge, JobToken, rate_limited
from tests.pipelines.serving import serve

BODY = f"{MARKER}\n### Plan of contoso: needs a look\n"
WRITER: Mapping[str, str] = {"pull-requests": "write"}


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[tuple[Forge, Address]]:
    made, ca_file = Forge(), tmp_path / "ca.pem"
    with serve(made.application(), ca_file) as url:
        made.url = url
        token = made.add_token(JobToken(WRITER))
        yield made, Address(f"{url}/api/v3", REPOSITORY, Secret(token), ca_file, longest_wait_seconds=1, retries=2)


def _keep(address: Address, body: str = BODY) -> Posted:
    with open_repository(address) as repository:
        return keep_comment(repository, 7, body, marker=MARKER, author=JOBS_OWN)


def _bodies(forge: Forge) -> list[str]:
    return [each["body"] for each in forge.comments.values()]


def test_a_comment_is_posted_once_and_written_again_only_where_it_differs(forge: tuple[Forge, Address]) -> None:
    made, address = forge
    made.add_comment(BODY + "from a person who copied the marker", "mallory")
    for number in range(40):
        made.add_comment(f"talk {number}", "somebody")
    assert _keep(address) is Posted.POSTED
    made.requests.clear()
    assert _keep(address) is Posted.ALREADY
    assert [each for each in made.requests if not each.startswith("GET")] == []
    assert _keep(address, BODY + "more\n") is Posted.UPDATED
    ours = [each["body"] for each in made.comments.values() if each["user"]["login"] == JOBS_OWN]
    assert ours == [(BODY + "more").strip()]
    assert len(made.comments) == 42


def test_a_comment_that_is_not_needed_is_not_posted_and_one_that_is_there_says_so(
    forge: tuple[Forge, Address], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, address = forge
    monkeypatch.setattr(post_comment, "read_forge", lambda: address)
    comment, changed = tmp_path / "comment.md", tmp_path / "changed.json"
    given = [str(comment), "--pull-request", "7", "--expected", str(changed)]

    def push(body: str, tenants: str) -> list[str]:
        comment.write_text(body)
        changed.write_text(tenants)
        assert post_comment.main(given) is ExitCode.WELL
        return _bodies(made)

    no_tenant, calm = '{"matrix": {"include": []}, "gone": []}', f"{MARKER}\n### Plan of no tenant: nothing changes\n"
    assert push(calm, no_tenant) == []
    one = '{"matrix": {"include": [{"tenant": "contoso", "file": "tenants/contoso.yaml"}]}, "gone": []}'
    assert push(BODY, one) == [BODY.strip()]
    assert push(calm, no_tenant) == [calm.strip()]
    made.comments.clear()
    assert push(calm, '{"matrix": {"include": []}, "gone": [{"tenant": "a", "file": "b", "now": null}]}')
    made.comments.clear()
    assert push(calm, "nobody can tell")


def test_two_at_once_leave_one_comment(forge: tuple[Forge, Address]) -> None:
    made, address = forge
    made.meeting = threading.Barrier(2)
    done: list[Posted] = []
    jobs = [threading.Thread(target=lambda: done.append(_keep(address))) for _ in range(2)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    assert done == [Posted.POSTED, Posted.POSTED]
    assert _bodies(made) == [BODY.strip()]


def test_more_than_one_of_an_earlier_race_become_one(forge: tuple[Forge, Address]) -> None:
    made, address = forge
    for _ in range(3):
        made.add_comment(f"{MARKER}\nold", JOBS_OWN)
    assert _keep(address) is Posted.UPDATED
    assert _bodies(made) == [BODY.strip()]


def test_a_caller_that_is_put_off_waits_and_goes_on_or_says_so(forge: tuple[Forge, Address]) -> None:
    made, address = forge
    made.faults += [rate_limited(seconds=1), JSONResponse({"message": "boom"}, 502)]
    assert _keep(address) is Posted.POSTED
    made.faults += [rate_limited(seconds=3600) for _ in range(3)]
    with pytest.raises(UnreadableError, match="puts requests off"):
        _keep(address)


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [
        ({"token": Secret("canary-wrong")}, RefusedError, "refuses a request"),
        ({"repository": "contoso/elsewhere"}, RefusedError, "refuses a request"),
        ({"ca_file": None}, UnreadableError, "does not answer"),
        ({"api_url": "https://localhost:1/api/v3"}, UnreadableError, "does not answer"),
    ],
)
def test_a_failure_says_what_and_keeps_the_token(
    forge: tuple[Forge, Address], change: dict[str, object], kind: type[StewardError], said: str
) -> None:
    _, address = forge
    changed = replace(address, retries=0, **change)  # type: ignore[arg-type]  # the parameters fit by name
    with pytest.raises(kind, match=said) as caught:
        _keep(changed)
    assert changed.token.reveal() not in f"{caught.value}{caught.value!r}"


def test_a_token_that_may_only_read_is_refused_and_nothing_is_posted(forge: tuple[Forge, Address]) -> None:
    made, address = forge
    token = made.add_token(JobToken({"pull-requests": "read"}))
    with pytest.raises(RefusedError, match="refuses a request"):
        _keep(replace(address, token=Secret(token)))
    assert _bodies(made) == []


def test_a_comment_that_is_too_long_is_cut_where_a_line_ends_and_says_so(forge: tuple[Forge, Address]) -> None:
    made, address = forge
    long = BODY + "<details>\n" + "- \U0001f510 a line of a plan\n" * 6000 + "</details>\n"
    assert _keep(address, long) is Posted.POSTED
    (body,) = _bodies(made)
    assert len(body.encode("utf-16-le")) // 2 <= LONGEST
    assert "Cut here" in body
    assert body.count("<details>") == body.count("</details>")
    assert fit(BODY) == BODY
    assert _keep(address, long) is Posted.ALREADY


def test_a_file_without_the_marker_is_refused(forge: tuple[Forge, Address]) -> None:
    made, address = forge
    with pytest.raises(ConfigError, match="marker"):
        _keep(address, "### Plan\n")
    assert made.requests == []


def test_the_program_takes_everything_from_the_jobs_environment(
    forge: tuple[Forge, Address], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made, address = forge
    (tmp_path / "comment.md").write_text(BODY, encoding="utf-8")
    given = [str(tmp_path / "comment.md"), "--pull-request", "7"]
    for name in ("GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    assert post_comment.main(given) is ExitCode.BAD_INPUT
    monkeypatch.setenv("GITHUB_API_URL", address.api_url.replace("https", "http"))
    monkeypatch.setenv("GITHUB_REPOSITORY", REPOSITORY)
    monkeypatch.setenv("GITHUB_TOKEN", address.token.reveal())
    monkeypatch.setenv("SSL_CERT_FILE", str(address.ca_file))
    assert post_comment.main(given) is ExitCode.BAD_INPUT
    monkeypatch.setenv("GITHUB_API_URL", address.api_url)
    assert post_comment.main(given) is ExitCode.WELL
    assert post_comment.main([*given[:0], str(tmp_path / "none.md"), *given[1:]]) is ExitCode.BAD_INPUT
    told = capsys.readouterr()
    assert "pull request 7: posted" in told.out
    assert address.token.reveal() not in told.out + told.err
    assert _bodies(made) == [BODY.strip()]
