# Everything runs in .venv, which the first target makes: distributions forbid pip outside one.
# PYTHON=python3.12 chooses another interpreter, TENSORFLOW=gpu the GPU build of TensorFlow,
# WORKERS=1 how many tests run side by side.
PYTHON ?= python3
TENSORFLOW ?= cpu
WORKDIR ?= runs
WORKERS ?= 2
PIP := .venv/bin/python -m pip --disable-pip-version-check

# A file's tests share what they have made; the files go in their order, so that long ones are early.
PYTEST := .venv/bin/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

.PHONY: demo test test-long test-all lint docs clean

demo: .venv/installed
	.venv/bin/python -m experiments.iterations --dataset=digits --preset=quick --workdir=$(WORKDIR)

test: .venv/tested
	$(PYTEST) -m "not long"

test-long: .venv/tested
	$(PYTEST) -m long

test-all: .venv/tested
	$(PYTEST)

lint: .venv/tested
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

docs: .venv/documented
	.venv/bin/python docs/reference/build.py site

clean:
	rm -rf .venv build dist site *.egg-info

.venv/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
		|| { echo "error: $(PYTHON) is no Python 3.11, 3.12 or 3.13; set PYTHON=..."; exit 2; }
	@$(PYTHON) -m venv .venv \
		|| { echo "error: no virtual environment; on Debian: apt install python3-venv"; exit 2; }
	@touch $@

.venv/installed: .venv/python setup.py pyproject.toml
	$(PIP) install --quiet --editable '.[$(TENSORFLOW)]'
	@touch $@

.venv/documented: .venv/installed
	$(PIP) install --quiet --editable '.[$(TENSORFLOW),docs]'
	@touch $@

.venv/tested: .venv/installed
	$(PIP) install --quiet --editable '.[$(TENSORFLOW),test,tensorboard]'
	@# On all cores before the tests, not on one while they wait. Without a compiler they do without.
	.venv/bin/python -m training.native.build || true
	@touch $@
