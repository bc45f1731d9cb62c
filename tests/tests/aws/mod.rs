//! AWS clients with the credentials of the emulated account's owner, which may read and change everything that the service stores.

use aws_config::BehaviorVersion;

pub(crate) async fn config() -> aws_config::SdkConfig {
    journeys::stack::variable("AWS_ENDPOINT_URL");
    aws_config::load_defaults(BehaviorVersion::latest()).await
}

pub(crate) fn dynamodb(config: &aws_config::SdkConfig) -> aws_sdk_dynamodb::Client {
    aws_sdk_dynamodb::Client::new(config)
}
