# Everything that is installed or made goes into the checkout: .tools, .local, target.
SHELL := bash
STACK := python3 infra/local/stack.py
SAM := SAM_CLI_ENABLE_LANGUAGE_EXTENSIONS=1 SAM_CLI_TELEMETRY=0 __SAM_CLI_APP_DIR=$(CURDIR)/.tools/sam .tools/aws/bin/sam
FUNCTIONS := $(foreach folder,$(notdir $(wildcard functions/*)),-p $(folder)-functions)
# template.yaml takes the functions from target/.
unexport CARGO_TARGET_DIR

.PHONY: run stop test check lint build application removal measure deploy fmt clean tools

run: build ## start the stack (or go on with the one that runs), and drive the main journey through it
	$(STACK) up
	set -a; . .local/dev/env; target/debug/applications seed infra/sandbox/applications.toml
	set -a; . .local/dev/env; target/debug/main_journey
	$(STACK) status

stop: ## stop the stack; its data stays
	$(STACK) down

test: lint build ## everything, on a stack of its own
	cargo test -q --workspace --no-run # once for all crates: another choice of crates would build the SDK again
	$(STACK) --instance test around cargo test --workspace -- --test-threads=8

check: lint ## all that needs no stack
	cargo test -q --workspace --exclude journeys
	cargo test -q -p journeys --test template --test events

lint: tools
	cargo fmt --check
	cargo clippy -q --workspace --all-targets -- -D warnings
	.tools/aws/bin/python infra/local/check_openapi.py
	AWS_DEFAULT_REGION=eu-south-1 $(SAM) validate --lint

build: tools ## the functions as they ship, the sandbox, and the program that drives the main journey
	PATH="$(CURDIR)/.tools/aws/bin:$$PATH" cargo lambda build --release $(FUNCTIONS)
	cargo build -q --workspace --bin sandbox --bin applications --bin main_journey

removal: tools ## turns off each guard and each condition, and looks which test notices: hours, the first time; ONLY="text" for some
	cargo fetch -q
	python3 tests/removal/run.py $(ONLY)

application: ## the applications of public bodies: CMD="list"; on AWS with AWS_STACK=name (docs/operating.md)
	@cargo build -q -p operator
	@if [ -n "$(AWS_STACK)" ]; then export APPLICATIONS_TABLE="$$(.tools/aws/bin/python infra/operator/table.py "$(AWS_STACK)")" || exit 1; \
	elif [ -z "$$APPLICATIONS_TABLE" ]; then set -a; . .local/dev/env; set +a; fi; target/debug/applications $(or $(CMD),--help)

measure: ## requests per second and latency of submit_code on the stack that runs
	set -a; . .local/dev/env; cargo run -q -p journeys --bin measure

deploy: build ## to the AWS account of this shell; CONFIG names a section of samconfig.toml
	for folder in target/lambda/*/; do date > "$$folder/deployment"; done # see AutoPublishAlias in template.yaml
	$(SAM) deploy --config-env $(or $(CONFIG),default)

fmt:
	cargo fmt

clean: stop ## removes what was built, and the local stack with its data
	rm -rf target .local .aws-sam

tools:
	@$(STACK) tools
