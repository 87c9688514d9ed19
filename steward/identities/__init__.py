"""Our own identities: which there are, what each should be in this tenant, and what is different there."""
