//! Daily limits of codes per business, and per recipient across all businesses. The service's daily limit of SMS is tested in races.rs,
//! because no other test may send SMS during that test.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{AthensDay, FileProfile, Language, Moment, time::Span};
use futures_util::future::join_all;
use journeys::{
    application::now,
    browser::{Problem, Response},
    midnight,
    people::{self, Visit, fresh_photographer},
    photographer::{self, To, face_only, issue_code, resend_code, upload, wait_until_sent},
    stack,
    staff::business_of,
};

use crate::aws;

/// Codes that a business may issue per day, as set in template.yaml.
const BUSINESS_CODES_PER_DAY: u32 = 300;
const RECIPIENT_MESSAGES_PER_DAY: usize = 10;

fn moment() -> Moment {
    Moment::from_epoch_seconds(now())
}

/// Sets the number of codes that a business has issued today.
async fn set_codes_issued_today(business: &str, count: u32) {
    let day = AthensDay::of(moment());
    let update = aws::dynamodb(&aws::config().await).update_item().table_name(stack::variable("QUOTAS_TABLE"));
    update
        .key("subject_day", AttributeValue::S(format!("business#{business}#{day}")))
        .update_expression("SET codes = :count, expires_at = :end")
        .expression_attribute_values(":count", AttributeValue::N(count.to_string()))
        .expression_attribute_values(":end", AttributeValue::N(day.next().next().start().epoch_seconds().to_string()))
        .send()
        .await
        .expect("access to the table");
}

async fn uploaded(studio: &Visit) -> String {
    upload(studio, FileProfile::Standard, &face_only()).await
}

/// Checks that the request was rejected with this problem code, and that `renews_at` and the header `Retry-After` both name the next
/// midnight in Athens.
fn assert_rejected_until_midnight(response: &Response, code: &str) -> Problem {
    let problem = response.rejected(429, code);
    let midnight = AthensDay::of(moment()).next().start();
    assert_eq!(problem.members["renews_at"], midnight.rfc3339());
    let seconds: i64 = response.header("retry-after").expect("a Retry-After header").parse().expect("seconds");
    let wait = midnight.epoch_seconds() - now();
    assert!((wait - 60..=wait + 60).contains(&seconds), "{seconds} of {wait}");
    problem
}

async fn mobile() -> To {
    To::Mobile(people::fresh("citizen").await.mobile().to_owned())
}

#[tokio::test]
async fn the_301st_code_of_a_business_is_rejected_until_midnight_without_losing_the_upload() {
    midnight::avoid(Span::minutes(3)).await;
    let (studio, other) = (fresh_photographer().await, fresh_photographer().await);
    let business = business_of(&studio).await["id"].as_str().unwrap().to_owned();
    set_codes_issued_today(&business, BUSINESS_CODES_PER_DAY - 1).await;
    let uploads = join_all((0..4).map(|_| uploaded(&studio))).await;
    let recipients = join_all((0..4).map(|_| mobile())).await;
    // Four concurrent calls compete for the last code of the day.
    let calls = uploads.iter().zip(&recipients).map(|(upload, to)| issue_code(&studio, upload, to, Language::El));
    let responses = join_all(calls).await;
    let (issued, rejected): (Vec<usize>, Vec<usize>) = (0..4).partition(|at| responses[*at].status == 201);
    assert_eq!(issued.len(), 1, "{:?}", responses.iter().map(|response| response.status).collect::<Vec<_>>());
    for at in &rejected {
        // A concurrent call may at first be rejected as a conflict. If it is repeated, it is rejected because of the limit.
        if responses[*at].status == 409 {
            responses[*at].rejected(409, "conflict");
        } else {
            assert_rejected_until_midnight(&responses[*at], "business_codes_exhausted");
        }
        assert_rejected_until_midnight(
            &issue_code(&studio, &uploads[*at], &recipients[*at], Language::El).await,
            "business_codes_exhausted",
        );
    }
    // The call that succeeded can still be repeated, and other businesses can still issue codes.
    issue_code(&studio, &uploads[issued[0]], &recipients[issued[0]], Language::El).await.expect(200);
    issue_code(&other, &uploaded(&other).await, &mobile().await, Language::El).await.expect(201);
    // A resend to the same recipient creates no new code. A resend to a corrected recipient creates one, which counts towards the limit.
    wait_until_sent(&studio, &uploads[issued[0]]).await;
    resend_code(&studio, &uploads[issued[0]], None, None).await.expect(200);
    wait_until_sent(&studio, &uploads[issued[0]]).await;
    assert_rejected_until_midnight(
        &resend_code(&studio, &uploads[issued[0]], Some(&mobile().await), None).await,
        "business_codes_exhausted",
    );
    // The next day a code can be issued for the same upload.
    set_codes_issued_today(&business, 0).await;
    issue_code(&studio, &uploads[rejected[0]], &recipients[rejected[0]], Language::El).await.expect(201);
}

#[tokio::test]
async fn a_recipient_gets_ten_messages_a_day_across_all_businesses_and_spellings() {
    midnight::avoid(Span::minutes(3)).await;
    let studios = [fresh_photographer().await, fresh_photographer().await];
    let person = people::fresh("citizen").await;
    let (local, domain) = person.email().split_once('@').map(|(local, domain)| (local.to_owned(), domain.to_owned())).unwrap();
    let spelling = |number: usize| {
        To::Email(match number % 3 {
            0 => format!("{local}@{domain}"),
            1 => format!("{local}+photo{number}@{domain}"),
            _ => format!("{}@{}", local.to_uppercase(), domain.to_uppercase()),
        })
    };
    let issue = async |number: usize| {
        let studio = &studios[number % 2];
        let upload = uploaded(studio).await;
        (issue_code(studio, &upload, &spelling(number), Language::El).await, upload)
    };
    // Nine issued codes and one resend make ten messages, because a resend counts as a message too.
    for number in 0..RECIPIENT_MESSAGES_PER_DAY - 2 {
        issue(number).await.0.expect(201);
    }
    let (response, upload) = issue(RECIPIENT_MESSAGES_PER_DAY).await;
    response.expect(201);
    let studio = &studios[RECIPIENT_MESSAGES_PER_DAY % 2];
    wait_until_sent(studio, &upload).await;
    resend_code(studio, &upload, None, None).await.expect(200);
    wait_until_sent(studio, &upload).await;

    for number in 0..3 {
        assert_rejected_until_midnight(&issue(number).await.0, "recipient_messages_exhausted");
    }
    assert_rejected_until_midnight(&resend_code(studio, &upload, None, None).await, "recipient_messages_exhausted");
    // The code can still be sent to another address.
    let listed = photographer::listed(studio, &upload).await;
    assert_eq!(listed["resends"]["left"], 2, "a rejected resend does not count: {listed}");
    resend_code(studio, &upload, Some(&mobile().await), None).await.expect(200);
}
