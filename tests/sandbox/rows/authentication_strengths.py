"""Rows of the authentication strengths, under both their addresses."""

from collections.abc import Iterator, Mapping

from tests.sandbox.rows.policies import strength
from tests.sandbox.rows.scene import Ask, Row, Scene

STRENGTHS = "/policies/authenticationStrengthPolicies"
ALIAS = "/identity/conditionalAccess/authenticationStrength/policies"


def made_strength(scene: Scene, base: str = STRENGTHS) -> str:
    """Make a strength and tell its path."""
    return f"{base}/{scene.make(STRENGTHS, strength())['id']}"


def _rows(base: str) -> Iterator[tuple[str, Row]]:
    one = f"{base}/{{id}}"
    combinations = {"allowedCombinations": ["fido2"]}
    yield f"GET {base}", lambda _scene: Ask(base)
    yield f"POST {base}", lambda _scene: Ask(base, strength())
    yield f"GET {one}", lambda scene: Ask(made_strength(scene, base))
    yield f"PATCH {one}", lambda scene: Ask(made_strength(scene, base), {"description": None})
    yield f"DELETE {one}", lambda scene: Ask(made_strength(scene, base))
    yield (
        f"POST {one}/updateAllowedCombinations",
        lambda scene: Ask(f"{made_strength(scene, base)}/updateAllowedCombinations", combinations),
    )
    yield f"GET {one}/usage", lambda scene: Ask(f"{made_strength(scene, base)}/usage")


ROWS: Mapping[str, Row] = dict([*_rows(STRENGTHS), *_rows(ALIAS)])
