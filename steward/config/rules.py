"""Rules over several keys of a tenant file: each finds what must not stand together, and says why.

A rule names the sections that it looks at and runs whatever is wrong elsewhere, as far as the keys fit that it looks
at. It reads the document and, where paths are concerned, looks whether they exist; it changes nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from steward.config.backends import judge_backend
from steward.config.clouds import CLOUDS
from steward.config.document import CloudSection, TenantDocument
from steward.config.folders import judge_ca_file, judge_evidence, judge_key_folder, judge_sink
from steward.config.login import SHORTEST_LOCAL_PART, propose_login, telling_words
from steward.config.model import Consent, ConsentFor, Elevation, FirstSignIn, SignIn
from steward.config.permission_names import resolve_permission
from steward.config.problem import KeyPath, Problem, choose, nearest
from steward.wellknown.permissions import PermissionKind, known_apis
from steward.wellknown.schedules import SHORTEST_MINUTES
from steward.wellknown.strengths import BUILT_IN_STRENGTHS, STRENGTHS_WITH_TEMPORARY_ACCESS_PASS

LONGEST_EXCEPTION_DAYS = 366
WINDOW_ELEVATIONS = (Elevation.IN_WINDOW, Elevation.SCHEDULED)
DASHBOARD_ROLES = ("Full Administrator", "Dashboard View Only", "Contact List Manager", "Collection Manager")


@dataclass(frozen=True)
class Circumstances:
    """What a rule may know besides the document: which file it stands in, and the day."""

    file: Path
    today: date


Judge = Callable[[TenantDocument, Circumstances], Iterator[Problem]]


@dataclass(frozen=True)
class Rule:
    """A rule and the top-level sections that it reads."""

    sections: tuple[str, ...]
    judge: Judge


def judge_cloud(document: TenantDocument, circumstances: Circumstances) -> Iterator[Problem]:
    """Demand that a cloud of one's own is none of Microsoft's and that its certificate authority is there."""
    cloud = document.tenant.cloud
    if not isinstance(cloud, CloudSection):
        return
    if cloud.name in CLOUDS:
        yield Problem(
            ("tenant", "cloud", "name"),
            f"{cloud.name!r} is the name of a public cloud",
            "reports would say that a sandbox is Microsoft's",
            f"choose another name, or write 'cloud: {cloud.name}' for the public one",
        )
    public = {urlsplit(base).hostname: each.name for each in CLOUDS.values() for base in (each.authority, each.graph)}
    for key in ("authority", "graph"):
        host = urlsplit(getattr(cloud, key)).hostname
        if host in public:
            yield Problem(
                ("tenant", "cloud", key),
                f"{host} belongs to a public cloud",
                "Terraform's provider knows that one by its name only",
                f"write 'cloud: {public[host]}'",
            )
    if cloud.ca_file is not None:
        yield from judge_ca_file(circumstances.file, cloud.ca_file)


def judge_login(document: TenantDocument, _: Circumstances) -> Iterator[Problem]:
    """Demand a login that is hard to guess."""
    tenant_name = document.tenant.name
    local_part, domain = document.account.login.split("@")
    proposal = f"take another one, such as {propose_login(tenant_name, domain)}"
    words = telling_words(local_part, tenant_name=tenant_name, domain=domain)
    if words:
        yield Problem(
            ("account", "login"),
            f"{local_part!r} contains {choose(words)}"
            if len(words) == 1
            else f"{local_part!r} contains {', '.join(words)}",
            "a login that names the vendor, a role or the company is the first that an attacker tries",
            proposal,
        )
    if len(local_part) < SHORTEST_LOCAL_PART:
        yield Problem(
            ("account", "login"),
            f"{local_part!r} has {len(local_part)} characters before the @",
            f"fewer than {SHORTEST_LOCAL_PART} are found by trying",
            proposal,
        )


def judge_licences(document: TenantDocument, _: Circumstances) -> Iterator[Problem]:
    """Demand that no licence is named twice."""
    yield from _repeated(("account", "licences"), document.account.licences)


def judge_sealed_on(document: TenantDocument, circumstances: Circumstances) -> Iterator[Problem]:
    """Demand a day of sealing that has come; one day more is for other time zones."""
    day = document.account.sealed_on
    if day is not None and day > circumstances.today + timedelta(days=1):
        yield Problem(
            ("account", "sealed_on"),
            f"{day} lies in the future",
            "it is the day on which the account was sealed, and no deploy grants the role once it is set",
            "leave it out until the post-apply program writes it",
        )


def judge_identities(document: TenantDocument, _: Circumstances) -> Iterator[Problem]:
    """Demand that ids which mean different things differ."""
    client_id = document.application.client_id
    if document.deployer is not None and document.deployer.object_id in (document.tenant.id, client_id):
        yield Problem(
            ("deployer", "object_id"),
            "is the id of the tenant or of the application",
            "it is the object id of the identity that runs Terraform",
            "look it up: az ad sp show --id <client id of the deploying identity> --query id",
        )
    if client_id in (document.tenant.id, *known_apis().values()):
        yield Problem(
            ("application", "client_id"),
            "is the id of the tenant or of an API",
            "it is the client id of the vendor's application",
            "take it from the vendor, or leave the key out to register an application of your own",
        )


def judge_deployer(document: TenantDocument, _: Circumstances) -> Iterator[Problem]:
    """Demand the deploying identity, unless it is one of those that are to be made."""
    if document.deployer is None and document.identities is None:
        yield Problem(
            ("deployer",),
            "is missing",
            "the identity that runs Terraform owns what the stack creates, and the plan is the same whoever makes it",
            "write deployer.object_id, or say under identities who signs in and run scripts/identities.py make",
        )


def judge_made_identities(document: TenantDocument, circumstances: Circumstances) -> Iterator[Problem]:
    """Demand client ids that differ, and a folder from which no private key travels."""
    identities = document.identities
    if identities is None:
        return
    seen: dict[str, str] = {}
    for name, client_id in identities.client_ids:
        if client_id is None:
            continue
        other = seen.setdefault(client_id, name)
        if other != name:
            yield Problem(
                ("identities", "client_ids", name),
                f"is the client id of {other}",
                "each identity has permissions of its own, and a shared one would have both sets",
                "leave it out and run scripts/identities.py make",
            )
    if identities.certificate is not None:
        yield from judge_key_folder(circumstances.file, identities.certificate.folder, evidence=document.evidence)


def judge_mfa(document: TenantDocument, _: Circumstances) -> Iterator[Problem]:
    """Demand a strength that takes a Temporary Access Pass where a person enrols with one."""
    if isinstance(document.mfa, str) or document.account.sign_in is SignIn.BLOCKED:
        return
    by_id = {strength_id: name for name, strength_id in BUILT_IN_STRENGTHS.items()}
    name = document.mfa.strength or by_id.get(document.mfa.strength_id or "")
    if name and BUILT_IN_STRENGTHS[name] not in STRENGTHS_WITH_TEMPORARY_ACCESS_PASS:
        yield Problem(
            ("mfa", "strength" if document.mfa.strength else "strength_id"),
            f"{name} cannot go with sign_in: allowed",
            "the second factor is enrolled with a one-time Temporary Access Pass, which this strength does not take",
            "use 'mfa: any', 'Multifactor authentication' or a strength of your own with temporaryAccessPassOneTime",
        )


def first_sign_in(document: TenantDocument) -> FirstSignIn:
    """Return which sign-in is awaited in the window, by the file or by what its elevation is for."""
    if document.first_sign_in is not None:
        return document.first_sign_in
    return FirstSignIn.DASHBOARD if document.elevation in WINDOW_ELEVATIONS else FirstSignIn.NONE


def judge_window(document: TenantDocument, _: Circumstances) -> Iterator[Problem]:
    """Demand a person who may sign in exactly where the role is granted for a person's sign-in."""
    elevation, awaited = document.elevation, first_sign_in(document)
    if elevation not in WINDOW_ELEVATIONS:
        if awaited is FirstSignIn.DASHBOARD:
            yield Problem(
                ("first_sign_in",),
                f"{awaited} cannot go with elevation: {elevation}",
                "credentials never change hands while the role is held, and this elevation keeps the account disabled "
                "for as long as it may hold it",
                "use in_window or scheduled, or leave first_sign_in out: with 'sign_in: allowed' a person may sign in "
                "once the tenant is sealed",
            )
        return
    if awaited is FirstSignIn.NONE and document.consent is Consent.GRAPH:
        yield Problem(
            ("first_sign_in",),
            f"{awaited} cannot go with elevation: {elevation}",
            "consent through Graph needs no role, so that nobody would be there to use it",
            "write 'elevation: none' or 'consent: browser', or leave first_sign_in out",
        )
    if elevation is Elevation.SCHEDULED and document.window_minutes < SHORTEST_MINUTES:
        yield Problem(
            ("window_minutes",),
            f"{document.window_minutes} is too short for elevation: scheduled",
            "Entra ID schedules a role for 5 minutes or more, counted from when it takes the request",
            f"write {SHORTEST_MINUTES} or more, or 'elevation: in_window'",
        )


def judge_consent(document: TenantDocument, _: Circumstances) -> Iterator[Problem]:
    """Demand a window in which a person can consent on the page, and what that page can grant."""
    if document.consent is not Consent.BROWSER:
        return
    if document.elevation not in WINDOW_ELEVATIONS:
        yield Problem(
            ("consent",),
            f"{document.consent} cannot go with elevation: {document.elevation}",
            "a person consents as the account, and credentials never change hands while the role is held: this "
            "elevation keeps the account disabled for as long as it may hold it",
            "use in_window or scheduled, or 'consent: graph', which needs no sign-in",
        )
    delegated = document.application.permissions.delegated
    if delegated is not None and delegated.granted_for is ConsentFor.ACCOUNT:
        yield Problem(
            ("application", "permissions", "delegated", "for"),
            f"{delegated.granted_for} cannot go with consent: browser",
            "the page of the admin consent grants delegated permissions for all principals, always",
            "write all_principals, or 'consent: graph'",
        )


def judge_person(document: TenantDocument, _: Circumstances) -> Iterator[Problem]:
    """Demand an account that a person may sign in as, to an application that lets it in, where a window is opened."""
    if document.elevation not in WINDOW_ELEVATIONS:
        return
    if document.account.sign_in is SignIn.BLOCKED:
        yield Problem(
            ("elevation",),
            f"{document.elevation} needs sign_in: allowed",
            "the role is granted for a person who signs in as the account, and sign-in is blocked",
            "write 'sign_in: allowed' under account with a sink, or use at_deploy or none",
        )
    # Once sealed no window is opened any more, and the roles may be given.
    if document.application.client_id is None and document.dashboard and document.account.sealed_on is None:
        yield Problem(
            ("dashboard",),
            f"cannot go with elevation: {document.elevation}",
            "the own registration then lets in nobody without one of these roles (AADSTS50105), and the account, "
            "whose first sign-in is awaited, gets none",
            "leave dashboard out until the account is sealed, name the vendor's application (client_id), or use "
            "'elevation: none'",
        )


def judge_permissions(document: TenantDocument, _: Circumstances) -> Iterator[Problem]:
    """Demand that the application asks for something, and for nothing twice."""
    permissions = document.application.permissions
    key: KeyPath = ("application", "permissions")
    delegated = permissions.delegated
    if delegated is not None and not delegated.scopes:
        yield Problem((*key, "delegated", "scopes"), "is an empty list", "", "name a scope, or leave delegated out")
    if not permissions.application and not (delegated and delegated.scopes):
        yield Problem(key, "names no permission", "there would be nothing to consent to", "name at least one")
    yield from _repeated(
        (*key, "application"),
        [resolve_permission(name, PermissionKind.APPLICATION).label for name in permissions.application],
    )
    if delegated is not None:
        yield from _repeated(
            (*key, "delegated", "scopes"),
            [resolve_permission(name, PermissionKind.DELEGATED).label for name in delegated.scopes],
        )


def judge_redirect_uris(document: TenantDocument, _: Circumstances) -> Iterator[Problem]:
    """Demand a registration of one's own for redirect URIs."""
    application = document.application
    key = ("application", "redirect_uris")
    if application.client_id is not None and application.redirect_uris:
        yield Problem(
            key,
            "cannot go with client_id",
            "the vendor's application redirects to the vendor only, and its registration is not in this tenant",
            "leave redirect_uris out, or leave client_id out to register an application of your own",
        )
    yield from _repeated(key, application.redirect_uris)


def judge_dashboard(document: TenantDocument, _: Circumstances) -> Iterator[Problem]:
    """Demand dashboard roles that are known or marked as custom, on a registration of one's own."""
    if document.dashboard and document.application.client_id is not None:
        yield Problem(
            ("dashboard",),
            "cannot go with application.client_id",
            "for the vendor's application the roles live in the vendor's dashboard, where no stack reaches",
            "leave dashboard out and assign the roles there, or leave client_id out",
        )
    spellings: dict[str, str] = {}
    for index, entry in enumerate(document.dashboard):
        key = ("dashboard", index, "role")
        if entry.role not in DASHBOARD_ROLES and not entry.custom:
            near = nearest(entry.role, DASHBOARD_ROLES)
            yield Problem(
                key,
                f"{entry.role!r} is no role of the dashboard",
                f"its roles are {choose(DASHBOARD_ROLES)}",
                (f"did you mean {choose(near)}? " if near else "") + "add 'custom: true' for a role of your own",
            )
        first = spellings.setdefault(_folded(entry.role), entry.role)
        known = next((role for role in DASHBOARD_ROLES if _folded(role) == _folded(entry.role)), first)
        if entry.custom and entry.role != known:
            yield Problem(
                key,
                f"{entry.role!r} differs from {known!r} in spelling only",
                "nobody could tell the two roles apart",
                f"write {known!r}, or a name of its own",
            )
    yield from _repeated(
        ("dashboard",), [f"{entry.role} for {entry.group or entry.group_id}" for entry in document.dashboard]
    )


def judge_delivery(document: TenantDocument, _: Circumstances) -> Iterator[Problem]:
    """Demand a sink exactly where there is a password to deliver."""
    if document.sink is None:
        if document.account.sign_in is SignIn.ALLOWED:
            yield Problem(
                ("account", "sign_in"),
                "needs a sink",
                "a lasting password is delivered before the account is enabled, and never shown",
                "add 'sink: {file: {folder: ~/secrets}}' with a folder outside the repository, or another kind of sink",
            )
        return
    if document.account.sign_in is SignIn.BLOCKED:
        yield Problem(
            ("sink",),
            "cannot go with sign_in: blocked",
            "the account then gets a password that nobody keeps, so there is nothing to deliver",
            "leave sink out, or write 'sign_in: allowed'",
        )


def judge_sink_folder(document: TenantDocument, circumstances: Circumstances) -> Iterator[Problem]:
    """Demand a folder that keeps what is delivered into it."""
    if document.sink is not None and document.sink.file is not None:
        yield from judge_sink(circumstances.file, document.sink.file.folder, evidence=document.evidence)


def judge_vault(document: TenantDocument, _: Circumstances) -> Iterator[Problem]:
    """Demand a key vault of the tenant's own cloud: whatever answers at the address is given the secrets."""
    if document.sink is None or document.sink.key_vault is None:
        return
    named = document.tenant.cloud
    key = ("sink", "key_vault", "vault")
    address = urlsplit(document.sink.key_vault.vault)
    if isinstance(named, CloudSection):
        if address.netloc not in {urlsplit(base).netloc for base in (named.authority, named.graph)}:
            yield Problem(
                key,
                f"{address.netloc} is not this cloud's",
                "a sandbox serves its vault at its own address, and a secret must not leave for another cloud",
                f"write {named.graph}",
            )
    elif address.port is not None or not CLOUDS[named].has_vault(address.hostname or ""):
        suffix = CLOUDS[named].vault_suffix
        yield Problem(
            key,
            f"{address.netloc} is no key vault of the cloud {named}",
            f"its vaults are called <name>.{suffix}, and whatever answers at the address is given the secrets",
            f"copy the vault's address from the Azure portal, such as https://contoso-secrets.{suffix}",
        )


def judge_evidence_folder(document: TenantDocument, circumstances: Circumstances) -> Iterator[Problem]:
    """Demand a place where evidence can be written."""
    yield from judge_evidence(circumstances.file, document.evidence)


def judge_backend_settings(document: TenantDocument, _: Circumstances) -> Iterator[Problem]:
    """Demand that a backend's settings hold no secret, and keep the state locked and private."""
    if not isinstance(document.backend, str):
        for kind in document.backend.alternatives:
            settings = getattr(document.backend, kind)
            for problem in judge_backend(kind, settings) if settings is not None else ():
                yield replace(problem, keeps_from_closing=False)


def judge_review_exceptions(document: TenantDocument, circumstances: Circumstances) -> Iterator[Problem]:
    """Demand exceptions of the review that end, and one for each rule."""
    if document.review is None:
        return
    last_day = circumstances.today + timedelta(days=LONGEST_EXCEPTION_DAYS)
    for index, entry in enumerate(document.review.exceptions):
        if entry.until > last_day:
            yield Problem(
                ("review", "exceptions", index, "until"),
                f"{entry.until} is more than a year away",
                "an exception that nobody looks at again is a change of the rule",
                f"write {last_day} or earlier",
            )
    yield from _repeated(("review", "exceptions"), [entry.rule for entry in document.review.exceptions])


RULES = (
    Rule(("tenant",), judge_cloud),
    Rule(("tenant", "account"), judge_login),
    Rule(("account",), judge_licences),
    Rule(("account",), judge_sealed_on),
    Rule(("tenant", "deployer", "application"), judge_identities),
    Rule(("deployer", "identities"), judge_deployer),
    Rule(("identities", "evidence"), judge_made_identities),
    Rule(("account", "mfa"), judge_mfa),
    Rule(("elevation", "window_minutes", "first_sign_in", "consent"), judge_window),
    Rule(("elevation", "consent", "application"), judge_consent),
    Rule(("elevation", "account", "application", "dashboard"), judge_person),
    Rule(("application",), judge_permissions),
    Rule(("application",), judge_redirect_uris),
    Rule(("application", "dashboard"), judge_dashboard),
    Rule(("account", "sink"), judge_delivery),
    Rule(("sink", "evidence"), judge_sink_folder),
    Rule(("tenant", "sink"), judge_vault),
    Rule(("evidence",), judge_evidence_folder),
    Rule(("backend",), judge_backend_settings),
    Rule(("review",), judge_review_exceptions),
)


def _folded(role: str) -> str:
    return "".join(each for each in role.lower() if each.isalnum())


def _repeated(key: KeyPath, values: Sequence[str]) -> Iterator[Problem]:
    for index, value in enumerate(values):
        if value in values[:index]:
            yield Problem((*key, index), f"{value} stands twice", "once is enough", "leave one of the two out")
