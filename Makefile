# weft: what can be done here. `make` alone prints it.

GO        ?= go
FUZZTIME  ?= 10s
TESTFLAGS ?=
TESTTIME  ?= 15m
TOOLS      = $(GO) tool -modfile=tools/go.mod
COMMIT     = $(shell git rev-parse --short=10 HEAD 2>/dev/null || echo unknown)

.DEFAULT_GOAL := help
.PHONY: help build run test race lint fmt fuzz benchonce bench generate checkgenerate peers clean

help: ## print this list
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build bin/weft
	$(GO) build -o bin/weft .

run: build ## build weft and show a gRPC and a Thrift program calling each other through it
	./bin/weft demo

test: peers ## run every test (fetches the compilers that some tests use first; what cannot be had is skipped by name)
	$(GO) test -timeout $(TESTTIME) $(TESTFLAGS) ./...

race: ## run every test under the race detector
	$(MAKE) test TESTFLAGS="-race $(TESTFLAGS)"

lint: fmt ## gofmt, go vet, staticcheck
	$(GO) vet ./...
	$(TOOLS) staticcheck $$($(GO) list ./... | grep -v /gen/)

fmt: ## fail where a file is not formatted as gofmt does it
	@bad=$$(gofmt -l $$(git ls-files '*.go' | xargs ls -d 2>/dev/null)); test -z "$$bad" || { echo "not formatted:"; echo "$$bad"; exit 1; }

fuzz: ## run each fuzz target for FUZZTIME (10s)
	@GO=$(GO) .ci/fuzz $(FUZZTIME)

benchonce: ## run every Go benchmark once, to see that it works
	$(GO) test -run '^$$' -bench . -benchtime 1x ./...

bench: ## measure weft beside the hand-written shim and print the tables (bench/README.md)
	bench/run

peers: ## fetch thrift, protoc and Python's libraries into .cache/peers where the system has none; needs no root
	@bash testpeers/fetch.sh

generate: peers ## make all generated code again from its IDL files
	bash testpeers/generate.sh

checkgenerate: generate ## fail where generated code is not what its IDL files give
	@changed=$$(git status --porcelain -- '*/gen/*' '*.proto'); test -z "$$changed" || \
	  { echo "generated files differ from what is committed:"; echo "$$changed"; git diff -- '*/gen/*' '*.proto' | head -40; exit 1; }

clean: ## remove what was built and fetched
	rm -rf bin .cache
