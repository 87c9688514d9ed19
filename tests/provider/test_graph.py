"""Requests to Graph: retried where that helps, paged to the end, and never sent where the token does not belong."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.provider.graph import Graph, Missing, Refusal, quoted, when_refused_with
from sandbox.provider.transport import Patience, Transport
from tests.provider.metadata_server import Reply, Served, serving

ERROR = {"error": {"code": "Request_BadRequest", "message": "One or more property values specified are invalid."}}


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    with serving(tmp_path / "tls") as running:
        monkeypatch.setenv("SSL_CERT_FILE", str(running.ca_file))
        yield running


@pytest.fixture
def graph(served: Served) -> Graph:
    return Graph(Transport(), served.base_url, lambda: "token")


def _answers(served: Served, *replies: Reply) -> None:
    """Answer the next requests with these in turn, and every further one with the last."""
    left = list(replies)
    served.answer = lambda _method, _path: left.pop(0) if len(left) > 1 else left[0]


@pytest.mark.parametrize("status", [408, 424, 429, 500, 502, 503, 504])
def test_answer_that_passes_is_asked_for_again(status: int, served: Served, graph: Graph) -> None:
    _answers(served, (status, {}, {}), (status, {}, {}), (200, {}, {"id": "1"}))

    assert graph.get("/users/1") == {"id": "1"}
    assert len(served.asked) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 409, 501])
def test_answer_that_stays_is_a_refusal_at_once(status: int, served: Served, graph: Graph) -> None:
    _answers(served, (status, {}, ERROR))

    with pytest.raises(
        Refusal, match=rf"unexpected status {status} \({status} .*\) with error: Request_BadRequest: One"
    ):
        graph.get("/users/1")

    assert len(served.asked) == 1


def test_server_that_names_a_wait_is_given_it(served: Served, graph: Graph) -> None:
    _answers(served, (429, {"Retry-After": "1"}, {}), (200, {}, {}))
    started = time.monotonic()

    graph.get("/users/1")

    assert time.monotonic() - started >= 1


def test_server_that_throttles_and_names_no_wait_is_given_a_second(served: Served, graph: Graph) -> None:
    _answers(served, (429, {}, {}), (200, {}, {}))
    started = time.monotonic()

    graph.get("/users/1")

    assert time.monotonic() - started >= 1
    assert len(served.asked) == 2


# What the real provider sent for a create whose timeout was so many seconds; 300 and 600 are its defaults.
@pytest.mark.parametrize(("seconds", "requests"), [(4, 2), (14, 3), (16, 4), (32, 5), (64, 7), (300, 10)])
def test_server_that_never_recovers_is_given_up_with_its_last_answer(
    seconds: float, requests: int, served: Served, graph: Graph
) -> None:
    _answers(served, (503, {}, {}))

    with pytest.raises(Refusal, match="503"):
        graph.within(seconds).get("/users/1")

    assert len(served.asked) == requests


def test_refusal_of_a_fresh_object_is_tried_again_where_it_is_told_apart(served: Served, graph: Graph) -> None:
    _answers(served, (400, {}, ERROR), (201, {}, {"id": "1"}))
    worth = when_refused_with("One or more property values specified are invalid")

    assert graph.post("/users", {}, worth_retrying=worth) == {"id": "1"}


def test_created_is_no_accepted_answer_to_a_change(served: Served, graph: Graph) -> None:
    _answers(served, (201, {}, {}))

    with pytest.raises(Refusal, match="201"):
        graph.patch("/users/1", {})


def test_object_that_is_missing_is_found_as_nothing_and_got_as_an_error(served: Served, graph: Graph) -> None:
    _answers(served, (404, {}, ERROR))

    assert graph.find("/users/1") is None
    with pytest.raises(Missing):
        graph.get("/users/1")


def test_collection_is_read_to_its_last_page(served: Served, graph: Graph) -> None:
    link = f"{served.base_url}/v1.0/users?$skiptoken=2"
    _answers(served, (200, {}, {"value": [{"id": "1"}], "@odata.nextLink": link}), (200, {}, {"value": [{"id": "2"}]}))

    assert [item["id"] for item in graph.list("/users", filter=f"mail eq {quoted(chr(39))}")] == ["1", "2"]
    assert served.asked == [
        "GET /v1.0/users?%24filter=mail+eq+%27%27%27%27",
        "GET /v1.0/users?$skiptoken=2",
    ]


def test_next_page_on_another_server_is_not_asked_for(served: Served, graph: Graph) -> None:
    page: dict[str, Any] = {"value": [], "@odata.nextLink": "https://graph.contoso.example/v1.0/users"}
    _answers(served, (200, {}, page))

    with pytest.raises(ValueError, match="the token must not be sent there"):
        graph.list("/users")


def test_server_that_asks_for_more_time_than_is_left_is_not_waited_for(served: Served, graph: Graph) -> None:
    _answers(served, (429, {"Retry-After": "600"}, {}))
    started = time.monotonic()

    with pytest.raises(TimeoutError, match=r'Get ".*/v1\.0/users/1": context deadline exceeded'):
        graph.within(300).get("/users/1")

    assert time.monotonic() - started < 5


def test_answer_that_is_no_json_is_shown_as_it_is(served: Served, graph: Graph) -> None:
    served.answer = lambda _method, _path: (400, {}, "<html>no</html>")

    with pytest.raises(Refusal, match=r"unexpected status 400 .* with response: "):
        graph.get("/users/1")


class Replicas:
    """Answers in turn whether the directory agrees, and counts the questions."""

    def __init__(self, *answers: bool) -> None:
        self._left = list(answers)
        self.asked = 0

    def agree(self) -> bool:
        self.asked += 1
        return self._left.pop(0) if self._left else True


def test_wait_ends_when_five_answers_in_a_row_agree(graph: Graph) -> None:
    replicas = Replicas(True, True, False, True)

    graph.within(300).waited(replicas.agree)

    assert replicas.asked == 8


def test_wait_in_vain_asks_after_five_seconds_and_then_every_ten(graph: Graph) -> None:
    replicas = Replicas(*[False] * 99)

    with pytest.raises(TimeoutError, match="context deadline exceeded"):
        graph.within(60).waited(replicas.agree)

    assert replicas.asked == 7


def test_wait_whose_read_is_refused_ends_with_the_refusal(served: Served, graph: Graph) -> None:
    _answers(served, (403, {}, ERROR))

    with pytest.raises(ValueError, match="retrieving resource: unexpected status 403"):
        graph.waited(lambda: graph.find("/users/1") is not None)


@pytest.mark.parametrize(("pace", "least", "most"), [(0.0, 0.0, 0.05), (0.01, 0.2, 0.6)])
def test_pace_says_how_long_a_habitual_wait_takes(pace: float, least: float, most: float) -> None:
    patience = Patience(300, pace=pace)
    started = time.monotonic()

    patience.rest(20)

    assert least <= time.monotonic() - started <= most
    assert patience.left == 280
