# Every target that needs tools sets the machine up first; that takes a moment when nothing changed.

PROVIDER ?= auto
CONSENT ?=
CASES ?=
ARGS ?=
UPGRADE ?=
STATE ?=

PYTHON := .venv/bin/python
export PATH := $(CURDIR)/.toolchain/bin:$(CURDIR)/.venv/bin:$(PATH)
# msgraph-sdk imports close to two thousand modules; compiled again each time they cost seconds a command.
unexport PYTHONDONTWRITEBYTECODE
# Modules of the same names that lie elsewhere on this machine are not ours.
unexport PYTHONPATH
export CHECKPOINT_DISABLE := 1
export DISABLE_VERSION_CHECK := 1
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 18,19,20,21,22,23,24,25,26,27,28
export JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION := 18,19,20,21,22,23,24,25,26,27,28

.DEFAULT_GOAL := help
.PHONY: help set-up rehearse sandbox matrix conformance test lint lock clean

help: ## Show the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1#\2/p' Makefile | while IFS='#' read -r target text; do \
		printf '%-18s %s\n' "$$target" "$$text"; done

set-up: ## Install what the other targets need, beside the sources
	@toolchain/setup.sh

rehearse: set-up ## Run an account's whole life against a sandbox; PROVIDER=auto|registry|own|<mirror folder> CONSENT=browser
	@"$(PYTHON)" scripts/rehearse.py --provider "$(PROVIDER)" $(if $(CONSENT),--consent "$(CONSENT)") $(ARGS)

sandbox: set-up ## Serve a sandbox tenant for your own tools until stopped; STATE=<file> keeps it, CONSENT=browser
	@"$(PYTHON)" scripts/serve_sandbox.py --provider "$(PROVIDER)" $(if $(STATE),--state "$(STATE)") \
		$(if $(CONSENT),--consent "$(CONSENT)") $(ARGS)

matrix: set-up ## Kill and disturb every life of an account at every point; goes on where it was broken off
	@"$(PYTHON)" -m tests.matrix.run $(ARGS)

conformance: set-up ## Compare with recordings of the real provider; CASES='user_basic ca_full', PROVIDER as above
	@"$(PYTHON)" -m conformance --provider "$(PROVIDER)" $(CASES) $(ARGS)

lint: set-up ## Check style and types
	@failed=; \
	"$(PYTHON)" -m ruff check . || failed="$$failed ruff-check"; \
	"$(PYTHON)" -m ruff format --check . || failed="$$failed ruff-format"; \
	"$(PYTHON)" -m mypy . || failed="$$failed mypy"; \
	if [ -n "$$failed" ]; then \
		echo "failed:$$failed; .venv/bin/ruff format . and .venv/bin/ruff check --fix . mend what can be mended" >&2; exit 1; fi

# Tests run even when the style is at fault, so that one run tells everything; their closing line comes last.
test: set-up ## Check style and types, and run all tests; ARGS=... is passed on to pytest
	@failed=0; \
	$(MAKE) --no-print-directory lint || failed=1; \
	"$(PYTHON)" -m pytest --numprocesses auto --dist worksteal $(ARGS) || failed=1; \
	exit $$failed

# The run-time set comes from pyproject.toml. Each set is compiled against those before it, so that all of them fit
# into one environment.
lock: set-up ## Compile the lock files anew; UPGRADE=--upgrade takes newer versions
	@for set in uv runtime papers sandbox dev node terraform; do \
		input="requirements/$$set.in"; \
		if [ "$$set" = runtime ]; then input=pyproject.toml; fi; \
		.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
			--custom-compile-command "make lock" $(UPGRADE) \
			--output-file "requirements/$$set.txt" "$$input" || exit 1; \
	done
	@cd toolchain && npm install --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts \
		--no-audit --no-fund --loglevel=error

clean: ## Remove everything that the set-up and the runs have made
	rm -rf .venv .toolchain .rehearsal .sandbox cdktf.out .mypy_cache .pytest_cache .ruff_cache .hypothesis
