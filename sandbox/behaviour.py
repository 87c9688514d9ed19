"""What a seeded tenant does where Microsoft's own pages, its samples and what clients have met do not agree.

Part of a seed; rules ask `directory.behaviour`. Whoever wants a tenant that acts in the better way says so, setting by
setting.
"""

from dataclasses import dataclass, fields
from typing import Literal


@dataclass(frozen=True)
class Behaviour:
    """How the tenant acts where sources on Microsoft's own disagree; every default is the worse one for the caller.

    Each comment says what the sources are and which values there are.
    """

    # Seconds until an entry of the audit or the sign-in log can be read. Learn promises no delay ("Microsoft Entra
    # reporting latencies"), threads tell of 2 to 15 minutes.
    log_delay_seconds: int = 120
    # What a refused admin consent sends back: "consent_required" (Learn, "Admin consent on the Microsoft identity
    # platform": with admin_consent=True all the same), "permission_denied" (Learn, "OAuth 2.0 client credentials
    # flow"), or "access_denied" (seen in Microsoft's own clients).
    admin_consent_refusal: Literal["consent_required", "permission_denied", "access_denied"] = "consent_required"
    # What tenant-wide consent takes back of what was granted tenant-wide before ("may revoke", says Learn, "Grant
    # tenant-wide admin consent"): "everything", "delegated" permissions only, or "nothing".
    consent_takes_back: Literal["everything", "delegated", "nothing"] = "everything"
    # Token requests still answered with AADSTS7000229 after consent has made a service principal, by any number.
    unseen_principal_requests: int = 2
    # OAuth's word beside AADSTS7000229: "invalid_client" or "unauthorized_client"; both are on record.
    missing_principal_error: Literal["invalid_client", "unauthorized_client"] = "invalid_client"
    # OAuth's word beside AADSTS700211, 700212 and 700213: "invalid_request" or "invalid_client"; both are on record.
    federation_mismatch_error: Literal["invalid_request", "invalid_client"] = "invalid_request"
    # Whether security defaults block the device code flow, as they do in tenants made since July 2026.
    security_defaults_block_device_code: bool = True

    # Applications and grants.
    # Answer to the first delegated grant of a client: "not found" although it is written (seen by a deployment script
    # of Microsoft's FHIR server), or "created" (Learn, "Create oAuth2PermissionGrant").
    first_grant_answer: Literal["not found", "created"] = "not found"
    # Status of a second delegated grant for one client, resource and principal: 409 in threads of 2021 (azuread
    # provider #690), 400 in scripts of 2026.
    duplicate_grant_status: Literal[400, 409] = 400
    # What comes of a scope that the resource does not publish: "stored", so that a slip is not noticed, or "refused";
    # Learn is silent.
    unknown_scopes: Literal["stored", "refused"] = "stored"
    # What comes of an app role for a disabled principal: "refused" or "assigned"; Learn is silent.
    roles_for_disabled_principals: Literal["refused", "assigned"] = "refused"
    # What comes of access without a role (the app role id of zeros) to a resource that defines roles for principals of
    # this kind: "refused" (Learn, "appRoleAssignment resource type": for resources that define none), or "assigned", as
    # the azuread provider's own tests assign it.
    default_access_beside_roles: Literal["refused", "assigned"] = "refused"
    # Whom the rule on identifier URIs binds: "every application" (the rule of 2021), or only those with "version 1
    # tokens" that are not for SAML (Learn, "Restrictions on identifier URIs", 2025).
    identifier_uri_rule: Literal["every application", "version 1 tokens"] = "every application"
    # Whether a deleted application keeps its identifier URIs and its unique name from others until it is purged; Learn
    # is silent.
    deleted_applications_keep_names: bool = True
    # signInAudience of an application that names none: the sample in "Create application" shows this one, the page of
    # the resource calls AzureADMyOrg the default.
    default_sign_in_audience: Literal["AzureADandPersonalMicrosoftAccount", "AzureADMyOrg"] = (
        "AzureADandPersonalMicrosoftAccount"
    )

    # Conditional access.
    # Whom security defaults ask for a second factor: "everyone", as when Microsoft sees a need, or "administrators" at
    # each sign-in ("Security defaults in Microsoft Entra ID" leaves open when others are asked).
    security_defaults_ask: Literal["everyone", "administrators"] = "everyone"
    # Whether What If shows disabled policies with the reason policyNotEnabled, which the API's enumeration knows, or
    # leaves them out, as the page on the tool says.
    what_if_shows_disabled_policies: bool = True
    # What If for an identity that the tenant does not hold: 404, 400, or 200 with an answer as for a stranger; no page
    # says.
    what_if_unknown_identity: Literal[404, 400, 200] = 404
    # Whether What If counts towards the one request a second ("Microsoft Graph service-specific throttling limits"
    # lists policies and named locations, not the action).
    what_if_is_rated: bool = True
    # Where the numbered reason of a refused policy stands: "innerError" under a general message, or "message"; both are
    # on record.
    access_policy_reason: Literal["innerError", "message"] = "innerError"
    # State of a restored policy: "kept", which may be on, or "reportOnly"; the portal offers both ("Recover from
    # deletions"), Graph's page on restoring (beta) names neither.
    restored_policy_state: Literal["kept", "reportOnly"] = "kept"
    # Whether a named location that a policy uses is kept from deletion; no page says.
    used_named_locations_are_kept: bool = True

    # Tokens and permissions.
    # Whether a token works on when its user is disabled, until it ends or the sessions are revoked. "Continuous access
    # evaluation" counts disabling among the events that end tokens, but names Exchange, SharePoint and Teams as those
    # that listen.
    disabled_users_go_on: bool = True
    # Which tokens the revocation of a user's sessions ends: "all", or only "continuous" ones, of clients that declare
    # cp1. The same page leaves the others to their end.
    tokens_ended_by_revocation: Literal["all", "continuous"] = "all"
    # Whether directory roles are looked up in the "token" or as held "now"; no page says. With the token, a role that
    # was taken away acts on, and one that was given does not yet.
    directory_roles_as_of: Literal["token", "now"] = "token"
    # Which delegated permission an application needs besides for a sensitive action on an administrator:
    # "Directory.AccessAsUser.All" ("Update user"), "User.ReadUpdate.All" (its newer table), or "" for none.
    sensitive_scope: Literal["Directory.AccessAsUser.All", "User.ReadUpdate.All", ""] = "Directory.AccessAsUser.All"
    # Which role an application by itself needs to reset a password: "User Administrator" at least ("Update user"), or
    # any of the "role table" ("Privileged roles and permissions").
    application_reset_role: Literal["User Administrator", "role table"] = "User Administrator"
    # Whether Global Administrators may manage the passes and other methods of somebody else: "Configure Temporary
    # Access Pass" named them once and does so no longer.
    global_administrators_manage_methods: bool = False
    # Whether an application without a directory role may end the sessions of an administrator: "refused" or "done"; no
    # page says.
    revocation_by_application: Literal["refused", "done"] = "refused"

    # Users, groups and their methods.
    # Form of a deleted user's login: "prefixed" with the object id, as the portal shows it, or "kept"; Learn is silent.
    deleted_login: Literal["prefixed", "kept"] = "prefixed"
    # Status of a restoration whose login is taken, 409 or 400: no page says, other duplicates have been seen as both.
    taken_login_on_restore: Literal[409, 400] = 409
    # Whether deleted security groups can be restored with all they held: "Recover from deletions" (May 2026) says yes,
    # the page of the restore call (June 2025, beta) says they are gone for good. A group that keeps its roles is worse.
    security_groups_are_recycled: bool = True
    # Whether a manager who reports to the user, or is the user, is refused; Learn is silent.
    manager_loops_are_refused: bool = True
    # Whether a Temporary Access Pass for a user outside the policy's targets is refused when it is issued (threads of
    # 2023), or issued and of no use at sign-in (the how-to page).
    pass_outside_targets_is_refused: bool = True
    # Whether replacing a pass ends the sessions of its user, as a draft of the how-to page said (2021).
    replaced_pass_ends_sessions: bool = True

    # Directory roles and Privileged Identity Management.
    # Status of a second role assignment of the same principal, role and scope: 400 (threads of 2020) or 409, which the
    # same text has elsewhere.
    duplicate_role_assignment: Literal[400, 409] = 400
    # Who remains when the last Global Administrator is looked for. No page says whether disabled accounts and service
    # principals count.
    disabled_administrators_remain: bool = False
    service_principals_remain_administrators: bool = False
    # What is kept from leaving nobody as Global Administrator: every path to the role ("every path"), so that the last
    # one is neither disabled nor taken out of the group that holds it, and the group not deleted; or role
    # "assignments" and the deletion of users alone. No page speaks of the others.
    last_administrator_guard: Literal["every path", "assignments"] = "every path"
    # Whether a Global Administrator may take the role from himself by a schedule request ("done"), as he may not
    # through roleAssignments and directoryRoles ("refused"). No page says.
    own_removal_by_schedule_request: Literal["refused", "done"] = "refused"
    # Which rules of a role's policy an application must meet that assigns the role: "all", "justification" or "none".
    # No page says; whoever must meet the rule about a second factor as an application never can.
    rules_for_applications: Literal["all", "justification", "none"] = "all"
    # A scheduled assignment younger than 5 minutes, deleted through roleAssignments instead of a schedule request:
    # "refused" or "done". No page says.
    early_deletion_of_scheduled_assignment: Literal["refused", "done"] = "refused"
    # Seconds in which a new assignment cannot be taken back by a request because it "does not exist" yet, though it is
    # in force: clients have met this right after an activation, and about 2 seconds pass until a request is completed.
    # Afterwards, and with 0, it is the floor of 5 minutes that refuses.
    role_unknown_seconds: int = 2
    # Days for which schedules of a deleted principal are still listed; threads tell of up to 7.
    deleted_principal_shown_days: int = 7
    # Seconds from the start that a schedule names until it is in force (40 to 47 were seen), and from its end until it
    # is gone (0.9 was seen).
    role_start_delay_seconds: int = 47
    role_end_delay_seconds: int = 1

    # Key Vault.
    # What the list of the versions of a secret that is not there is: "refused" with 404, as the secret itself, or
    # "empty". No page says.
    list_of_unknown_versions: Literal["refused", "empty"] = "refused"

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, int) and value < 0:
                raise ValueError(f"{each.name} is 0 or more, not {value}")
