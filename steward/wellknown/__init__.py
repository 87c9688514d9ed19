"""What Microsoft's directories have in common: ids of permissions, roles and authentication strengths, by name.

The tables are data beside the code (`data/`, with their sources); they are read when first asked for.
"""
