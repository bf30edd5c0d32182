# Wide Valleys. `make` lists the commands; each creates the environment (.venv) when it is missing.
.DEFAULT_GOAL := help
.PHONY: help book test repro read lab bench costs clean environment

PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
READY := .venv/.ready
SMOKE := build/smoke-project
# One thread a process: two threads collapse when anything else runs on the machine.
export OMP_NUM_THREADS ?= 1
export PATH := $(CURDIR)/$(BIN):$(PATH)

help:  ## list the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 10

$(READY): pyproject.toml constraints.txt scripts/environment.sh
	@PYTHON="$(PYTHON)" sh scripts/environment.sh

environment: $(READY)

book: $(READY)  ## everything from environment and data to book/_build/html/index.html
	@sh scripts/system.sh npm
	@dvc repro
	@landscape book --locate

repro: $(READY)  ## re-run whatever changed (the profile is in params.yaml)
	@sh scripts/system.sh npm
	@dvc repro

test: $(READY)  ## lint, unit tests, smoke pipeline through DVC, the book in a browser
	@sh scripts/system.sh npm chromium
	@ruff check .
	@python -m pytest -q -m "not pipeline and not browser"
	@LANDSCAPE_SMOKE_DIR=$(CURDIR)/$(SMOKE) python -m pytest -q -m pipeline --durations=4
	@LANDSCAPE_BOOK=$(CURDIR)/$(SMOKE)/book/_build/html LANDSCAPE_REQUIRE_BROWSER=1 \
	  python -m pytest -q -m browser

read: book  ## build the book if needed and serve it on http://localhost:8000 (PORT=...)
	@python -m http.server --bind 127.0.0.1 --directory book/_build/html $(PORT)

lab: $(READY)  ## open the notebooks in JupyterLab (Markdown files open as notebooks)
	@mkdir -p .venv/etc/jupyter/labconfig
	@jupytext-config --settings-file .venv/etc/jupyter/labconfig/default_setting_overrides.json \
	  set-default-viewer markdown myst
	@jupyter lab --notebook-dir=. book/notebooks

bench: $(READY)  ## time and memory of every optimizer on this machine (BENCH="--record --check")
	@python benchmarks/optimizers.py $(BENCH)

costs: $(READY)  ## what every experiment would take at the works' own scale (COSTS="--record")
	@python benchmarks/paper_scale.py $(COSTS)

clean: $(READY)  ## delete checkpoints, logs and the built book (data and results stay)
	@landscape clean
	@rm -rf build

.PHONY: stale
stale: $(READY)
	@python scripts/stale.py
