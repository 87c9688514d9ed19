"""Exceptions of the review are read with their day, and there are none without the key."""

from datetime import date
from pathlib import Path

from steward.config.loader import load_tenant
from steward.config.model import ReviewException
from tests.config.good_file import GOOD, write_tenant_file

_EXCEPTIONS = """\
review:
  exceptions:
    - rule: app_roles_given_to_groups
      reason: The only administrator has no group yet
      until: 2026-12-31
"""


def test_exceptions_of_the_review_are_read(tmp_path: Path) -> None:
    tenant = load_tenant(write_tenant_file(tmp_path, GOOD + _EXCEPTIONS))
    reason = "The only administrator has no group yet"
    expected = ReviewException(rule="app_roles_given_to_groups", reason=reason, until=date(2026, 12, 31))
    assert tenant.review_exceptions == (expected,)


def test_file_without_the_key_makes_no_exception(tmp_path: Path) -> None:
    assert load_tenant(write_tenant_file(tmp_path)).review_exceptions == ()
