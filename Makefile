# Wide Valleys. `make` lists the commands; each creates the environment (.venv) when it is missing.
.DEFAULT_GOAL := help
.PHONY: help environment book repro figure test read lab bench costs gpu look clean stale

PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
READY := .venv/.ready
SMOKE := $(CURDIR)/build/smoke-project
# One thread a process: two threads collapse when anything else runs on the machine.
export OMP_NUM_THREADS ?= 1
export PATH := $(CURDIR)/$(BIN):$(PATH)
# What works elsewhere must work here, whatever else is set up: text is UTF-8, modules are the environment's,
# and the repository is this folder even where a hook of another checkout calls.
export PYTHONUTF8 := 1
unexport PYTHONPATH PYTHONHOME GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_PREFIX

help:  ## list the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 13

# The environment of another folder (a copied tree) or without its Python is made anew.
ifneq ($(shell test -x $(BIN)/python && cat $(READY) 2>/dev/null),$(CURDIR))
.PHONY: $(READY)
endif
$(READY): pyproject.toml constraints.txt scripts/environment.sh
	@PYTHON="$(PYTHON)" sh scripts/environment.sh

environment: $(READY)  ## create .venv with the pinned versions

# What all runs of the pipeline begin with.
define prepare
@sh scripts/system.sh npm
@sh scripts/repository.sh
@landscape lock mend
@landscape pipeline
endef

book: $(READY)  ## everything from environment and data to book/_build/html/index.html
	$(prepare)
	@dvc repro
	@landscape book --locate

repro: $(READY)  ## re-run whatever changed (the profile is in params.yaml)
	$(prepare)
	@dvc repro

figure: $(READY)  ## the same for one figure or table alone: make figure NAME=thesis-fig-2-3
	@test -n "$(NAME)" || { echo "Which one? For example: make figure NAME=thesis-fig-2-3" >&2; exit 1; }
	$(prepare)
	@python scripts/named.py '$(NAME)'
	@dvc repro --glob '*$(NAME)*'

test: $(READY)  ## lint, unit tests, smoke pipeline through DVC, the book in a browser
	@test -e .git || { echo "The tests need a git repository: clone it, or 'git init' this folder," \
	  "'git add .' and 'git commit'." >&2; exit 1; }
	@sh scripts/system.sh npm chromium
	@ruff check .
	@python -m pytest -q -m "not pipeline and not browser" -n auto --maxprocesses 4 --dist loadfile
	@LANDSCAPE_SMOKE_DIR="$(SMOKE)" python -m pytest -q -m pipeline --durations=4
	@LANDSCAPE_BOOK="$(SMOKE)/book/_build/html" LANDSCAPE_REQUIRE_BROWSER=1 \
	  python -m pytest -q -m browser

read: book  ## build the book if needed and serve it on http://localhost:8000 (PORT=...)
	@python scripts/serve.py book/_build/html "$(PORT)"

lab: $(READY)  ## open the notebooks in JupyterLab (Markdown files open as notebooks)
	@mkdir -p .venv/etc/jupyter/labconfig
	@jupytext-config --settings-file .venv/etc/jupyter/labconfig/default_setting_overrides.json \
	  set-default-viewer markdown myst
	@if ! test -w "$$HOME"; then export HOME="$(CURDIR)/.cache/home"; mkdir -p "$$HOME"; fi; \
	  jupyter lab --notebook-dir=. $(if $(filter 0,$(shell id -u)),--allow-root) book

# Of the optimizers' options the others know these.
COMMON = $(filter --record --check,$(BENCH)) $(findstring --device cuda,$(BENCH))
bench: $(READY)  ## what optimizers, training loops, augmentation, sweeps cost here (BENCH="--record --check")
	@python benchmarks/optimizers.py $(BENCH)
	@python benchmarks/training_loops.py
	@python benchmarks/augmentation.py $(COMMON)
	@python benchmarks/sweeps.py $(filter-out --check,$(COMMON))

costs: $(READY)  ## what every experiment would take at the works' own scale (COSTS="--record")
	@python benchmarks/paper_scale.py $(COSTS)

# No environment is made: a GPU machine has torch, often one that fits its driver alone, and no network.
gpu:  ## what a borrowed GPU does in the minutes one has it (GPU="--minutes 14 --dry-run")
	@$(PYTHON) -c 'import torch, scipy, pandas, yaml, joblib, safetensors, tqdm, pooch' || \
	  { echo "That is missing in $$(command -v $(PYTHON)); 'make environment' installs all of it." >&2; exit 1; }
	@PYTHONPATH=$(CURDIR)/src $(PYTHON) -m landscape gpu $(GPU)

look: $(READY)  ## pictures of the built book's pages for human eyes, in build/look (PAGES="index.html ...")
	@sh scripts/system.sh chromium
	@python tests/browser/screenshots.py build/look $(PAGES)

clean: $(READY)  ## delete checkpoints, logs and the built book (data and results stay)
	@landscape clean
	@rm -rf build

stale: $(READY)
	@python scripts/stale.py  # for continuous integration: which committed results are out of date
