"""What runs did: every act that was intended, what became of it, and Graph's answers to it with their request ids."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from steward.papers.record import Answer, Entry, Mark, Record, text

UNANSWERED = "not answered"
REFUSED = "refused"
# What takes a grant back, or leaves of it what was declared.
TAKING = frozenset({"DeleteDelegatedGrant", "RevokeAppRole", "SetDelegatedScopes"})
# The acts by the names that evidence has for them.
ACTS: Mapping[str, str] = {
    "RemoveRoleAssignment": "take a directory role away",
    "RemoveRoleMember": "take a member out of a directory role",
    "RequestRoleSchedule": "give a directory role that Entra ID ends",
    "AssignRole": "give a directory role",
    "EndRoleSchedule": "end a scheduled directory role",
    "DisableAccount": "disable the account",
    "EndSessions": "end the account's sessions",
    "EnableAccount": "enable the account",
    "IssuePass": "issue a Temporary Access Pass",
    "DeletePass": "delete a Temporary Access Pass",
    "DeliverPassword": "deliver a password and enable the account",
    "ReplacePassword": "replace the password by one that nobody keeps",
    "AssignLicence": "assign a licence",
    "GrantAppRole": "grant an application permission",
    "CreateDelegatedGrant": "grant delegated permissions",
    "SetDelegatedScopes": "change delegated permissions",
    "RevokeAppRole": "revoke an application permission",
    "DeleteDelegatedGrant": "revoke delegated permissions",
    "RegisterApplication": "register an application",
    "CreatePrincipal": "create a service principal",
    "DisownApplication": "take an owner from an application",
    "RemoveSecret": "remove a client secret",
    "SetCertificate": "set an application's certificate",
    "AddTrust": "add a federated credential",
    "RemoveTrust": "remove a federated credential",
    "GiveApplicationRole": "give an application a directory role",
    "DeleteApplication": "delete an application",
    "TurnLatch": "turn the latch in Terraform's state",
    "GrantRole": "have Terraform give the directory role",
    "ApplyEmptyPlan": "apply a plan that changes nothing in the tenant",
    "DestroyStack": "destroy the stack",
    "LeaveOut": "have Terraform's state forget an object that stays",
}
# Verbs of lines about an act that do not end it.
_OTHER = frozenset({"saw", "started", "intends", "already", "found", "amiss", "missing", "unreadable", "alarm"})


@dataclass(frozen=True)
class Deed:
    """One act: `outcome` is the verb of the line that ended it, or says that no line did.

    `although` is an answer that said no, to an act that took effect all the same.
    """

    intended: Mark
    step: str
    act: str
    subject: str
    outcome: str
    ended: Mark | None
    why: str
    although: str
    answers: tuple[Answer, ...]

    @property
    def words(self) -> str:
        """Return in words what was intended; an act that is not known here keeps its name."""
        return ACTS.get(self.act, self.act)


def find_deeds(record: Record) -> tuple[Deed, ...]:
    """Return all acts in the order of time; a refused one that took effect all the same is told as it ended."""
    return tuple(sorted(_deeds(record), key=lambda deed: deed.intended))


def _deeds(record: Record) -> Iterator[Deed]:
    open_acts: dict[tuple[str, str, str], Entry] = {}
    refused: dict[tuple[str, str, str], tuple[Entry, Entry]] = {}
    for entry in record.entries:
        key = entry.mark.file, entry.step, entry.subject
        if entry.verb == "intends":
            if key in refused:
                yield _deed(*refused.pop(key))
            if key in open_acts:
                yield _deed(open_acts.pop(key), None)
            open_acts[key] = entry
        elif key in open_acts and entry.verb == REFUSED:
            refused[key] = open_acts.pop(key), entry
        elif key in open_acts and entry.verb not in _OTHER:
            yield _deed(open_acts.pop(key), entry)
        elif key in refused and text(entry.detail, "although"):
            intended, answered = refused.pop(key)
            yield _deed(intended, entry, although=answered)
    for intended, ended in refused.values():
        yield _deed(intended, ended)
    for intended in open_acts.values():
        yield _deed(intended, None)


def _deed(intended: Entry, ended: Entry | None, *, although: Entry | None = None) -> Deed:
    answered = although or ended
    return Deed(
        intended=intended.mark,
        step=intended.step,
        act=text(intended.detail, "act"),
        subject=intended.subject,
        outcome=ended.verb if ended else UNANSWERED,
        ended=ended.mark if ended else None,
        why=text(ended.detail, "why") if ended else "",
        although=text(ended.detail, "although") if ended else "",
        answers=tuple(answered.answers) if answered else (),
    )
