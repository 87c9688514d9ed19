"""The stamp by which every program of ours knows the account as its own; it is written into `employeeType`."""

STAMP = "CiraSync service account"
