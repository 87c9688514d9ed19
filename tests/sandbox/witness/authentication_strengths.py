"""Calls on the authentication strengths, under both their addresses."""

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any

from msgraph.generated.models.authentication_method_modes import AuthenticationMethodModes
from msgraph.generated.models.authentication_strength_policy import AuthenticationStrengthPolicy

from tests.sandbox.rows.authentication_strengths import ALIAS, STRENGTHS, made_strength
from tests.sandbox.rows.scene import Scene
from tests.sandbox.witness.call import Call

# The SDK generates one class of the same name for each of the two addresses.
_BODIES: Mapping[str, str] = {
    STRENGTHS: "msgraph.generated.policies.authentication_strength_policies",
    ALIAS: "msgraph.generated.identity.conditional_access.authentication_strength.policies",
}


def _calls(base: str, strengths_of: Callable[[Any], Any]) -> Iterator[tuple[str, Call]]:
    one = f"{base}/{{id}}"

    def strength(client: Any, scene: Scene) -> Any:
        strength_id = made_strength(scene).rsplit("/", maxsplit=1)[1]
        return strengths_of(client).by_authentication_strength_policy_id(strength_id)

    async def create(client: Any, _scene: Scene) -> None:
        body = AuthenticationStrengthPolicy(
            display_name="Keys only", allowed_combinations=[AuthenticationMethodModes.Fido2]
        )
        await strengths_of(client).post(body)

    async def change(client: Any, scene: Scene) -> None:
        await strength(client, scene).patch(AuthenticationStrengthPolicy(description="Security keys"))

    async def change_combinations(client: Any, scene: Scene) -> None:
        name = "item.update_allowed_combinations.update_allowed_combinations_post_request_body"
        body = import_module(f"{_BODIES[base]}.{name}").UpdateAllowedCombinationsPostRequestBody(
            allowed_combinations=[AuthenticationMethodModes.WindowsHelloForBusiness]
        )
        result = await strength(client, scene).update_allowed_combinations.post(body)
        assert result.current_combinations == [AuthenticationMethodModes.WindowsHelloForBusiness]

    yield f"GET {base}", lambda client, _scene: strengths_of(client).get()
    yield f"POST {base}", create
    yield f"GET {one}", lambda client, scene: strength(client, scene).get()
    yield f"PATCH {one}", change
    yield f"DELETE {one}", lambda client, scene: strength(client, scene).delete()
    yield f"POST {one}/updateAllowedCombinations", change_combinations
    yield f"GET {one}/usage", lambda client, scene: strength(client, scene).usage.get()


CALLS: Mapping[str, Call] = dict(
    [
        *_calls(STRENGTHS, lambda client: client.policies.authentication_strength_policies),
        *_calls(ALIAS, lambda client: client.identity.conditional_access.authentication_strength.policies),
    ]
)
