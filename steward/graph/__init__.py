"""Microsoft Graph: sign-in, reads that return facts, and writes that perform acts, all through msgraph-sdk.

Only this package knows the SDK. Reads never raise for what the tenant says: they return a value, a confirmed absence,
or a reading that tells why it failed.
"""
