//! The emulated account from its owner's side: what the service keeps where.

use aws_config::BehaviorVersion;

pub(crate) async fn config() -> aws_config::SdkConfig {
    journeys::stack::variable("AWS_ENDPOINT_URL");
    aws_config::load_defaults(BehaviorVersion::latest()).await
}

pub(crate) fn dynamodb(config: &aws_config::SdkConfig) -> aws_sdk_dynamodb::Client {
    aws_sdk_dynamodb::Client::new(config)
}

pub(crate) fn s3(config: &aws_config::SdkConfig) -> aws_sdk_s3::Client {
    aws_sdk_s3::Client::from_conf(aws_sdk_s3::config::Builder::from(config).force_path_style(true).build())
}
