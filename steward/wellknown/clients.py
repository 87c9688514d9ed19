"""Public clients of Microsoft that a person may be signed in with."""

# Its tokens for Microsoft Graph carry a fixed set of scopes, and asking for others is refused (AADSTS65002).
AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
