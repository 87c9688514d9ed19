"""The consent that a person gives in a browser: the address of its page, and the answer that may come back.

`ConsentDesk` does both for one run; the lifecycle's runner opens and closes it. What an answer says is never believed
by itself: the lifecycle reads Graph.
"""

from steward.consent.desk import ConsentDesk, Invitation

__all__ = ["ConsentDesk", "Invitation"]
