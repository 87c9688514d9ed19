"""Reads tenant files into `Tenant` values, for the stacks and for every program.

A file that is wrong in any way raises one `TenantFileError` with everything that is wrong in it, by line; nothing else
has happened by then.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from steward.config.backends import complete_settings, state_place
from steward.config.clouds import CLOUDS, Cloud
from steward.config.document import (
    BackendSection,
    CloudSection,
    IdentitiesSection,
    MfaSection,
    PermissionsSection,
    SinkSection,
    TenantDocument,
    UnfitKeyError,
)
from steward.config.folders import resolve_beside
from steward.config.model import (
    Account,
    Application,
    Backend,
    CertificateTrust,
    CommandSink,
    DashboardRole,
    Deployer,
    FileSink,
    GithubTrust,
    GroupReference,
    Identities,
    KeyVaultSink,
    Mfa,
    Permission,
    Permissions,
    ReviewException,
    Sink,
    Tenant,
    TenantIdentity,
)
from steward.config.permission_names import resolve_permission
from steward.config.problem import KeyPath, LocatedProblem, Problem, TenantFileError
from steward.config.rules import RULES, Circumstances, first_sign_in
from steward.config.shape import read_sections
from steward.config.source import Source, read_source, refusal
from steward.wellknown.permissions import PermissionKind
from steward.wellknown.strengths import BUILT_IN_STRENGTHS


def load_tenant(path: Path, *, is_to_close: bool = False) -> Tenant:
    """Return what the tenant file says; paths in it come out absolute, ids in lower case.

    With `is_to_close` a role is to be taken away, and a fault that does not keep from it is let pass.
    """
    return _load(read_source(path), is_to_close=is_to_close)


def load_tenants(paths: Sequence[Path]) -> tuple[Tenant, ...]:
    """Return the tenants in the order of their files; two files must not speak of the same tenant, name or state."""
    sources: list[Source] = []
    tenants: list[Tenant] = []
    problems: list[LocatedProblem] = []
    for path in paths:
        try:
            source = read_source(path)
            tenants.append(_load(source))
            sources.append(source)
        except TenantFileError as error:
            problems += error.problems
    problems += _compare(sources, tenants)
    if problems:
        raise TenantFileError(problems)
    return tuple(tenants)


def find_tenant_files(folder: Path) -> tuple[Path, ...]:
    """Return the tenant files directly in `folder`, sorted by name; there may be none.

    They end in `.yaml`. The example ends in `.yaml.sample`, so that no program and no `*.yaml` takes it for a tenant. A
    file that ends in `.yml` is refused rather than silently left out.
    """
    if not folder.is_dir():
        raise refusal(folder, "is no folder", next_move="name the folder with the tenant files")
    entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    overlooked = [entry for entry in entries if entry.suffix != ".yaml" and entry.suffix.lower() in {".yaml", ".yml"}]
    if overlooked:
        raise TenantFileError(
            LocatedProblem(
                entry,
                None,
                Problem((), "would be left out", "tenant files end in .yaml", f"rename it to {entry.stem}.yaml"),
            )
            for entry in overlooked
        )
    return tuple(entry for entry in entries if entry.suffix == ".yaml")


def _load(source: Source, *, is_to_close: bool = False) -> Tenant:
    sections, problems = read_sections(source)
    said = {problem.key for problem in source.problems}
    problems = [*source.problems, *(problem for problem in problems if problem.key not in said)]
    problems += _judge(sections, source.file)
    if is_to_close:
        problems = [problem for problem in problems if problem.keeps_from_closing]
    if problems:
        raise TenantFileError(source.locate(problem) for problem in problems)
    return _build(TenantDocument.model_construct(**sections), source.file)


def _judge(sections: Mapping[str, Any], file: Path) -> Iterator[Problem]:
    document = TenantDocument.model_construct(**sections)
    circumstances = Circumstances(file=file, today=datetime.now(UTC).date())
    for rule in RULES:
        if all(section in sections for section in rule.sections):
            # A rule goes as far as the keys that fit take it.
            with suppress(UnfitKeyError):
                yield from rule.judge(document, circumstances)


def _compare(sources: Sequence[Source], tenants: Sequence[Tenant]) -> Iterator[LocatedProblem]:
    """Find what two files claim both, at the later file, naming the earlier one and its line."""
    claims: dict[tuple[object, ...], tuple[Source, KeyPath]] = {}
    for source, tenant in zip(sources, tenants, strict=True):
        for key, claim, why in (
            (("tenant", "id"), tenant.tenant.id, "two stacks would fight over one tenant"),
            (("tenant", "name"), tenant.name, "the name is the stack's, and a stack has one tenant"),
            (
                ("backend",),
                _state_place(tenant.backend),
                "the second deploy would take the first tenant's objects for its own",
            ),
        ):
            if key == ("backend",) and tenant.backend.kind == "local":
                continue  # cdktf keeps a local state by the stack's name
            other, other_key = claims.setdefault((key, claim), (source, key))
            if other is not source:
                place = other.locate(Problem(other_key, ""))
                yield source.locate(
                    Problem(
                        key,
                        f"is the same as in {place.file}:{place.line}",
                        why,
                        "one tenant has one file; change or remove one of the two",
                    )
                )


def _build(document: TenantDocument, file: Path) -> Tenant:
    account, application = document.account, document.application
    return Tenant(
        file=file,
        tenant=TenantIdentity(
            name=document.tenant.name, id=document.tenant.id, cloud=_cloud(document.tenant.cloud, file)
        ),
        deployer=Deployer(object_id=document.deployer.object_id) if document.deployer else None,
        identities=_identities(document.identities, file) if document.identities else None,
        account=Account(**dict(account)),
        break_glass=GroupReference(object_id=document.break_glass.group_id, name=document.break_glass.group),
        mfa=_mfa(document.mfa),
        application=Application(
            display_name=application.display_name,
            client_id=application.client_id,
            permissions=_permissions(application.permissions),
            redirect_uris=application.redirect_uris,
        ),
        dashboard=tuple(
            DashboardRole(role=entry.role, group=GroupReference(object_id=entry.group_id, name=entry.group))
            for entry in document.dashboard
        ),
        elevation=document.elevation,
        window_minutes=document.window_minutes,
        first_sign_in=first_sign_in(document),
        consent=document.consent,
        sink=_sink(document.sink, file) if document.sink else None,
        evidence=resolve_beside(file, document.evidence),
        plan_valid_hours=document.plan_valid_hours,
        backend=_backend(document.backend, document.tenant.name),
        review_exceptions=tuple(
            ReviewException(rule=entry.rule, reason=entry.reason, until=entry.until)
            for entry in (document.review.exceptions if document.review else ())
        ),
    )


def _state_place(backend: Backend) -> tuple[object, ...]:
    return () if backend.kind == "local" else state_place(backend.kind, backend.settings)


def _cloud(cloud: str | CloudSection, file: Path) -> Cloud:
    if isinstance(cloud, str):
        return CLOUDS[cloud]
    return Cloud(
        name=cloud.name,
        authority=cloud.authority,
        graph=cloud.graph,
        ca_file=resolve_beside(file, cloud.ca_file) if cloud.ca_file else None,
    )


def _mfa(mfa: str | MfaSection) -> Mfa:
    if isinstance(mfa, str):
        return Mfa()
    if mfa.strength is not None:
        return Mfa(strength=mfa.strength, strength_id=BUILT_IN_STRENGTHS[mfa.strength])
    return Mfa(strength_id=mfa.strength_id)


def _permissions(permissions: PermissionsSection) -> Permissions:
    delegated = permissions.delegated
    application = tuple(_permission(name, PermissionKind.APPLICATION) for name in permissions.application)
    if delegated is None:
        return Permissions(application=application)
    return Permissions(
        application=application,
        delegated=tuple(_permission(name, PermissionKind.DELEGATED) for name in delegated.scopes),
        delegated_for=delegated.granted_for,
    )


def _permission(name: str, kind: PermissionKind) -> Permission:
    known = resolve_permission(name, kind)
    permission_id = known.id_for(kind)
    if permission_id is None:
        raise AssertionError(f"{known.label} was resolved without an id")
    return Permission(resource_app_id=known.resource_app_id, value=known.value, id=permission_id)


def _identities(identities: IdentitiesSection, file: Path) -> Identities:
    made = {name.replace("_", "-"): client_id for name, client_id in identities.client_ids if client_id is not None}
    if identities.github is not None:
        return Identities(trust=GithubTrust(**dict(identities.github)), client_ids=made)
    if identities.certificate is not None:
        folder = resolve_beside(file, identities.certificate.folder)
        return Identities(trust=CertificateTrust(folder=folder, days=identities.certificate.days), client_ids=made)
    raise AssertionError("identities without a trust have passed their shape")


def _sink(sink: SinkSection, file: Path) -> Sink:
    if sink.key_vault is not None:
        return KeyVaultSink(**dict(sink.key_vault))
    if sink.command is not None:
        program, *arguments = sink.command.words
        # A program named by its path lies beside the file, as everything that the file names.
        found = str(resolve_beside(file, program)) if "/" in program else program
        return CommandSink(words=(found, *arguments), timeout_seconds=sink.command.timeout_seconds)
    if sink.file is not None:
        return FileSink(folder=resolve_beside(file, sink.file.folder))
    raise AssertionError("a sink without a kind has passed its shape")


def _backend(backend: str | BackendSection, tenant_name: str) -> Backend:
    if isinstance(backend, str):
        return Backend(kind=backend)
    kind = next(name for name in backend.alternatives if getattr(backend, name) is not None)
    return Backend(kind=kind, settings=complete_settings(kind, getattr(backend, kind), tenant_name))
