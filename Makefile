# Every target first sets up what it needs; see docker/install.sh.
.PHONY: run test test-long bench lint messages setup setup-dev

run: setup
	.venv/bin/python -m bot

test: setup-dev
	.venv/bin/python -m pytest -m "not long"

test-long: setup-dev
	.venv/bin/python -m pytest -m long

bench: setup-dev
	.venv/bin/python -m benchmarks.speed.stages

lint: setup-dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

messages: setup-dev
	.venv/bin/python -m bot.messages

setup:
	@docker/install.sh bot,generator

setup-dev:
	@docker/install.sh dev
