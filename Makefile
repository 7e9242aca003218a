# make demo    Flowbell on a simulated market: a chat in a terminal, a short tour anywhere else
# make run     the bot, with the tokens in .env
# make test    every check
# make bench   every benchmark, a line of JSON each
# make chaos   the promises put to the test: kills, power cuts, full disks, lying sources (KILLS=5000 for more)
# make docs    what is generated: .env.example and the README's table of commands
# make lock    the locks anew, from pyproject.toml
# make clean   everything that can be made again

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
unexport PYTHONDONTWRITEBYTECODE PYTHONPATH PYTHONHOME

VENV := .venv
RUNTIME := $(VENV)/.runtime
DEVELOPMENT := $(VENV)/.development
PIP := -m pip --disable-pip-version-check --quiet --quiet
INSTALL := install --require-hashes --only-binary :all: -r

.PHONY: help demo run test bench chaos docs lock clean
help:
	@sed -n 's/^# make/make/p' Makefile

demo: $(RUNTIME)
	@$(VENV)/bin/flowbell demo

run: $(RUNTIME)
	@$(VENV)/bin/flowbell run

test: $(DEVELOPMENT)
	@tests/check

bench: $(DEVELOPMENT)
	@$(VENV)/bin/python -m tests.benchmarks

chaos: $(DEVELOPMENT)
	@$(VENV)/bin/python -m tests.chaos all $(if $(KILLS),--kills $(KILLS)) $(if $(SEED),--seed $(SEED))

docs: $(DEVELOPMENT)
	@$(VENV)/bin/python -m tests.documents

lock:
	python3 -m venv .venv-lock
	.venv-lock/bin/python $(PIP) install uv
	.venv-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-emit-index-url pyproject.toml -o requirements.lock
	.venv-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-emit-index-url --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean:
	rm -rf .venv .venv-* .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis demo build dist *.egg-info
	find bot handlers services tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@python=$$(tests/pythons | sed -n 1p); \
	if [ -z "$$python" ]; then \
	    echo "Flowbell needs Python 3.11 or later with venv, and found none. Install one, then run this again." >&2; exit 1; \
	fi; \
	echo "Making the environment in $(VENV) with $$("$$python" --version)." >&2; \
	"$$python" -m venv $(VENV)

$(VENV)/bin/flowbell: $(VENV)/bin/python
	@printf '%s\n' '#!/bin/sh' 'here=$$(cd "$$(dirname "$$0")/../.." && pwd)' \
	    'PYTHONPATH="$$here" exec "$$here/.venv/bin/python" -P -m bot "$$@"' > $@
	@chmod +x $@

$(RUNTIME): requirements.lock $(VENV)/bin/flowbell
	@echo "Installing what requirements.lock names." >&2
	@$(VENV)/bin/python $(PIP) $(INSTALL) requirements.lock
	@$(VENV)/bin/python -m compileall -q bot handlers services
	@touch $@

$(DEVELOPMENT): requirements-dev.lock $(RUNTIME)
	@echo "Installing what requirements-dev.lock names." >&2
	@$(VENV)/bin/python $(PIP) $(INSTALL) requirements-dev.lock
	@touch $@
