"""Security information: a person signs in to register a second factor of his own accord.

The sign-in must be fresh, with a second factor if the person has one already (learn.microsoft.com, "Combined security
information registration" and "Configure Temporary Access Pass", read November 2026: within 10 minutes), and passes the
policies for the user action of registering.
"""

from dataclasses import replace

from sandbox.directory import security_info
from sandbox.directory.store import GRAPH_APP_ID
from sandbox.sign_in import dialogue as dialogues
from sandbox.sign_in.decision import Situation, factor_not_asked_for, factors_of, held_factors, judge
from sandbox.sign_in.dialogue import Dialogue, Purpose, Step
from sandbox.sign_in.replies import Page, Reply
from sandbox.sign_in.signed_in import SignedIn
from sandbox.tenant import Tenant

NAME = "security-info"
_FRESH_SECONDS = 600


def begin(tenant: Tenant, situation: Situation, session: SignedIn | None) -> Dialogue:
    """Open the sign-in."""
    request = {"client_id": security_info.CLIENT_ID, "resource": GRAPH_APP_ID}
    dialogue = dialogues.begin(tenant, NAME, request, situation)
    if session is not None and tenant.clock.now().timestamp() - session.since < _FRESH_SECONDS:
        dialogues.remember(dialogue, session, None)
    return dialogue


class SecurityInfo(Purpose):
    """Signing in to register a second factor."""

    def further(self, dialogue: Dialogue) -> Step | None:
        """Ask for the second factor that there is, then register one."""
        directory, signed_in = dialogue.tenant.directory, dialogue.signed_in
        user = directory.users[dialogue.record["user_id"]]
        used = () if signed_in is None else tuple(signed_in.methods)
        if dialogue.record["registered"]:
            return None
        registration = judge(directory, user, (), used, replace(dialogue.situation, is_registration=True))
        registration.require_passable()
        is_strong = len(used) > 1 or any(each.startswith("temporaryAccessPass") for each in used)
        held = held_factors(directory, user)
        if held and not is_strong:
            if not factors_of(directory, user):
                raise factor_not_asked_for(held)
            return Step.FACTOR
        registration.require_met()
        return Step.REGISTER

    def finish(self, _dialogue: Dialogue) -> Reply:
        """Say that it is done."""
        return Page("done.html", {"text": "Your authenticator has been registered. You may close this window."})
