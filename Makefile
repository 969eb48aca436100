# Everything a user types. Each target makes the environment it needs, once.
.DEFAULT_GOAL := help
.PHONY: help setup diagnostic maps validate notebooks lint test fuzz docs bench clean
SHELL := /bin/bash

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
TERRITORY ?= territories/exemple.toml
OUT ?= data/processed/$(basename $(notdir $(TERRITORY)))
SIZES ?= S,M
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

help: ## Show this help
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'
	@echo
	@echo "  TERRITORY=$(TERRITORY)  OUT=$(OUT)"

# The stamps carry the date of the last installation: a second run installs nothing.
$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else f"Python 3.11 or newer is needed, {sys.version.split()[0]} was found; try make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.python pyproject.toml constraints.txt
	$(PIP_INSTALL) --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.python pyproject.toml constraints.txt
	$(PIP_INSTALL) --editable '.[dev]'
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-bench: $(VENV)/.installed-dev
	$(PIP_INSTALL) --editable '.[dev,bench]'
	@touch $@

setup: $(VENV)/.installed-dev ## Install everything, development tools included

diagnostic: $(VENV)/.installed ## Diagnose TERRITORY into OUT (the example by default)
	$(BIN)/sdaasp-geo diagnose $(TERRITORY) --out $(OUT)

maps: $(VENV)/.installed ## Draw the maps of TERRITORY alone into OUT-maps
	$(BIN)/sdaasp-geo maps $(TERRITORY) --out $(OUT)-maps

validate: $(VENV)/.installed ## Compare with the published figures of the Bouches-du-Rhône
	$(BIN)/python benchmarks/validate.py

notebooks: $(VENV)/.installed-dev ## Run the notebooks from a clean kernel
	$(BIN)/python -m pytest --nbmake notebooks -q -o addopts= -p no:cacheprovider --numprocesses auto

lint: $(VENV)/.installed-dev ## Style, types and layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# One process a core; a file stays in one process, whose fixtures it shares.
test: lint notebooks ## Lint, types, contracts, notebooks, doctests and tests
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile --max-worker-restart 0

docs: $(VENV)/.installed-dev ## Build the documentation into site/, notebooks run
	SDAASP_GEO_DOCS_RUN=true NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

fuzz: $(VENV)/.installed-dev ## Give 100,000 damaged inputs to every reader of text
	$(BIN)/python tests/sources/fuzz.py --inputs 100000

bench: $(VENV)/.installed-bench ## Speed beside the peers, in one run, for SIZES
	$(BIN)/python benchmarks/run.py --sizes $(SIZES)

clean: ## Remove the environment, caches and outputs
	rm -rf $(VENV) site .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find data/processed -mindepth 1 ! -name README.md -delete
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
