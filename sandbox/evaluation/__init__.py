"""Conditional access that decides: one judgement of policies behind What If and behind every sign-in.

`sign_in` describes a sign-in, `conditions` judges which policies apply to it and why not the others, `controls`
says what a policy demands and what satisfies it, `decision` puts these together for whoever signs in, and
`what_if` answers Graph's evaluate action.
"""
