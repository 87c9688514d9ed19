"""The row of `/$batch`."""

from collections.abc import Mapping

from tests.sandbox.rows.scene import Ask, Row

ROWS: Mapping[str, Row] = {
    "POST /$batch": lambda _scene: Ask("/$batch", {"requests": [{"id": "1", "method": "GET", "url": "/users"}]}),
}
