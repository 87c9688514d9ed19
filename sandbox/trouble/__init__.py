"""What goes wrong in a tenant on its worst day: declared faults, lagging replicas and throttling.

All of it is off until a seed or a control request asks for it, belongs to one tenant, and shows in the journal.
"""
