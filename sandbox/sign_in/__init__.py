"""The sign-in side of a tenant: the metadata document, OpenID configuration, keys, and every way to a token."""
