# The newcomer's door. Every target installs what it needs and can be run twice.
.DEFAULT_GOAL := help
.PHONY: help demo test test-all drill check bench bench-growth bench-steps bench-control bench-storage synth sandbox worker clean temporal
SHELL := /bin/bash

# There only after a complete installation, and older than the lock file when that has changed since.
STAMP := node_modules/.installed

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(STAMP) ## One migration end to end, with its proof (ROWS=1000000 scales, KEEP=1 leaves it running)
	@npm run --silent demo

test: $(STAMP) temporal ## The tests that end within 20 minutes on two cores
	npx jest --selectProjects unit integration replay $(JEST_ARGS)

test-all: $(STAMP) temporal ## Those and the drills, which take longer
	npx jest $(JEST_ARGS)

drill: $(STAMP) temporal ## Faults at more than sixty points, each ending exact (DRILL_POINT, DRILL_SEED replay one)
	@[ -n "$$DRILL_POINT" ] || npx jest test/drill/broken-build
	@npm run --silent drill

check: $(STAMP) ## Formatting, lint, types, import arrows, unused code
	npm run --silent check

bench: $(STAMP) ## Beside freebcp, sling and Spark (ROWS=1000000, BENCH_RUNS=5, BENCH_TLS=on): speed, CPU, memory
	@npm run --silent bench

bench-growth: $(STAMP) ## The same of 0.1 to 30 million rows, 1 to 4 chunks in flight (BENCH_SIZES, BENCH_CHUNKS, BENCH_ONLY)
	@npm run --silent bench-growth

bench-steps: $(STAMP) ## A whole run through Temporal, by step (ROWS=1000000)
	@npm run --silent bench-steps

bench-control: $(STAMP) ## 10,000 empty chunks over 32 servers (CHUNKS, SERVERS, DATABASES): rate, CPU, memory, histories
	@npm run --silent bench-control

synth: $(STAMP) ## CloudFormation templates of deploy/infra, offline (CONFIG=deploy/infra/config/sample.json, OUT=out/cdk)
	@npm run --silent synth -- --config $(or $(CONFIG),deploy/infra/config/sample.json) --out $(or $(OUT),out/cdk)

bench-storage: $(STAMP) ## Parts on s3:// beside file:// (BENCH_SIZES=250000,1000000,2000000, BENCH_RUNS=3): time, memory
	@npm run --silent bench-storage

sandbox: $(STAMP) ## Everything the migration talks to, on this machine, until Ctrl-C
	@npm run --silent sandbox

worker: $(STAMP) ## The migration workers, until Ctrl-C
	@npm run --silent worker

temporal: $(STAMP)
	@npx tsx sandbox/services/ensure-temporal.ts

clean: ## Remove the sandbox's data and all that was built or cached; keeps node_modules
	@if [ -d node_modules/tsx ]; then npm run --silent sandbox -- --stop && npm run --silent sandbox -- --remove; fi
	rm -rf .sandbox .env.sandbox .cache dist coverage

# Not npm ci: it refuses a lock file that lacks optional packages of other platforms, which npm leaves out when
# the registry at hand does not serve them. The versions are those of the lock file all the same.
$(STAMP): package-lock.json
	@node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 15) ? 0 : 1)' 2>/dev/null \
	  || { echo "Node.js 20.15 or later is needed; this is $$(node --version 2>/dev/null || echo 'no node on PATH')." >&2; exit 1; }
	npm install --no-save --no-audit --no-fund
	@touch $@
