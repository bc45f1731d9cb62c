//! Lists the environment variables that a function's process can have. Each entry states which component reads the variable and what it
//! changes.
//!
//! `shared/edge/tests/environment.rs` runs a function with all of these variables, and compares its requests with those of a run that has
//! only the necessary variables. If a variable changes a request, its `effect` must say so, and that test must expect the change.

/// An environment variable.
#[derive(Debug, Clone, Copy)]
pub struct Variable {
    pub name: &'static str,
    /// An example value: one that Lambda sets, or one that differs from the default.
    pub value: &'static str,
    /// The component that reads the variable, and what the variable changes.
    pub effect: &'static str,
}

const fn variable(name: &'static str, value: &'static str, effect: &'static str) -> Variable {
    Variable { name, value, effect }
}

const NOT_READ: &str = "not read";
/// For variables that only the SDK's own configuration loader reads. Functions do not run it: `aws::of_function` builds their configuration
/// from a few other variables.
const NOT_LOADED: &str = "not read: the SDK would, but functions do not load its configuration from the environment";
const RUNTIMES: &str = "not read: for Lambda's managed runtimes of other languages";
const CONTEXT: &str = "lambda_runtime: a field of the event's context, which functions do not read";
const LINKER: &str = "the dynamic linker, before the program starts";
const SIGNATURE: &str = "aws: signs requests to AWS and presigned URLs (also `X-Amz-Credential`, `X-Amz-Security-Token`)";
const PROXY: &str =
    "SDK and reqwest: the proxy through which requests to AWS, TAXISnet and the registers go; sees them in the clear unless TLS is used";

/// Variables that Lambda sets: "Defined runtime environment variables" of the Lambda Developer Guide. Includes variables that Lambda sets
/// only for some runtimes.
pub const LAMBDA: [Variable; 39] = [
    variable("_HANDLER", "bootstrap", NOT_READ),
    // lambda_runtime sets this variable for each event to the trace ID from the Runtime API, and removes it if the event has none.
    variable(
        "_X_AMZN_TRACE_ID",
        super::TRACE_ID,
        "SDK: the header `x-amzn-trace-id` of each request to AWS, if `AWS_LAMBDA_FUNCTION_NAME` is set",
    ),
    variable("AWS_REGION", "eu-south-1", "aws: the region of AWS's hosts and of signatures"),
    variable("AWS_DEFAULT_REGION", "eu-south-1", NOT_READ),
    variable(
        "AWS_EXECUTION_ENV",
        "AWS_Lambda_provided.al2023",
        "SDK: `exec-env/...` in the user agent of requests to AWS. Not set for `provided.al2023`",
    ),
    variable(
        "AWS_LAMBDA_FUNCTION_NAME",
        "myphoto-Test-1a2b",
        "lambda_runtime: a field of the context, which is the dimension of the metric `Failures`. aws: `app/...` in the user agent. SDK: see `_X_AMZN_TRACE_ID`",
    ),
    variable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256", CONTEXT),
    variable("AWS_LAMBDA_FUNCTION_VERSION", "7", CONTEXT),
    variable(
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "on-demand",
        "lambda_runtime: with `snap-start` it waits for the restore before it polls for the first event",
    ),
    variable("AWS_LAMBDA_LOG_GROUP_NAME", "myphoto-TestLog", CONTEXT),
    variable("AWS_LAMBDA_LOG_STREAM_NAME", "2026/11/29/myphoto-Test[7]0123456789abcdef", CONTEXT),
    variable(
        "AWS_LAMBDA_LOG_FORMAT",
        "JSON",
        "not read: lambda_runtime reads it only for a tracing subscriber, which functions do not install",
    ),
    variable("AWS_LAMBDA_LOG_LEVEL", "DEBUG", "not read: as `AWS_LAMBDA_LOG_FORMAT`"),
    variable("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001", "lambda_runtime: address of the Runtime API"),
    variable("AWS_LAMBDA_METADATA_API", "127.0.0.1:9001", NOT_READ),
    variable("AWS_LAMBDA_METADATA_TOKEN", "metadata-token", NOT_READ),
    // The value is greater than 1 only on Lambda Managed Instances, which template.yaml does not use.
    variable(
        "AWS_LAMBDA_MAX_CONCURRENCY",
        "1",
        "lambda_runtime: a warning to a tracing subscriber. Functions handle one event at a time whatever its value",
    ),
    variable("AWS_ACCESS_KEY_ID", "ASIAEXAMPLE", SIGNATURE),
    variable("AWS_SECRET_ACCESS_KEY", "secret-access-key", SIGNATURE),
    variable("AWS_SESSION_TOKEN", "session-token", SIGNATURE),
    variable("AWS_ACCESS_KEY", "ASIAEXAMPLE", NOT_READ),
    variable("AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR", NOT_READ),
    variable("AWS_XRAY_DAEMON_ADDRESS", "169.254.100.1:2000", NOT_READ),
    variable("_AWS_XRAY_DAEMON_ADDRESS", "169.254.100.1", NOT_READ),
    variable("_AWS_XRAY_DAEMON_PORT", "2000", NOT_READ),
    variable("LAMBDA_TASK_ROOT", "/var/task", NOT_READ),
    variable("LAMBDA_RUNTIME_DIR", "/var/runtime", NOT_READ),
    variable("TZ", ":UTC", "not read: times in Athens come from a table in the program"),
    variable("LANG", "en_US.UTF-8", NOT_READ),
    variable("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin", NOT_READ),
    variable("LD_LIBRARY_PATH", "/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib", LINKER),
    variable("SHLVL", "0", NOT_READ),
    variable("PWD", "/var/task", NOT_READ),
    variable("NODE_PATH", "/opt/nodejs/node_modules", RUNTIMES),
    variable("NODE_OPTIONS", "--no-warnings", RUNTIMES),
    variable("PYTHONPATH", "/var/runtime", RUNTIMES),
    variable("GEM_PATH", "/opt/ruby/gems/3.4.0", RUNTIMES),
    variable("RUBYLIB", "/var/runtime", RUNTIMES),
    variable("AWS_LAMBDA_DOTNET_PREJIT", "ProvisionedConcurrency", RUNTIMES),
];

/// Variables that Lambda does not set. An operator may set some of them, and `docs/operating/settings.md` lists these. The others are read
/// by libraries of the function's process, or would be read by an SDK with its usual configuration.
pub const OPERATOR: [Variable; 43] = [
    // Nothing listens on port 9, so a request through this proxy fails. Tests of proxies set other values.
    variable("HTTP_PROXY", "http://127.0.0.1:9", PROXY),
    variable("HTTPS_PROXY", "http://127.0.0.1:9", PROXY),
    variable("ALL_PROXY", "http://127.0.0.1:9", PROXY),
    variable("http_proxy", "http://127.0.0.1:9", PROXY),
    variable("https_proxy", "http://127.0.0.1:9", PROXY),
    variable("all_proxy", "http://127.0.0.1:9", PROXY),
    variable("NO_PROXY", "127.0.0.1", "SDK and reqwest: hosts that are reached without the proxy"),
    variable("no_proxy", "127.0.0.1", "as `NO_PROXY`"),
    variable(
        "SSL_CERT_FILE",
        "",
        "aws and registers: the root certificates that TLS trusts, instead of those in the program. Empty means not set",
    ),
    variable("SSL_CERT_DIR", "", "as `SSL_CERT_FILE`"),
    variable("SSLKEYLOGFILE", "/tmp/keys-of-tls", "not read: rustls writes keys only if configured to"),
    variable("AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH", "true", "lambda_http: the path of an incoming request is without the gateway's stage"),
    variable("AWS_LAMBDA_EXEC_WRAPPER", "/opt/wrapper", RUNTIMES),
    variable(
        "AWS_ACCOUNT_ID",
        "000000000000",
        "SDK: part of the credentials, so it adds a letter to the user agent and changes DynamoDB's host name on AWS",
    ),
    variable("AWS_PROFILE", "other", NOT_LOADED),
    variable("AWS_CONFIG_FILE", "/tmp/config", NOT_LOADED),
    variable("AWS_SHARED_CREDENTIALS_FILE", "/tmp/credentials", NOT_LOADED),
    variable("AWS_SDK_UA_APP_ID", "other", NOT_LOADED),
    variable("AWS_MAX_ATTEMPTS", "1", NOT_LOADED),
    variable("AWS_RETRY_MODE", "adaptive", NOT_LOADED),
    variable("AWS_DEFAULTS_MODE", "mobile", NOT_LOADED),
    variable("AWS_USE_FIPS_ENDPOINT", "true", NOT_LOADED),
    variable("AWS_USE_DUALSTACK_ENDPOINT", "true", NOT_LOADED),
    variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true", NOT_LOADED),
    variable("AWS_ACCOUNT_ID_ENDPOINT_MODE", "required", NOT_LOADED),
    variable("AWS_AUTH_SCHEME_PREFERENCE", "sigv4a", NOT_LOADED),
    variable("AWS_SIGV4A_SIGNING_REGION_SET", "*", NOT_LOADED),
    variable("AWS_S3_USE_ARN_REGION", "true", NOT_LOADED),
    variable("AWS_S3_DISABLE_EXPRESS_SESSION_AUTH", "true", NOT_LOADED),
    variable("AWS_S3_DISABLE_MULTIREGION_ACCESS_POINTS", "true", NOT_LOADED),
    variable("AWS_REQUEST_CHECKSUM_CALCULATION", "when_supported", NOT_LOADED),
    variable("AWS_RESPONSE_CHECKSUM_VALIDATION", "when_supported", NOT_LOADED),
    variable("AWS_DISABLE_REQUEST_COMPRESSION", "false", NOT_LOADED),
    variable("AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES", "0", NOT_LOADED),
    variable("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:9/", NOT_LOADED),
    variable("AWS_WEB_IDENTITY_TOKEN_FILE", "/tmp/token", NOT_LOADED),
    variable("AWS_ROLE_ARN", "arn:aws:iam::000000000000:role/other", NOT_LOADED),
    variable("AWS_EC2_METADATA_DISABLED", "false", NOT_LOADED),
    variable("LOG_SENSITIVE_BODIES", "true", "SDK: whether its traces contain bodies. Traces are not compiled in"),
    variable("RUST_LOG", "trace", "not read: as `AWS_LAMBDA_LOG_LEVEL`"),
    variable("RUST_BACKTRACE", "full", "Rust's own panic message, which `edge` replaces"),
    variable("RES_OPTIONS", "timeout:1", "the C library: options of host name lookups"),
    variable("LOCALDOMAIN", "example.test", "as `RES_OPTIONS`"),
];
