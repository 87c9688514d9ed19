"""The tenant itself: one in-memory source of truth, and the rules by which it changes.

`store` holds the objects; every other module here holds the rules of one kind of object. Graph's handlers,
the portal's acts and the token endpoint all go through these rules, so that a refusal does not depend on who
asks.
"""
