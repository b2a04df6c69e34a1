# Understudy: the commands that people run. `make help` lists them.

SHELL := /bin/bash
.DEFAULT_GOAL := help

GO       ?= go
TOOL     := $(GO) tool -modfile=tools/go.mod
LINT     := $(GO) tool -modfile=tools/lint/go.mod golangci-lint
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS  := -s -w -X main.version=$(VERSION)
BIN      := bin/understudy
# What is listed and was deleted (the console's files have hashes in their names) is no prerequisite.
SOURCES   = $(wildcard $(shell git ls-files -co --exclude-standard '*.go' '*.sql' go.mod go.sum 'console/dist/**' 'examples/acme/**' '*/openapi.yaml'))

## help: list the targets
.PHONY: help
help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST) | awk -F': ' '{printf "  make %-14s %s\n", $$1, $$2}'

## run: build, start the demo and print the addresses worth opening
.PHONY: run
run: build
	$(BIN) demo

## dev: work on one plugin: make dev PLUGIN=rely (or spacelift); CONSOLE=off for the server alone
.PHONY: dev
dev: $(if $(filter off,$(CONSOLE)),,needs-node)
	$(GO) build -o .dev/dev ./dev
	@.dev/dev -plugin '$(PLUGIN)' $(if $(filter off,$(CONSOLE)),-console=false) $(if $(LISTEN),-listen $(LISTEN))

## build: the static binary with the console embedded, in bin/understudy
.PHONY: build
build: $(BIN)

# .git/HEAD is no prerequisite: a rebuild only to change the version would cost a minute after every commit.
$(BIN): $(SOURCES)
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $@ ./cmd/understudy

## check: everything that must be green before a change lands (lint and test)
.PHONY: check
check: lint test

## lint: formatting, linters, generated files that are current, the import graph
.PHONY: lint
lint:
	$(LINT) run ./...
	./test/generated.sh
	$(GO) test ./test/house/

## test: all suites: Go with the race detector on both databases, the console's own tests, the browser tests, a Node backend
.PHONY: test
test: test-console test-browser test-joined-short test-go

## test-go: the Go suites only
.PHONY: test-go
test-go: needs-go
	$(GO) test -run TestScenario14 ./plugins/rely/ # all its combinations, which take minutes with the race detector
	$(GO) run ./test/withpostgres -- $(TOOL) gotestsum --format pkgname --hide-summary=skipped -- -race -timeout 20m ./...

## test-console: the console's own tests only
.PHONY: test-console
test-console: needs-node
	cd console && npm ci --no-audit --no-fund --loglevel=error && npm run check && npm test

## test-browser: the browser tests only
.PHONY: test-browser
test-browser: needs-browser build
	cd test/browser && npm ci --no-audit --no-fund --loglevel=error && UNDERSTUDY_BIN=$(CURDIR)/$(BIN) npm test

## test-kill: kill the server 50 times while it ingests, on both databases, and count what was lost
.PHONY: test-kill
test-kill: needs-go build
	$(GO) run ./test/withpostgres -- env UNDERSTUDY_BIN=$(CURDIR)/$(BIN) UNDERSTUDY_KILLS=$(or $(KILLS),50) $(GO) test -count=1 -v -timeout 60m -run TestKill ./test/kill/

## test-official: the official Spacelift plugin, from npm and unmodified, against our simulator
.PHONY: test-official
test-official: needs-go needs-node
	cd test/official && npm ci --no-audit --no-fund --loglevel=error
	UNDERSTUDY_OFFICIAL=1 $(GO) test -count=1 -v -timeout 10m ./test/official/

## test-joined: Understudy beside real Node backends, from npm, at the newest and the oldest supported release
.PHONY: test-joined
test-joined: needs-go needs-node build
	$(call joined,newest,.)
	$(call joined,oldest,.)
	$(call joined-browser)

## test-joined-short: the same with the newest release only, and without what stops and starts
.PHONY: test-joined-short
test-joined-short: needs-go needs-node build
	$(call joined,newest,TestTokens|TestPermissions)

## test-packages: the packages for Backstage, each by itself
.PHONY: test-packages
test-packages: needs-node
	cd integrations/backstage/backend && npm ci --no-audit --no-fund --loglevel=error && npm test
	cd integrations/backstage/frontend && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && npm test

## test-integrations: the packages for Backstage: alone, and in real Node backends of both systems
.PHONY: test-integrations
test-integrations: needs-go needs-node build test-packages
	node integrations/backstage/backend/test/install.mjs newest oldest legacy
	for set in newest oldest legacy; do \
		$(GO) run ./test/withpostgres -- env UNDERSTUDY_BIN=$(CURDIR)/$(BIN) UNDERSTUDY_INTEGRATIONS=1 UNDERSTUDY_BRIDGE_SET=$$set \
			$(GO) test -count=1 -v -timeout 20m ./test/integrations/ || exit 1; \
	done

# joined SET,TESTS: install the packages of a set and run tests beside it.
define joined
cd test/joined/$(1) && npm ci --no-audit --no-fund --loglevel=error
$(GO) run ./test/withpostgres -- env UNDERSTUDY_BIN=$(CURDIR)/$(BIN) UNDERSTUDY_JOINED=1 UNDERSTUDY_JOINED_SET=$(1) $(GO) test -count=1 -v -timeout 30m -run '$(2)' ./test/joined/
endef

# joined-browser: build the stock frontend and drive it in Chromium, beside both sets.
define joined-browser
./test/needs/install.sh chromium
cd test/joined/app && node build.mjs
cd test/joined/browser && npm ci --no-audit --no-fund --loglevel=error
$(GO) run ./test/withpostgres -- env UNDERSTUDY_BIN=$(CURDIR)/$(BIN) npm --prefix test/joined/browser test
endef

## bench: the figures of docs/benchmarks.md, measured side by side on this machine
.PHONY: bench
bench: needs-go build
	$(GO) run ./test/withpostgres -- $(GO) run ./bench -bin $(BIN)

## fuzz: every fuzz target for FUZZTIME each (default 30s)
.PHONY: fuzz
fuzz:
	./test/fuzz.sh $(or $(FUZZTIME),30s)

## console: rebuild the console's committed files
.PHONY: console
console: needs-node
	cd console && npm ci --no-audit --no-fund --loglevel=error && npm run build

## generate: rewrite all generated files: typed SQL, notices
.PHONY: generate
generate:
	./test/generated.sh --write

## format: rewrite the Go sources in the house's format
.PHONY: format
format:
	$(TOOL) gofumpt -w $$(git ls-files '*.go' | grep -v '\.gen\.go$$')

## vuln: known vulnerabilities in what the binary calls (needs the vulnerability database, see GOVULNDB)
.PHONY: vuln
vuln:
	@$(TOOL) govulncheck ./... || { s=$$?; if [ $$s -ne 3 ]; then echo 'make vuln: the vulnerability database could not be read; this says nothing about vulnerabilities. Set GOVULNDB to a reachable or copied database.'; fi; exit $$s; }

.PHONY: needs-go needs-node needs-browser
needs-go:
	@./test/needs/install.sh compiler postgresql
needs-node:
	@./test/needs/install.sh node
needs-browser:
	@./test/needs/install.sh node chromium
