"""Every witness's call, by the row's name."""

from collections.abc import Mapping

from tests.sandbox.witness import users
from tests.sandbox.witness.call import Call

CALLS: Mapping[str, Call] = {
    **users.CALLS,
}
