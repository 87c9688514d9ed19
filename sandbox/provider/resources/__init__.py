"""The managed types, one file each: its arguments, and which requests to Microsoft Graph make it so."""
