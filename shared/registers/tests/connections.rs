//! Tests that requests succeed although the server has closed an idle connection. The registers close idle connections while Lambda has
//! frozen a function.

use domain::{Afm, Secret};
use lambda::{Forgetful, Idle};
use registers::{NationalRegisters, http_client};

#[tokio::test]
async fn each_request_opens_a_new_connection() {
    let afm = Afm::parse("068933130").unwrap();
    for idle in [Idle::Closed, Idle::ClosedWhenUsed, Idle::Silent] {
        let endpoint = Forgetful::start(idle, r#"{"afm":"068933130","businesses":[]}"#).await;
        let registers = NationalRegisters::new(http_client().unwrap(), endpoint.url.clone(), Secret::new("token"));
        for request in 1..=3 {
            let businesses = registers.businesses(&afm).await.unwrap_or_else(|error| panic!("{idle:?}, request {request}: {error}"));
            assert_eq!(businesses.len(), 0);
            assert_eq!(endpoint.connections(), request, "{idle:?}");
        }
    }
}
