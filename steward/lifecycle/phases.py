"""The phases of the latch, as Terraform's state spells them."""

PREPARED = "prepared"
PRIVILEGED = "privileged"
SEALED = "sealed"
