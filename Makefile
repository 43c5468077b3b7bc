# A fresh machine needs python3 and make: everything else goes into a virtual environment.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test check unit build clean

demo: $(VENV)/installed  ## plan the sample shop
	$(BIN)/kplan plan samples/shop

test: check unit  ## everything that CI runs

check: $(VENV)/developing  ## style, types, the import law
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

unit: $(VENV)/developing  ## every test
	$(BIN)/python -m pytest

build: $(VENV)/developing  ## the wheel
	$(BIN)/python -m pip -q install build
	$(BIN)/python -m build --wheel

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip -q install --disable-pip-version-check .
	touch $@

$(VENV)/developing: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip -q install --disable-pip-version-check -e ".[dev]"
	touch $@ $(VENV)/installed

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache
