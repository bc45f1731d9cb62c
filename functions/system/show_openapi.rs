//! GET /v1/openapi.json: the description of the API, from which clients can be generated. Calls no other service.

use edge::{Call, Failure, Reply, Variables};
use lambda_http::http::{StatusCode, header};

/// infra/openapi.yaml as JSON, without the parts that only API Gateway needs, and with a placeholder for the server's URL.
const DOCUMENT: &str = include_str!(concat!(env!("OUT_DIR"), "/openapi.json"));
const SERVER_PLACEHOLDER: &str = "PUBLIC_ORIGIN";
const CACHE_FIVE_MINUTES: &str = "public, max-age=300";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    edge::serve(env!("CARGO_BIN_NAME"), Variables::default(), (), |(), call| Box::pin(handle(call))).await
}

#[expect(clippy::unused_async, reason = "handlers are async")]
async fn handle(call: &Call) -> Result<Reply, Failure> {
    let document = DOCUMENT.replacen(SERVER_PLACEHOLDER, call.public_origin(), 1);
    let reply = Reply::public(StatusCode::OK, document.into_bytes());
    Ok(reply.header(header::CONTENT_TYPE, "application/json").header(header::CACHE_CONTROL, CACHE_FIVE_MINUTES))
}
