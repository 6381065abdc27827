# Everything runs in the project's own virtual environment; delete it with `make clean`.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check
CORE := $(VENV)/.core-installed
LLAMA := $(VENV)/.llama-installed
DEV := $(VENV)/.dev-installed
TRAIN := $(VENV)/.train-installed

.DEFAULT_GOAL := help
.PHONY: help demo test lint bench backbone critic nightly clean

help: ## show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

demo: $(LLAMA) ## install core and llama.cpp once, then draft and judge
	@BIN=$(BIN) bash examples/demo.sh

test: lint ## install everything once, then lint, types and tests
	@echo "tests ..."
	@$(BIN)/python -m pytest -n auto

lint: $(DEV) ## ruff and mypy --strict
	@echo "ruff ..."
	@$(BIN)/ruff check .
	@echo "mypy ..."
	@$(BIN)/mypy

bench: $(LLAMA) ## time and memory of judging and of sampling on this machine
	@$(BIN)/python -m experiments.bench_check; checked=$$?; $(BIN)/python -m experiments.bench_speed && exit $$checked

backbone: $(TRAIN) ## make the embedded model anew from a seed, in about three and a half hours; goes on where it was stopped
	@$(BIN)/python -m training.backbone --work build/backbone --ship

critic: $(TRAIN) ## pairs, training and cards of the embedded model's critic and judge; goes on where it was stopped
	@BIN=$(BIN) bash training/make_critic.sh

nightly: lint ## the tests with the slow ones, then the bench
	@echo "tests, slow ones too ..."
	@$(BIN)/python -m pytest -n auto -m "slow or not slow"
	@$(BIN)/python -m experiments.bench_check

clean: ## remove the virtual environment, caches and build folders
	rm -rf $(VENV) build dist .bench .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "winnow needs Python 3.11 or later, and '$(PYTHON)' is not; run: make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "creating $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)

# The stamps are keyed on pyproject.toml: as long as it stays the same, nothing is installed again.
$(CORE): pyproject.toml | $(BIN)/python
	@echo "installing winnow and its core dependencies into $(VENV) (once) ..."
	@$(PIP) -e .
	@touch $@

$(LLAMA): pyproject.toml | $(BIN)/python
	@echo "installing winnow and llama.cpp into $(VENV); the first build of llama.cpp takes minutes (once) ..."
	@$(PIP) -e '.[llama]'
	@touch $(CORE) $@

$(DEV): pyproject.toml | $(BIN)/python
	@echo "installing winnow with all backbones and development tools into $(VENV); llama.cpp is built, which takes minutes (once) ..."
	@$(PIP) -e '.[llama,hf,openai,train,experiments,dev]'
	@touch $(CORE) $(LLAMA) $@

$(TRAIN): pyproject.toml | $(BIN)/python
	@echo "installing winnow and what training needs into $(VENV) (once) ..."
	@$(PIP) -e '.[train,audit]'
	@touch $(CORE) $@
