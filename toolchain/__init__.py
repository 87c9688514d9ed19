"""The set-up: everything that the checks and the rehearsal need, put beside the sources and nowhere else.

It needs Python 3.11 and nothing more, makes `.venv` and `.toolchain`, and prefers a Node.js and a Terraform
that the machine has already. The Makefile starts it before every target, so the case that nothing changed is
the common one.
"""
