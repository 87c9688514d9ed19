"""A plan with anything odd in it is refused as bad input or reviewed, and never a defect; a huge one stays bounded."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from steward.errors import ConfigError
from steward.review.comment import LONGEST, render_comment
from steward.review.review import collect
from tests.review.plans import SITUATIONS, add_thing, document_of, outputs, review_document, tenant_of
from tests.review.rule_cases import GOOD

Path = tuple[str | int, ...]
ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, False, 0, -1, 1.5, "", "x", [], {}, [None], [[]], [{}], ["x", 1], {"x": None}, [{"x": []}, 1], [True]]
)


def _nodes(value: Any, path: Path = ()) -> Iterator[Path]:
    if path:
        yield path
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _nodes(each, (*path, name))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _nodes(each, (*path, index))


PLACES = {situation: list(_nodes(document_of(situation))) for situation in SITUATIONS}


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_anything_in_place_of_a_value_is_reviewed_or_refused(data: st.DataObject) -> None:
    situation = data.draw(st.sampled_from(SITUATIONS))
    document = document_of(situation)
    *parents, last = data.draw(st.sampled_from(PLACES[situation]))
    place: Any = document
    for part in parents:
        place = place[part]
    place[last] = data.draw(ODD)
    with suppress(ConfigError):
        shown = outputs(collect([review_document(document, tenant_of(situation))]))
        assert json.loads(shown["json"])["plans"]


def test_one_plan_with_thousands_of_things_stays_bounded_and_says_so() -> None:
    document = document_of(GOOD)
    for number in range(3000):
        add_thing(document, f"azuread_group_member.more_{number:04}")
    comment = render_comment(collect([review_document(document, tenant_of(GOOD))]))
    assert len(comment.encode()) <= LONGEST
    assert "Cut to fit" in comment
    assert comment.splitlines()[1].startswith("### Plan of `contoso`: refused — 3,000 high findings")
