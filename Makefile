# Holdfast: `make run` shows it, `make test` proves it. Both set up what they need in .venv and nothing anywhere else.

SHELL := bash
BIN := .venv/bin
READY := .venv/ready
CONSOLE := src/holdfast/server/console/index.html
CONSOLE_SOURCES := $(shell find console -name node_modules -prune -o -type f -not -name openapi.json -not -name schema.d.ts -print)
PYTEST := $(BIN)/python -m pytest

.PHONY: help setup console clients run test check lint types house soak bench docs lock clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## Install the locked packages and Holdfast itself into .venv, once

$(READY): requirements.lock tools/setup.sh tools/packages.sh
	@tools/setup.sh .venv
	@touch $@

console: $(CONSOLE) ## Build the web console into the package, when its sources have changed

$(CONSOLE): $(READY) $(CONSOLE_SOURCES) $(wildcard src/holdfast/server/*.py) tools/console.sh
	@tools/console.sh .venv

clients: setup ## Install the clients of others that the tests drive, each set in .venv/clients, once
	@tools/clients.sh .venv

run: setup ## Serve the help desk example with its console and API, until Ctrl-C
	@$(BIN)/holdfast models list | grep -q '^encoder' || $(BIN)/holdfast models pull || \
		echo 'The encoder could not be pulled, so search goes by words only; make run tries again next time.'
	@$(MAKE) --no-print-directory console || echo 'The plain page is served in its place.'
	@exec $(BIN)/holdfast up examples/helpdesk

test: setup lint types ## Everything: lint, types, and every test but the soak ones
	@$(BIN)/holdfast models list | grep -q '^encoder' || $(BIN)/holdfast models pull || \
		echo 'The encoder could not be pulled: tests that need it are skipped, and say so.'
	@$(MAKE) --no-print-directory console || echo 'The tests of the console are skipped, and say so.'
	@$(MAKE) --no-print-directory clients || echo 'The tests of what is missing are skipped, and say so.'
	@echo "== tests"
	@$(PYTEST) -n auto --dist loadfile --no-loadscope-reorder

check: setup lint types house ## The quick half: lint, types, house rules

lint: setup
	@echo "== lint"
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check --quiet || { echo "Not formatted: run $(BIN)/ruff format"; exit 1; }

types: setup
	@echo "== types"
	@$(BIN)/mypy

house: setup
	@echo "== house rules"
	@$(PYTEST) tests/house

soak: setup ## The long proofs: kill, load, hours
	@$(PYTEST) -m soak --timeout 7200

bench: setup ## Every benchmark, one after the other
	@for file in benchmarks/[a-z]*.py benchmarks/gateway/run.py; do echo "== $$file"; $(BIN)/python "$$file" || exit 1; done
	@echo "== benchmarks/diagnosis"; $(BIN)/python -m benchmarks.diagnosis

docs: setup ## Write the generated pages of docs/reference again
	@$(BIN)/python -m tools.reference

LOCK := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet

lock: setup ## Bring the locks of Python packages up to what they were made from
	@$(LOCK) pyproject.toml --extra dev --output-file requirements.lock
	@for set in $(basename $(wildcard tests/journeys/clients/*.in)); do $(LOCK) $$set.in --output-file $$set.lock; done

clean: ## Remove what `make` made; the project's own data in .holdfast stays
	@rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis dist build console/node_modules src/holdfast/server/console
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
