"""The types that are only read, one file each."""
