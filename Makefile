# make run      the proxy on :3004, with simulated ML servers while there is no config.json
# make test     everything the tests need, then all tests, in WORKERS processes
# make lint     ruff, mypy and TypeScript
# make docs     the documentation as pages, in docs/_build
# make check-deploy  the package, the image, manifests, units and the documentation
# make bench    the speed of the proxy beside nginx and HAProxy, and what observing costs
# make screenshots  the overview in all states, after a quarter of an hour of work
# make bench-instructions  instructions per request, under callgrind
# make fuzz     forms, raw requests and answers that are nearly right, for MINUTES
# make mutants  the share of faults, put into the modules that decide, that tests notice

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
LISTEN ?= tcp:3004
CONFIG ?= config.json
ARGS ?=
WORKERS ?= 4
MINUTES ?= 10

TEST_TOOLS = node npm chromium-headless-shell chromedriver nginx haproxy prometheus
DEPLOY_TOOLS = kubectl systemd-analyze

.PHONY: collected tools run test lint types docs check-deploy bench \
    bench-instructions screenshots mutants forms fuzz clean

run: $(VENV)/run
	$(BIN)/immich-ml-proxy --listen $(LISTEN) --config $(CONFIG) \
	    $$(test -e $(CONFIG) || echo --demo) $(ARGS)

test: $(VENV)/test forms
	tests/install $(TEST_TOOLS)
	if command -v npm >/dev/null; then $(MAKE) --no-print-directory node_modules/.stamp; fi
	$(BIN)/python -m pytest --ignore=tests/deploy -n $(WORKERS) --dist worksteal $(ARGS)

docs: $(VENV)/deploy
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build

# Apart from the tests: it takes the steps of an installation, with an index of packages.
check-deploy: $(VENV)/deploy $(VENV)/schemas
	tests/install $(DEPLOY_TOOLS)
	$(BIN)/python -m pytest tests/deploy -n 2 --dist loadfile $(ARGS)

lint: $(VENV)/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	tests/install node npm
	if command -v npm >/dev/null; then $(MAKE) --no-print-directory types; fi

types: node_modules/.stamp
	node_modules/.bin/tsc

bench: $(VENV)/bench
	benchmarks/install
	$(BIN)/python -m benchmarks.speed $(ARGS)
	$(BIN)/python -m benchmarks.observing

# Its processes import the main module of this one, which thus must be none of the tests'.
screenshots: $(VENV)/test
	tests/install chromium chromedriver
	$(BIN)/python -c "from tests.screenshots import main; main()" $(ARGS)

bench-instructions: $(VENV)/test
	benchmarks/install valgrind
	$(BIN)/python -m benchmarks.instructions $(ARGS)

# mutmut keeps what it found; a test that was changed since would not count.
mutants: $(VENV)/mutants
	rm -rf mutants
	$(BIN)/mutmut run $(ARGS)
	$(BIN)/python -m tests.mutation_score

fuzz: $(VENV)/test forms
	$(BIN)/python -m tests.hostile.fuzz --minutes $(MINUTES) $(ARGS)
	if $(BIN)/python -m pip install --quiet --disable-pip-version-check atheris; then \
	    for target in form answer config entries head; do \
	        $(BIN)/python -m tests.hostile.fuzz_led $$target $$(($(MINUTES) * 12)) \
	            || exit 1; \
	    done; \
	fi
	HOSTILE_FORMS=50000 HOSTILE_EXAMPLES=200 $(BIN)/python -m pytest \
	    tests/hostile/test_forms.py tests/hostile/test_forms_over_sockets.py \
	    tests/hostile/test_api_description.py

# What pytest makes of the tests is kept: one process does so before several would. What
# is wrong with them is for these to tell.
collected: $(VENV)/test
	-$(BIN)/python -m pytest --ignore=tests/deploy --collect-only --quiet >/dev/null

tools:
	tests/install $(TEST_TOOLS) $(DEPLOY_TOOLS)
	if command -v npm >/dev/null; then $(MAKE) --no-print-directory node_modules/.stamp; fi

# What the ML service parses forms with, an old and a new version: the tests compare.
# Apart from each other and from us: an old one has the name of a library of ours.
forms: $(VENV)/forms/older $(VENV)/forms/newest

$(VENV)/forms/older: | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade \
	    --target $@ starlette==0.37.2 python-multipart==0.0.9
	touch $@

$(VENV)/forms/newest: | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade \
	    --target $@ starlette python-multipart
	touch $@

# Those of Kubernetes, half of all files: filled beside the rest.
$(VENV)/schemas: | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade \
	    --no-compile --target $@ "kubernetes-validate>=1.30"
	touch $@

node_modules/.stamp: package.json
	npm install --no-package-lock --no-audit --no-fund --loglevel=error >/dev/null
	touch $@

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/run: setup.py | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	    --config-settings editable_mode=compat -e .
	touch $@

$(VENV)/test: setup.py | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile \
	    --config-settings editable_mode=compat -e ".[test]"
	touch $(VENV)/run $@

$(VENV)/bench: $(VENV)/test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	    --config-settings editable_mode=compat -e ".[bench]"
	touch $@

$(VENV)/deploy: $(VENV)/test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile \
	    --config-settings editable_mode=compat -e ".[deploy]"
	touch $@

$(VENV)/mutants: $(VENV)/test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	    --config-settings editable_mode=compat -e ".[mutants]"
	touch $@

clean:
	rm -rf $(VENV) .baselines node_modules mutants build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache
