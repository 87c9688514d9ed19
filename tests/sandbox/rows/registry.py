"""Every row's good request, by the row's name."""

from collections.abc import Mapping

from tests.sandbox.rows import users
from tests.sandbox.rows.scene import Row

ROWS: Mapping[str, Row] = {
    **users.ROWS,
}
