# Every target is one command that can be typed instead.

STATICCHECK = go tool -modfile=tools.mod staticcheck
FUZZTIME ?= 1m
BENCH ?= .
COUNT ?= 1

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "%-12s %s\n", $$1, $$2}' Makefile

.PHONY: test
test: compiler ## the test suite
	go test -timeout=40m ./...

.PHONY: check
check: compiler ## what CI runs: format, vet, staticcheck, generated files, views, builds, tests
	bash .ci/run

.PHONY: build
build: compiler ## bin/sojourn
	go build -o bin/ ./cmd/sojourn

.PHONY: format
format: ## gofmt everything
	gofmt -w .

.PHONY: lint
lint: compiler ## vet and staticcheck
	go vet ./...
	go -C bench vet ./...
	$(STATICCHECK) ./...

.PHONY: race
race: compiler ## tests under the race detector, without the packages that link DuckDB
	go test -race $$(go list -test -f '{{.ImportPath}} {{join .Deps " "}}' ./... | awk '$$1 ~ /\.test$$/ && !/duckdb-go-bindings/ {sub(/\.test$$/, "", $$1); print $$1}')

.PHONY: golden
golden: compiler ## rewrite the expected output of the golden stories; read the diff
	go test ./cmd/sojourn -update

.PHONY: generate
generate: ## rewrite docs/tables.md, erd.md, views.md and presets.md and what they are made of; read the diff
	go test ./load -run 'TestReferenceIsUpToDate|TestDiagramIsUpToDate|TestSchemaIsAsReviewed' -update
	go test ./cmd/sojourn -run TestViewsReferenceIsUpToDate -update
	go test ./transform -run TestPresets -update

.PHONY: googlesql
googlesql: compiler ## have Google's analyser read the views: minutes and 5 GB of memory the first time
	cd sql/googlesql && go test -gcflags='github.com/goccy/...=-N -l' ./...

.PHONY: vuln
vuln: ## known vulnerabilities of what is linked in; asks vuln.go.dev
	go tool -modfile=tools.mod govulncheck ./...

.PHONY: fuzz
fuzz: ## fuzzing, FUZZTIME (a minute) for each target
	@grep -rho --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | sed 's/func //' | sort | while read -r name; do \
		dir=$$(dirname $$(grep -rl --include='*_test.go' "^func $$name(" .)); \
		echo "$$dir $$name"; go test "$$dir" -run '^$$' -fuzz "^$$name$$" -fuzztime $(FUZZTIME) || exit 1; \
	done

.PHONY: soak
soak: compiler ## hours: every matrix whole, the property tests on twenty to a hundred times as many examples, each fuzz target for ten minutes, race
	SOJOURN_SOAK=1 go test -count=1 -timeout=4h ./...
	go test -count=1 -timeout=2h $$(go list -f '{{.ImportPath}} {{join .TestImports " "}} {{join .XTestImports " "}}' ./... | awk '/pgregory.net\/rapid/ && $$1 != "sojourn/schedules" {print $$1}') -rapid.checks=10000
	go test -count=1 -timeout=2h ./schedules -rapid.checks=500
	$(MAKE) race
	$(MAKE) fuzz FUZZTIME=10m

.PHONY: bench
bench: compiler ## the night against DuckDB doing the same work: docs/performance.md explains it
	$(MAKE) -C bench

.PHONY: gobench
gobench: compiler ## the Go benchmarks that BENCH names (all), COUNT times each (1)
	go test -run '^$$' -bench '$(BENCH)' -benchmem -count $(COUNT) -timeout=2h \
		$$(grep -rl --include='*_test.go' '^func Benchmark' . | xargs -n1 dirname | sort -u)

# DuckDB is C++ behind cgo. Without a C compiler Go turns cgo off by itself, and
# what then fails, or is silently left out, does not say so.
.PHONY: compiler
compiler:
	@[ "$$CGO_ENABLED" = 0 ] || echo 'int main(void) { return 0; }' | $$(go env CC) -x c - -lstdc++ -o /dev/null 2>/dev/null || \
		{ echo 'gcc is needed for the embedded DuckDB: install gcc and g++, or set CGO_ENABLED=0 to build without it' >&2; exit 1; }
