"""Rows of the security defaults."""

from collections.abc import Mapping

from tests.sandbox.rows.scene import Ask, Row

PATH = "/policies/identitySecurityDefaultsEnforcementPolicy"

ROWS: Mapping[str, Row] = {
    f"GET {PATH}": lambda _scene: Ask(PATH),
    f"PATCH {PATH}": lambda _scene: Ask(PATH, {"isEnabled": True}),
}
