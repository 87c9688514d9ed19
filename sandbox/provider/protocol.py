"""Terraform's plugin protocol, version 6, over the provider's types.

Each method decodes Terraform's values, calls planning or a type's operation, and encodes the answer; every error
becomes a diagnostic. Answers say that they come from the legacy type system, as the real provider's do, so that
Terraform is as lenient with the difference between null and empty.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import grpc  # type: ignore[import-untyped]  # published without type information
from tf.gen import tfplugin_pb2 as pb
from tf.gen import tfplugin_pb2_grpc as rpc

from sandbox.provider import registry
from sandbox.provider.checks import null_members, present, violations
from sandbox.provider.diagnostics import Diagnosis, warning
from sandbox.provider.planning import plan, reconcile
from sandbox.provider.resource import DataSource, Record, Resource
from sandbox.provider.schema import Attribute, Block, Object
from sandbox.provider.session import SCHEMA, Session, sign_in
from sandbox.provider.timeouts import allowed_seconds, require_durations
from sandbox.provider.transport import UNHURRIED
from sandbox.provider.values import decode, encode, without_unknown

Context: TypeAlias = grpc.ServicerContext


class Provider(rpc.ProviderServicer):  # type: ignore[misc]  # a generated class without type information
    """Serves one Terraform process; methods are called from several threads."""

    def __init__(self) -> None:
        self._session: Session | None = None

    def GetMetadata(self, request: pb.GetMetadata.Request, context: Context) -> pb.GetMetadata.Response:
        """Name the types."""
        response = pb.GetMetadata.Response
        return response(
            server_capabilities=_capabilities(),
            resources=[response.ResourceMetadata(type_name=name) for name in registry.RESOURCES],
            data_sources=[response.DataSourceMetadata(type_name=name) for name in registry.DATA_SOURCES],
        )

    def GetProviderSchema(
        self, request: pb.GetProviderSchema.Request, context: Context
    ) -> pb.GetProviderSchema.Response:
        """Describe the types."""
        return pb.GetProviderSchema.Response(
            provider=pb.Schema(block=SCHEMA.to_protocol()),
            resource_schemas={
                name: pb.Schema(version=item.version, block=item.schema.to_protocol())
                for name, item in registry.RESOURCES.items()
            },
            data_source_schemas={
                name: pb.Schema(block=item.schema.to_protocol()) for name, item in registry.DATA_SOURCES.items()
            },
            server_capabilities=_capabilities(),
        )

    def ValidateProviderConfig(
        self, request: pb.ValidateProviderConfig.Request, context: Context
    ) -> pb.ValidateProviderConfig.Response:
        """Accept any provider block of the right form; what it leads to is judged when it is used."""
        return pb.ValidateProviderConfig.Response()

    def ConfigureProvider(
        self, request: pb.ConfigureProvider.Request, context: Context
    ) -> pb.ConfigureProvider.Response:
        """Sign in to the sandbox."""
        response = pb.ConfigureProvider.Response()

        def configure() -> None:
            self._session = sign_in(decode(request.config) or {})

        response.diagnostics.extend(_diagnosed(configure))
        return response

    def ValidateResourceConfig(
        self, request: pb.ValidateResourceConfig.Request, context: Context
    ) -> pb.ValidateResourceConfig.Response:
        """Judge a resource's configuration without the tenant."""
        found = _judged(registry.RESOURCES[request.type_name], decode(request.config))
        return pb.ValidateResourceConfig.Response(diagnostics=list(found))

    def ValidateDataResourceConfig(
        self, request: pb.ValidateDataResourceConfig.Request, context: Context
    ) -> pb.ValidateDataResourceConfig.Response:
        """Judge a data source's configuration without the tenant."""
        found = _judged(registry.DATA_SOURCES[request.type_name], decode(request.config))
        return pb.ValidateDataResourceConfig.Response(diagnostics=list(found))

    def UpgradeResourceState(
        self, request: pb.UpgradeResourceState.Request, context: Context
    ) -> pb.UpgradeResourceState.Response:
        """Read a state file's attributes; a state of another schema version is refused."""
        kind = registry.RESOURCES[request.type_name]
        response = pb.UpgradeResourceState.Response()

        def upgrade() -> None:
            if request.version != kind.version or not request.raw_state.json:
                raise Diagnosis(
                    f"The state of this {request.type_name} has schema version {request.version}, not {kind.version}",
                    "It was written by another version of the provider. Next: apply once with hashicorp/azuread 3.7.0.",
                )
            stored = json.loads(request.raw_state.json)
            names = {**kind.schema.attributes, **kind.schema.blocks}
            response.upgraded_state.CopyFrom(encode({name: stored.get(name) for name in names}))

        response.diagnostics.extend(_diagnosed(upgrade))
        return response

    def PlanResourceChange(
        self, request: pb.PlanResourceChange.Request, context: Context
    ) -> pb.PlanResourceChange.Response:
        """Plan a create or an update; a delete needs no planning."""
        kind = registry.RESOURCES[request.type_name]
        prior, proposed = decode(request.prior_state), decode(request.proposed_new_state)
        response = pb.PlanResourceChange.Response(legacy_type_system=True, planned_private=request.prior_private)

        def plan_change() -> None:
            if proposed is None:
                response.planned_state.CopyFrom(request.proposed_new_state)
                return
            nulls = list(null_members(kind.schema, decode(request.config)))
            if nulls:
                response.diagnostics.extend(problem.to_protocol() for problem in nulls)
                return
            change = plan(kind.schema, prior, proposed)
            kind.check_plan(self._signed_in(), change)
            if change.planned != prior:
                require_durations(proposed)  # which nobody reads while nothing else changes
            response.planned_state.CopyFrom(encode(change.planned))
            response.planned_private = json.dumps(without_unknown(change.planned["timeouts"])).encode()
            for name in change.replaced_by():
                response.requires_replace.add().steps.add(attribute_name=name)

        response.diagnostics.extend(_diagnosed(plan_change))
        return response

    def ApplyResourceChange(
        self, request: pb.ApplyResourceChange.Request, context: Context
    ) -> pb.ApplyResourceChange.Response:
        """Create, update or delete; after a failure the state says what is there."""
        kind = registry.RESOURCES[request.type_name]
        prior, planned = decode(request.prior_state), decode(request.planned_state)
        response = pb.ApplyResourceChange.Response(legacy_type_system=True, private=request.planned_private)
        record = Record(kind.schema, prior, prior if planned is None else planned)

        def apply() -> None:
            if planned is None:
                # The plan's timeouts hold for what it deletes, not those in the state.
                timed = {"timeouts": json.loads(request.planned_private)} if request.planned_private else prior
                kind.delete(self._signed_in(allowed_seconds(kind, "delete", timed)), record)
            elif prior is None:
                kind.create(self._signed_in(allowed_seconds(kind, "create", planned)), record)
            else:
                kind.update(self._signed_in(allowed_seconds(kind, "update", planned)), record)

        diagnostics = _diagnosed(apply)
        response.diagnostics.extend(diagnostics)
        state = _state_after(kind.schema, record, prior, planned, failed=bool(diagnostics))
        response.new_state.CopyFrom(encode(state))
        # For an object that its creation does not find again the SDK answers without its excuse for odd values.
        response.legacy_type_system = state is not None
        return response

    def ReadResource(self, request: pb.ReadResource.Request, context: Context) -> pb.ReadResource.Response:
        """Refresh one object."""
        kind = registry.RESOURCES[request.type_name]
        current = decode(request.current_state)
        response = pb.ReadResource.Response(private=request.private)
        record = Record(kind.schema, current, current)

        def read() -> None:
            kind.read(self._signed_in(allowed_seconds(kind, "read", current)), record)
            state = reconcile(kind.schema, record.state(), current, applied=False) if record.id else None
            response.new_state.CopyFrom(encode(state))

        response.diagnostics.extend(_diagnosed(read))
        return response

    def ImportResourceState(
        self, request: pb.ImportResourceState.Request, context: Context
    ) -> pb.ImportResourceState.Response:
        """Accept an id of the type's form; Terraform then refreshes the object."""
        kind = registry.RESOURCES[request.type_name]
        response = pb.ImportResourceState.Response()

        def take() -> None:
            kind.id_path.parts(request.id)
            empty: dict[str, Any] = dict.fromkeys(kind.schema.attributes)
            nested: dict[str, Any] = {
                name: None if item.nesting == "single" else [] for name, item in kind.schema.blocks.items()
            }
            state = encode({**empty, **nested, "id": request.id})
            response.imported_resources.add(type_name=request.type_name, state=state)

        response.diagnostics.extend(_diagnosed(take))
        return response

    def ReadDataSource(self, request: pb.ReadDataSource.Request, context: Context) -> pb.ReadDataSource.Response:
        """Read a data source."""
        kind = registry.DATA_SOURCES[request.type_name]
        config = decode(request.config)
        response = pb.ReadDataSource.Response()

        def read() -> None:
            found = kind.read(self._signed_in(allowed_seconds(kind, "read", config)), config)
            filled = kind.schema.filled(found)
            state = {name: filled[name] if name in found else value for name, value in config.items()}
            response.state.CopyFrom(encode(state))

        response.diagnostics.extend(_diagnosed(read))
        return response

    def StopProvider(self, request: pb.StopProvider.Request, context: Context) -> pb.StopProvider.Response:
        """Let what runs come to its end; nothing here waits long."""
        return pb.StopProvider.Response()

    def _signed_in(self, seconds: float = UNHURRIED) -> Session:
        """Return the session for an operation that may take so many seconds."""
        if self._session is None:
            raise Diagnosis("The provider was used before it was configured", "This is a defect of whoever started it.")
        return self._session.within(seconds)


def _capabilities() -> pb.ServerCapabilities:
    return pb.ServerCapabilities(get_provider_schema_optional=True)


def _state_after(
    schema: Object, record: Record, prior: dict[str, Any] | None, planned: dict[str, Any] | None, *, failed: bool
) -> dict[str, Any] | None:
    if planned is None:
        return prior if failed else None
    if failed and record.keeps_prior_on_failure:
        return prior
    return reconcile(schema, record.state(), planned, applied=True) if record.id else None


def _judged(kind: Resource | DataSource, config: Mapping[str, Any]) -> Iterator[pb.Diagnostic]:
    problems = list(violations(kind.schema, config))
    for rule in kind.rules:
        problems += rule(present(kind.schema, config))
    yield from (problem.to_protocol() for problem in problems)
    refused = {problem.path[:1] for problem in problems}
    members: dict[str, Attribute | Block] = {**kind.schema.attributes, **kind.schema.blocks}
    for name, item in members.items():
        if item.deprecated and config.get(name) and (name,) not in refused:
            yield warning("Argument is deprecated", item.deprecated, (name,))


def _diagnosed(work: Callable[[], None]) -> list[pb.Diagnostic]:
    """Do the work and return its error as diagnostics; a defect of this provider is shown with its traceback."""
    try:
        work()
    except Diagnosis as problem:
        return [problem.to_protocol()]
    except Exception as defect:  # noqa: BLE001  a defect must reach the user as a diagnostic, not as a broken pipe
        shown = "".join(traceback.format_exception(defect))
        summary = f"The rehearsal provider has a defect: {defect}"
        return [pb.Diagnostic(severity=pb.Diagnostic.ERROR, summary=summary, detail=shown)]
    return []
