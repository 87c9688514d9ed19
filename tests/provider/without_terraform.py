"""What Terraform asks of the provider, asked in one process: plan, apply, refresh, import, destroy.

A life with Terraform takes seconds a step; here the same calls of the protocol take milliseconds, against the same
sandbox over the same HTTPS.
"""

from collections.abc import Mapping
from typing import Any

from tf.gen import tfplugin_pb2 as pb

from sandbox.provider import registry
from sandbox.provider.protocol import Provider
from sandbox.provider.session import SCHEMA
from sandbox.provider.values import decode, encode

State = dict[str, Any]


class Refused(Exception):  # noqa: N818  named as what the provider did
    """The diagnostics of a call, with the state that it left behind."""

    def __init__(self, diagnostics: Any, state: State | None = None) -> None:
        self.summaries = [each.summary for each in diagnostics]
        self.details = [each.detail for each in diagnostics]
        self.state = state
        super().__init__(f"{self.summaries} {self.details}")


class Life:
    """One resource's life with a configured provider."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._kind = registry.RESOURCES[name]
        self._provider = Provider()
        context: Any = None
        self._context = context
        empty = encode({**dict.fromkeys(SCHEMA.attributes), **{block: [] for block in SCHEMA.blocks}})
        configured = self._provider.ConfigureProvider(pb.ConfigureProvider.Request(config=empty), context)
        _require(configured)

    def validate(self, **config: Any) -> list[str]:
        """Return the summaries of what is wrong with a configuration."""
        request = pb.ValidateResourceConfig.Request(type_name=self._name, config=encode(self._whole(config)))
        return [each.summary for each in self._provider.ValidateResourceConfig(request, self._context).diagnostics]

    def plan(self, prior: State | None, /, **config: Any) -> tuple[State, set[str]]:
        """Return what is planned, and what replaces the object."""
        whole = self._whole(config)
        request = pb.PlanResourceChange.Request(
            type_name=self._name,
            prior_state=encode(prior),
            proposed_new_state=encode(self._proposed(prior, whole)),
            config=encode(whole),
        )
        response = self._provider.PlanResourceChange(request, self._context)
        _require(response)
        planned: State = decode(response.planned_state)
        return planned, {path.steps[0].attribute_name for path in response.requires_replace}

    def apply(self, prior: State | None = None, /, **config: Any) -> State:
        """Plan, apply, and return the new state."""
        planned, _ = self.plan(prior, **config)
        return self._apply(prior, planned) or {}

    def destroy(self, state: State) -> None:
        """Take the object away."""
        self._apply(state, None)

    def refresh(self, state: State) -> State | None:
        """Return what the tenant holds now."""
        request = pb.ReadResource.Request(type_name=self._name, current_state=encode(state))
        response = self._provider.ReadResource(request, self._context)
        _require(response)
        found: State | None = decode(response.new_state)
        return found

    def adopt(self, state_id: str) -> State | None:
        """Import an object, and refresh it."""
        request = pb.ImportResourceState.Request(type_name=self._name, id=state_id)
        response = self._provider.ImportResourceState(request, self._context)
        _require(response)
        return self.refresh(decode(response.imported_resources[0].state))

    def is_settled(self, state: State, /, **config: Any) -> bool:
        """Tell whether a refresh and a plan find nothing to do."""
        found = self.refresh(state)
        return found is not None and self.plan(found, **config)[0] == found

    def _apply(self, prior: State | None, planned: State | None) -> State | None:
        request = pb.ApplyResourceChange.Request(
            type_name=self._name, prior_state=encode(prior), planned_state=encode(planned)
        )
        response = self._provider.ApplyResourceChange(request, self._context)
        state: State | None = decode(response.new_state)
        _require(response, state)
        return state

    def _whole(self, config: Mapping[str, Any]) -> State:
        schema = self._kind.schema
        nested: State = {name: None if block.nesting == "single" else [] for name, block in schema.blocks.items()}
        whole: State = {**dict.fromkeys(schema.attributes), **nested, **config}
        for name, block in schema.blocks.items():
            if block.nesting != "single":
                empty: State = {each: [] for each in block.object.blocks}
                whole[name] = [
                    {**dict.fromkeys(block.object.attributes), **empty, **element} for element in whole[name]
                ]
        return whole

    def _proposed(self, prior: State | None, config: State) -> State:
        """Return the configuration with what the tenant decided where it says nothing, as Terraform proposes it."""
        computed = {name for name, attribute in self._kind.schema.attributes.items() if attribute.computed}
        return {
            name: (prior or {}).get(name) if value is None and name in computed else value
            for name, value in config.items()
        }


def _require(response: Any, state: State | None = None) -> None:
    if response.diagnostics:
        raise Refused(response.diagnostics, state)
