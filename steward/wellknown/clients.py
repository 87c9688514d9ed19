"""Public clients of Microsoft that a person may be signed in with."""

# Its tokens for Microsoft Graph carry a fixed set of scopes, and asking for others is refused (AADSTS65002).
AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"

# Microsoft Graph Command Line Tools, the client of Graph PowerShell: whoever may consent gives it any delegated scope.
GRAPH_COMMAND_LINE = "14d82eec-204b-4c2f-b7e8-296a70dab67e"
