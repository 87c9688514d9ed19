"""The shape of a witness's call: what an SDK client does in a scene so that one row of the table answers."""

from collections.abc import Awaitable, Callable
from typing import Any

from tests.sandbox.rows.scene import Scene

Call = Callable[[Any, Scene], Awaitable[Any]]
