//! The emulated account from its owner's side: what the service keeps where.

use aws_config::BehaviorVersion;

pub(crate) async fn config() -> aws_config::SdkConfig {
    journeys::stack::variable("AWS_ENDPOINT_URL");
    aws_config::load_defaults(BehaviorVersion::latest()).await
}

pub(crate) fn dynamodb(config: &aws_config::SdkConfig) -> aws_sdk_dynamodb::Client {
    aws_sdk_dynamodb::Client::new(config)
}
