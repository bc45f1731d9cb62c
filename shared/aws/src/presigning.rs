//! Presigned requests, which another party sends. They must not contain headers that the SDK adds by itself.

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{Intercept, context::BeforeTransmitInterceptorContextMut, dyn_dispatch_hint},
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::ConfigBag;

/// Removes every header that is not in the list before a request is signed.
///
/// The SDK adds headers to requests, some of them because of environment variables, such as `x-amzn-trace-id` on Lambda. The signature
/// would cover such a header, so the sender of the request would have to send it too, which a browser cannot do.
///
/// Interceptors run in the order in which they are added, and those of the SDK run before those of an operation. Add this interceptor to
/// the operation (`customize().interceptor(...)`), so that it runs last.
#[derive(Debug, Clone, Copy)]
pub struct SignOnly(pub &'static [&'static str]);

#[dyn_dispatch_hint]
impl Intercept for SignOnly {
    fn name(&self) -> &'static str {
        "SignOnly"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let headers = context.request_mut().headers_mut();
        let others: Vec<String> = headers.iter().map(|(name, _)| name).filter(|name| !self.0.contains(name)).map(str::to_owned).collect();
        for name in others {
            headers.remove(name);
        }
        Ok(())
    }
}
