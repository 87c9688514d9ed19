"""What runs saw and did: written while they run, and judged afterwards, when somebody asks whether it is whole.

A run writes one file through `EvidenceFile`. `verify` says of a tenant's folder whether its runs are whole, and
`find_breaches` whether credentials ever changed hands while a privileged role was held.
"""

from steward.evidence.accounts import find_account_id
from steward.evidence.earlier_look import LOOKS_APART, EarlierLook, find_earlier_look
from steward.evidence.invariant import Breach, find_breaches
from steward.evidence.origin import describe_tenant
from steward.evidence.runs import read_runs
from steward.evidence.verification import Remark, Verification, verify
from steward.evidence.writing import EvidenceFile

__all__ = [
    "LOOKS_APART",
    "Breach",
    "EarlierLook",
    "EvidenceFile",
    "Remark",
    "Verification",
    "describe_tenant",
    "find_account_id",
    "find_breaches",
    "find_earlier_look",
    "read_runs",
    "verify",
]
