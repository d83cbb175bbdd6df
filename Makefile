# One command each; `make` prints them. Everything runs through uv, which
# scripts/uv installs where it is missing.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
UV := ./scripts/uv
RUN := $(UV) run --frozen --quiet
MINUTES ?= 5
STORES ?= .bench
SCALES ?= 1 10 100

.PHONY: help
help: ## Print this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' \
	  | awk -F '\t' '{ printf "  make %-9s %s\n", $$1, $$2 }'

.PHONY: setup
setup: ## Install the locked packages into .venv
	@$(UV) sync --frozen --quiet

.PHONY: run
run: setup ## Start the dashboard (DATA_DIR, or a demo history; PORT, 8501)
	@exec ./scripts/run

.PHONY: sync
sync: setup ## Copy the live database once (DB_* and DATA_DIR say from where to where)
	@$(RUN) python sync_job.py

.PHONY: tools
tools: ## Install what the tests need: MariaDB, MySQL, Chromium, proxies, LibreOffice
	@./scripts/install-test-tools
	@./scripts/install-mysql

.PHONY: test
test: setup tools ## Install what the tests need, then run all of them
	@$(RUN) pytest

.PHONY: format
format: setup ## Format the code and apply safe fixes
	@$(RUN) ruff format . && $(RUN) ruff check --fix .

.PHONY: lint
lint: setup ## Check format and lint
	@$(RUN) ruff format --check . && $(RUN) ruff check .

.PHONY: types
types: setup ## Check types (mypy, strict)
	@$(RUN) mypy .

.PHONY: imports
imports: setup ## Check which room imports which
	@$(RUN) pytest tests/test_architecture.py

.PHONY: check
check: lint types test ## Everything: format, lint, types, architecture, tests

.PHONY: docs
docs: setup ## Write docs/definitions.md, .env.example and the README's variables
	@$(RUN) python -m scripts.definitions
	@$(RUN) python -m scripts.variables

.PHONY: chaos
chaos: setup tools ## Writers, edits, kills and readers against the sync job (MINUTES=5)
	@$(RUN) python -m tests.sync.chaos --server mariadb --minutes $(MINUTES)
	@$(RUN) python -m tests.sync.chaos --server mysql --minutes $(MINUTES)

.PHONY: bench
bench: setup ## Time metrics and pages at three scales against DuckDB (STORES, SCALES)
	@$(RUN) python -m benchmarks.metrics $(STORES) --scales $(SCALES)
