# Daily commands. Each is one line that can be typed without make, too.
python := .cardwatch/venv/bin/python
run := PYTHONPATH=. NUMBA_CACHE_DIR=.cardwatch/numba $(python)
lock := .cardwatch/venv/bin/uv pip compile --quiet --generate-hashes --python-version 3.11

.PHONY: help setup test unit lint format types demo bench coverage locks help-texts figures pre-commit

help: ## This list of targets.
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1: \2/p' Makefile

setup: ## Installation of everything, the development packages too.
	python3.11 -m cli.prepare "$(CURDIR)" development

test: ## All checks and tests, as the continuous integration runs them.
	./cardwatch test

unit: ## Lint, types and the tests without a JVM.
	./cardwatch test --speed unit

lint: ## Style by ruff.
	$(run) -m ruff check .
	$(run) -m ruff format --check .

format: ## Layout and imports by ruff, changed in place.
	$(run) -m ruff check --fix .
	$(run) -m ruff format .

types: ## Types by mypy, strict, for what `test` checks.
	$(run) -m mypy --strict $$($(run) -c 'from cli.test import PACKAGES; print(*PACKAGES)')

demo: ## Payments, the job and alerts on screen.
	./cardwatch demo

bench: ## Throughput and latency of the job on this machine.
	./cardwatch bench

coverage: ## Lines that the unit tests run, as a table and in .cardwatch/coverage/.
	$(run) -m coverage run -m pytest -q tests/unit
	$(run) -m coverage html
	$(run) -m coverage report --skip-covered

locks: ## New locks from pyproject.toml; pins that still fit stay.
	$(lock) pyproject.toml -o requirements.lock
	$(lock) pyproject.toml --group training -o requirements-training.lock
	$(lock) pyproject.toml --group dev -o requirements-dev.lock
	$(lock) --group installer -o requirements-installer.lock

help-texts: ## The kept help in cli/help/, from the command line.
	$(run) -m cli.help_texts

figures: ## Tables of README and docs, from docs/figures.json and docs/faults.json.
	$(run) -m benchmarks.figures

pre-commit: ## Checks before each commit of this clone.
	$(python) -m pre_commit install
