"""The latch as Terraform spells it: its address, its phases, and the options that turn it and touch nothing else."""

LATCH = "terraform_data.latch"
ROLE_ASSIGNMENT = "azuread_directory_role_assignment.global_administrator"
PREPARED = "prepared"
PRIVILEGED = "privileged"
SEALED = "sealed"
PHASES = (PREPARED, PRIVILEGED, SEALED)


def turn_options(phase: str) -> tuple[str, ...]:
    """Return the options of `terraform apply` that turn the latch to a phase."""
    return (f"-target={LATCH}", f"-replace={LATCH}", f"-var=phase={phase}")
