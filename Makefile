# One command each; `make` prints them. Everything runs through uv, which
# scripts/uv installs where it is missing.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
# Processes of tests start in a third of the time where Python keeps what it compiled.
export PYTHONDONTWRITEBYTECODE :=
UV := ./scripts/uv
RUN := $(UV) run --frozen --quiet
MINUTES ?= 5
STORES ?= .bench
SCALES ?= 1 10 100
HISTORIES ?= 200
WORKERS ?= 4
EXAMPLES ?= 100
DATES ?= 2026-11-23T09:05 2027-01-01T00:10 2028-02-29T12:00 2026-12-31T23:50 2027-03-28T01:30
# Compares times, so that nothing else may run beside it.
ALONE := tests/speed
DATED := tests/simulation tests/browser
QUICK := tests/metrics tests/ui tests/pages tests/store tests/test_architecture.py tests/test_docs.py

.PHONY: help
help: ## Print this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' \
	  | awk -F '\t' '{ printf "  make %-9s %s\n", $$1, $$2 }'

.PHONY: setup
setup: ## Install the locked packages into .venv
	@$(UV) --version >/dev/null
	@[ -d "$${UV_PROJECT_ENVIRONMENT:-.venv}" ] || echo "Installing packages …" >&2
	@$(UV) sync --frozen --quiet || { printf '%s\n' \
	  "Python $$(<.python-version) or the locked packages could not be installed: see above." \
	  "Try again with a network (through a proxy: set HTTPS_PROXY)," \
	  "or install Python $$(<.python-version) yourself first." >&2; exit 1; }

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
test: setup tools ## Install what the tests need, then run all tests (WORKERS=4)
	@$(RUN) pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder \
	  --durations=30 --ignore=$(ALONE)
	@$(RUN) pytest $(ALONE)

.PHONY: quick
quick: setup ## Run the tests that start no server, with few examples
	@EXAMPLES=3 $(RUN) pytest -n auto --dist worksteal \
	  -m "not mariadb and not browser and not slow" $(QUICK)

.PHONY: explore
explore: setup tools ## Run the property tests on new examples (EXAMPLES, 100)
	@EXAMPLES=$(EXAMPLES) $(RUN) pytest -n $(WORKERS) --dist loadscope \
	  -m hypothesis --ignore=$(ALONE) --hypothesis-profile new-examples

.PHONY: dates
dates: setup tools ## Run what depends on the date on five others (DATES)
	@failed=; for date in $(DATES); do echo "== $$date"; \
	  TEST_NOW=$$date $(RUN) pytest -n $(WORKERS) --dist loadscope $(DATED) \
	    || failed="$$failed $$date"; done; \
	  [ -z "$$failed" ] || { echo "Failed on:$$failed" >&2; exit 1; }

.PHONY: cluster
cluster: ## Send every plan through the client of a Polars cluster, and compare answers
	@$(RUN) --isolated --no-dev --extra polars-cloud $(foreach package, \
	  grpcio boto3 'moto[s3]' flask flask-cors, --with $(package)) \
	  python -m benchmarks.remote_engine

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

.PHONY: images
images: setup ## Build both images, look into them, run them (root; Debian: buildah mmdebstrap)
	@IMAGES=1 $(RUN) pytest tests/web/test_images.py

.PHONY: docs
docs: setup ## Write docs/definitions.md, .env.example and the README's variables
	@$(RUN) python -m scripts.definitions
	@$(RUN) python -m scripts.variables

.PHONY: chaos
chaos: setup tools ## Writers, edits, kills and readers against the sync job (MINUTES=5)
	@$(RUN) python -m tests.sync.chaos --server mariadb --minutes $(MINUTES)
	@$(RUN) python -m tests.sync.chaos --server mysql --minutes $(MINUTES)

.PHONY: placebo
placebo: setup ## Count false and missed claims of the insights (HISTORIES, 200)
	@$(RUN) python -m benchmarks.placebo --histories $(HISTORIES) --write

.PHONY: bench
bench: setup ## Time metrics and pages at three scales against DuckDB (STORES, SCALES)
	@$(RUN) python -m benchmarks.metrics $(STORES) --scales $(SCALES)
