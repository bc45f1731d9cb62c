# Everything that is installed or made goes into the checkout: .tools, .local, target.
SHELL := bash
# The emulator of AWS: ministack, localstack, or external at AWS_ENDPOINT_URL (docs/emulators.md).
EMULATOR ?= ministack
ifeq ($(filter $(EMULATOR),ministack localstack external),)
$(error EMULATOR=$(EMULATOR) is unknown: it is ministack, localstack or external (docs/emulators.md))
endif
ifneq ($(filter test-ministack test-localstack test-external,$(MAKECMDGOALS)),)
$(error the name of a target does not choose the emulator: call make test EMULATOR=...)
endif
STACK := python3 infra/local/stack.py --emulator $(EMULATOR)
SAM_SETTINGS := SAM_CLI_ENABLE_LANGUAGE_EXTENSIONS=1 SAM_CLI_TELEMETRY=0 __SAM_CLI_APP_DIR=$(CURDIR)/.tools/sam
SAM := $(SAM_SETTINGS) .tools/aws/bin/sam
# With the operators' command, which uses the same crates of AWS's SDK: so they are built once.
FUNCTIONS := $(foreach folder,$(notdir $(wildcard functions/*)),-p $(folder)-functions) -p operator
APPLICATIONS := target/lambda/applications/bootstrap
# Without the tables by which panics unwind: they end the process (docs/decisions.md).
RELEASE := PATH="$(CURDIR)/.tools/aws/bin:$$PATH" RUSTFLAGS="$$RUSTFLAGS -C force-unwind-tables=no" cargo lambda build --release
# template.yaml takes the functions from target/.
unexport CARGO_TARGET_DIR
# With `make --jobs`, programs would find a job server in them that they may not use, and warn of it.
unexport MAKEFLAGS MFLAGS

# What `make test EMULATOR=localstack` runs: test programs of tests/, and the tests of pages.
TESTS ?= plugin journeys races services dump logs runbook browser

.PHONY: run stop test test-ministack test-localstack test-external test-plugin schemathesis check lint deny checkov build functions programs web browser screenshots chromium application faults mutants fuzz bench bench-work usage simulate operations operation compare-emulators measure load sbom advisories pins rehearse deploy fmt clean tools

WEB_SOURCES := infra/openapi.yaml $(shell find web -type f -not -path "web/node_modules/*" -not -path "web/dist/*" -not -name schema.d.ts 2>/dev/null)

run: ## start the stack, or go on with the one that runs, and drive the main journey through it; EMULATOR=localstack for another emulator
	@$(STACK) can-run
	@$(MAKE) --no-print-directory $(if $(findstring n,$(firstword -$(MAKEFLAGS))),-n) --jobs=3 build # side by side, because each part leaves a core idle now and then
	$(STACK) up
	set -a; . .local/dev/env; $(APPLICATIONS) seed infra/sandbox/applications.toml
	set -a; . .local/dev/env; target/debug/main_journey
	$(STACK) status

stop: ## stop the stack; its data stays
	$(STACK) down

test: test-$(EMULATOR) ## everything, on a stack of its own; EMULATOR=localstack: what docs/emulators.md names, TESTS="journeys races" for some of it

test-ministack: lint functions chromium tests/browser/node_modules/.installed
	@.tools/aws/bin/python tests/binary_sizes.py
	@$(STACK) tools awscli
	cargo test -q --workspace --no-run # once for all crates: another choice of crates would build the SDK again
	cargo build -q --workspace --bin sandbox --bin faults
	$(STACK) --instance test around bash -ec 'tests/on_emulator.sh ministack workspace browser; \
	$(STACK) --instance test up --faulty; set -a; . .local/test/env; target/debug/faults --sample issue_code submit_code associate dissociate pull_photo'

test-localstack: $(if $(filter plugin,$(TESTS)),test-plugin)
test-localstack: functions $(if $(filter browser,$(TESTS)),chromium tests/browser/node_modules/.installed)
	@$(STACK) tools awscli
	cargo test -q --workspace --no-run
	cargo build -q --workspace --bin sandbox
	$(STACK) --instance test around tests/on_emulator.sh localstack $(filter-out plugin,$(TESTS))

test-external:
	@echo "make test runs on ministack and localstack, which it starts empty; EMULATOR=external is for make run" >&2; exit 2

test-plugin: ## infra/localstack: the executor of functions, and the mends of LocalStack
	@python3 infra/local/stack.py --emulator localstack tools
	PYTHONPATH=infra/localstack .tools/localstack/bin/python -B -W ignore::ResourceWarning -m unittest discover -s infra/localstack/tests

schemathesis: tools ## requests made from infra/openapi.yaml, as several callers, on the stack that runs; CALLERS="citizen" for some
	@$(STACK) tools schemathesis
	cargo build -q --workspace --bin callers
	set -a; . .local/dev/env; .tools/schemathesis/bin/python tests/schemathesis/run.py target/debug/callers $(CALLERS)

browser: chromium tests/browser/node_modules/.installed ## the tests of pages, on the stack that runs
	set -a; . .local/dev/env; cd tests/browser && node --test --test-reporter=spec

screenshots: chromium tests/browser/node_modules/.installed ## pictures of every page in both languages and sizes, on the stack that runs
	set -a; . .local/dev/env; cd tests/browser && node screenshots.mjs

check: lint ## all that needs no stack
	cargo test -q --workspace --exclude journeys
	cargo test -q -p journeys --test template --test events

lint: tools web deny # serve_web has the web application inside
	cargo fmt --check
	cargo clippy -q --workspace --all-targets -- -D warnings
	cargo fmt --check --manifest-path tests/load/Cargo.toml
	cargo metadata -q --locked --format-version 1 --manifest-path tests/load/Cargo.toml > /dev/null # it follows the crates that it takes from here
	.tools/aws/bin/python infra/local/check_openapi.py
	AWS_DEFAULT_REGION=eu-south-1 $(SAM) validate --lint
	.tools/aws/bin/cfn-lint -r eu-south-1 -t infra/watch.yaml # the stack nested in it
	.tools/aws/bin/python infra/local/check_template.py
	.tools/aws/bin/python -m unittest discover -q -s infra/operator
	cd infra/local && python3 -B -W ignore::ResourceWarning -m unittest -q test_stack
	python3 infra/usage/simulate.py --check
	.tools/aws/bin/python infra/operations.py --check
	cd web && npm run --silent lint && npm run --silent test

deny: tools ## licences, sources and versions of what others wrote (docs/supply-chain.md)
	.tools/aws/bin/cargo-deny --locked check -D unmatched-skip -D unnecessary-skip licenses bans sources
	python3 infra/supply/sbom.py --check

checkov: ## template.yaml, read for weak settings; what is meant as it is stands in .checkov.yaml and beside the resource, with its reason
	@$(STACK) tools checkov
	.tools/checkov/bin/checkov --config-file .checkov.yaml

build: functions programs ## the functions as they ship, the operators' command, the sandbox, and the program that drives the main journey

functions: tools web
	$(RELEASE) $(FUNCTIONS)

# Without AWS's SDK, which takes minutes to build.
programs:
	cargo build -q -p sandbox -p journeys --no-default-features --bin sandbox --bin main_journey

faults: build ## breaks every call to AWS of every operation in every way: some three hours; ONLY="operation ..." for some
	cargo build -q --workspace --bin faults
	$(STACK) --instance faults around --faulty target/debug/faults $(ONLY)

mutants: tools web ## turns off each guard and each condition, and looks which test notices: hours, the first time; ONLY="text" for some, PACKAGE=pictures for one package by its own tests
	MUTANTS_PACKAGE=$(PACKAGE) python3 tests/mutants/run.py $(ONLY)

web: web/dist/index.html ## the web application, in web/dist, which serve_web is built with

web/dist/index.html: web/node_modules/.installed $(WEB_SOURCES)
	cd web && npm run --silent build
	@touch $@

# What the lock files name, once for each change of theirs; packages run nothing while they are installed.
web/node_modules/.installed tests/browser/node_modules/.installed tests/bench/peers/node_modules/.installed: %/node_modules/.installed: %/package-lock.json %/package.json
	@command -v npm > /dev/null || { echo "npm is missing: install Node.js 20 or later" >&2; exit 1; }
	cd $* && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

chromium: # for the tests of pages: CHROMIUM names one, or it is in PATH, or Debian's is installed
	@[ -n "$$CHROMIUM" ] || command -v chromium chromium-browser google-chrome > /dev/null || { \
	if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
	apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends chromium > /dev/null; \
	else echo "no Chromium for the tests of pages: install one (Debian: apt-get install chromium), or name it in CHROMIUM" >&2; exit 1; fi; }

application: functions ## the applications of public bodies: CMD="list"; on AWS with AWS_STACK=name (docs/operating/applications.md)
	@if [ -n "$(AWS_STACK)" ]; then export APPLICATIONS_TABLE="$$(.tools/aws/bin/python infra/operator/table.py "$(AWS_STACK)")" || exit 1; \
	elif [ -z "$$APPLICATIONS_TABLE" ]; then set -a; . .local/dev/env; set +a; fi; $(APPLICATIONS) $(or $(CMD),--help)

fuzz: tools ## random input for everything that reads some, a minute each: SECONDS=60, ONLY="code_number jpeg" (fuzz/README.md)
	python3 fuzz/run.py --seconds $(or $(SECONDS),60) $(ONLY)

bench: build tests/bench/peers/node_modules/.installed ## start, answers and memory of each function beside one that does nothing, and of other languages (docs/benchmarks.md); ONLY="function ..." for some
	$(RELEASE) --lambda-dir target/bench --package hello_world
	cargo build -q --workspace --bin bench
	$(STACK) --instance bench around target/debug/bench $(ONLY)

bench-work: tools ## what functions do with pictures, beside other libraries: milliseconds and memory (docs/benchmarks.md); needs no stack
	$(RELEASE) --lambda-dir target/bench --package work
	target/bench/work/bootstrap

usage: build ## counts the requests of each operation to AWS on a stack of its own, into infra/usage/requests.json
	cargo build -q --workspace --bin faults
	rm -f target/recorded.jsonl && touch target/recorded.jsonl
	MYPHOTO_RECORD=$(CURDIR)/target/recorded.jsonl $(STACK) --instance usage around --faulty target/debug/faults --requests infra/usage/requests.json

simulate: ## prints what a year costs and what the busiest second needs of AWS, and writes the tables of docs/usage.md
	@python3 infra/usage/simulate.py

operations: tools ## writes docs/operations.md from infra/operations.toml and infra/openapi.yaml
	.tools/aws/bin/python infra/operations.py

operation: tools ## writes the skeleton of a new operation: NAME=show_limits LIKE=list_applications (ARCHITECTURE.md)
	.tools/aws/bin/python infra/new_operation.py $(NAME) $(LIKE) $(ROUTE)
	.tools/aws/bin/python infra/operations.py

compare-emulators: build ## start, deployment, main journey, latency and memory of ministack and LocalStack, in one run (docs/emulators.md)
	python3 infra/local/compare.py

measure: ## requests per second and latency of submit_code on the stack that runs
	set -a; . .local/dev/env; cargo run -q -p journeys --bin measure

load: tools ## a mixed load on the stack that runs, and what must hold afterwards: SECONDS=120, USERS=4 (tests/README.md)
	set -a; . .local/dev/env; cargo run -q --locked --manifest-path tests/load/Cargo.toml --target-dir target/load -- \
	--seconds $(or $(SECONDS),120) --users $(or $(USERS),4) --report target/load.json

sbom: tools ## everything of others that is in here, as CycloneDX: target/sbom.cdx.json
	python3 infra/supply/sbom.py target/sbom.cdx.json

advisories: tools ## known weaknesses of what the lock files name; needs a network that reaches the databases
	@$(STACK) tools upkeep
	python3 infra/supply/advisories.py

pins: ## the Python tools anew from infra/local/requirements-*.in, each file with its hash; UPGRADE=--upgrade for newer ones
	@$(STACK) tools upkeep
	cd infra/local && pin() { UV_CUSTOM_COMPILE_COMMAND="make pins" $(CURDIR)/.tools/upkeep/bin/uv pip compile -q $(UPGRADE) --generate-hashes \
	--no-annotate --python-platform x86_64-unknown-linux-gnu requirements-$$1.in -o requirements-$$1.txt "$${@:2}"; } && \
	for set in aws awscli checkov emulator faults schemathesis upkeep; do pin $$set --python-version 3.11 --only-binary :all: || exit 1; done && \
	pin localstack --python-version 3.13 --no-deps # a list of its own, with one source package

rehearse: build ## has AWS prepare the deployment that `make deploy` would make, and says what would change; nothing is deployed
	for folder in target/lambda/*/; do date > "$$folder/deployment"; done # as `make deploy` does
	$(SAM_SETTINGS) .tools/aws/bin/python infra/operator/rehearse.py $(or $(CONFIG),default)

deploy: build ## to the AWS account of this shell; CONFIG names a section of samconfig.toml
	for folder in target/lambda/*/; do date > "$$folder/deployment"; done # see AutoPublishAlias in template.yaml
	$(SAM_SETTINGS) .tools/aws/bin/python infra/operator/deploy.py $(or $(CONFIG),default)

fmt:
	cargo fmt

clean: stop ## removes what was built, and the local stack with its data
	rm -rf target .local .aws-sam web/dist web/node_modules tests/browser/node_modules tests/bench/peers/node_modules

tools:
	@$(STACK) tools
