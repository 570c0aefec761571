# Two commands: `make demo` shows the product, `make test` proves it. The rest are parts of the second.

SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test tools sdk lint doc rust e2e bench

DEMO_ARGS ?=
NPM := npm --no-fund --no-audit --loglevel=error

help: ## What can be made
	@sed -n 's/^\([a-z0-9]*\):.*## /\1\t/p' Makefile | expand -t 10

demo: ## Build everything and run the demo: a shop with pop-ups and push, and a dashboard
	(cd sdk && $(NPM) ci && $(NPM) run build)
	cargo build --release --locked -p campanile --bin campanile
	exec target/release/campanile demo $(DEMO_ARGS)

test: tools sdk lint doc rust e2e ## Install what the tests need and run all of them

tools: ## Browsers, PostgreSQL and the rest, from the system's package manager when it may
	.ci/install

# The binary carries the built SDK inside it, so this comes before everything of Rust.
sdk: ## Types, tests and size budget of the browser side
	cd sdk && $(NPM) ci && $(NPM) run check && $(NPM) run build && $(NPM) test

lint: ## Formatting and clippy
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

# Whoever reads it works on the code, so it holds the private items and links to them may stay.
doc: ## The documentation of the code, private parts too, builds without a warning
	RUSTDOCFLAGS="-D warnings -A rustdoc::private-intra-doc-links" cargo doc --workspace --no-deps --document-private-items --locked

rust: ## Rust tests, on SQLite and PostgreSQL
	export CAMPANILE_TEST_POSTGRES="$$(.ci/postgres start)"
	cargo nextest run --workspace --locked --no-fail-fast
	cargo test --workspace --doc --locked

# Uses the debug binary that belongs to the Rust tests: after `make rust` there is nothing left to compile.
e2e: ## Real Firefox and Chromium against the real binary, and kill -9
	cargo test --workspace --no-run --locked --quiet
	(cd e2e && $(NPM) ci)
	export CAMPANILE_TEST_POSTGRES="$$(.ci/postgres start)"
	cd e2e && $(NPM) test

bench: ## The figures in bench/results, taken again on this machine
	(cd sdk && $(NPM) ci && $(NPM) run build)
	bench/run
