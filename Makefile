# Two commands on a fresh machine do everything: `make run` and `make test`.

PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
RANDOM_KEY := $(BIN)/python -c "import secrets; print(secrets.token_hex(48))"
STATIC := $(shell find static -type f)

.PHONY: run test test-postgresql bench check lint types contracts migrations deploy-check browser lock clean

run: .venv/run .env staticfiles/.collected
	@grep -q '^SITE_URL=' .env || export SITE_URL="$${SITE_URL:-http://localhost:$(PORT)}"; \
	export PORT=$(PORT); $(BIN)/python manage.py prepare && exec $(BIN)/gunicorn --config config/gunicorn.py

test: .venv/develop browser
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal
	$(BIN)/python -m tests.on_postgresql --chosen --numprocesses auto --dist worksteal

# The whole suite on PostgreSQL, of which `make test` runs what a database can fail.
test-postgresql: .venv/develop browser
	$(BIN)/python -m tests.on_postgresql --numprocesses auto --dist worksteal

# Writes docs/benchmarks.md; takes about half an hour. SIZES="1000" for a quick look.
bench: .venv/develop
	@command -v wrk >/dev/null || tests/install wrk
	$(BIN)/python -m tests.benchmarks $(SIZES)

# What CI runs.
check: lint types contracts migrations deploy-check test

lint: .venv/develop
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint --lint --quiet templates

types: .venv/develop
	$(BIN)/mypy

contracts: .venv/develop
	$(BIN)/lint-imports --no-cache

migrations: .venv/develop
	DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python manage.py makemigrations --check --dry-run

deploy-check: .venv/develop
	SITE_URL=https://tokens.example.org DATABASE_URL=sqlite:///:memory: \
	SECRET_KEY=$$($(RANDOM_KEY)) TOKEN_PEPPERS=1:$$($(RANDOM_KEY)) \
	$(BIN)/python manage.py check --deploy --fail-level WARNING

# Debian's chromium, where it is missing and may be installed.
browser:
	@command -v chromium >/dev/null || tests/install chromium fonts-dejavu-core

.env: | .venv/run
	@$(BIN)/python -m config.first_env

staticfiles/.collected: $(STATIC) requirements/run.txt | .venv/run .env
	@$(BIN)/python manage.py collectstatic --noinput --clear --verbosity 0
	@touch $@

# The lock is whole, so pip has nothing to resolve; left to itself it may want a newer release of what is locked.
.venv/run: requirements/run.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing what Tokenrack needs (once)…"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	@touch $@

.venv/develop: requirements/develop.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing what the tests need (once)…"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	@touch $@ .venv/run

# Needs uv. The files name no registry. The drivers of PostgreSQL and Redis are there for who grows into them.
lock:
	uv pip compile --quiet --generate-hashes --universal --no-emit-index-url --no-header --python-version 3.11 \
	  --extra postgresql --extra redis pyproject.toml --output-file requirements/run.txt
	uv pip compile --quiet --generate-hashes --universal --no-emit-index-url --no-header --python-version 3.11 \
	  --all-extras pyproject.toml --constraint requirements/run.txt --output-file requirements/develop.txt

clean:
	rm -rf .venv staticfiles .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
