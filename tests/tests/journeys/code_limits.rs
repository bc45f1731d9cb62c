//! A day's limits of codes: of a business, and of a recipient over all businesses. The limit of SMS of the whole service is in races.rs, where
//! nobody else sends any.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{AthensDay, FileProfile, Language, Moment};
use futures_util::future::join_all;
use journeys::{
    application::now,
    browser::{Problem, Response},
    people::{self, Visit, fresh_photographer},
    photographer::{self, To, face_only, issue_code, resend_code, upload, wait_until_sent},
    stack,
    staff::business_of,
};

use crate::aws;

/// Codes that a business may issue in a day, as template.yaml has it.
const CODES_PER_BUSINESS: u32 = 300;
const MESSAGES_PER_RECIPIENT: usize = 10;

fn moment() -> Moment {
    Moment::from_epoch_seconds(now())
}

async fn set_codes_of_today(business: &str, count: u32) {
    let day = AthensDay::of(moment());
    let update = aws::dynamodb(&aws::config().await).update_item().table_name(stack::variable("QUOTAS_TABLE"));
    update
        .key("subject_day", AttributeValue::S(format!("business#{business}#{day}")))
        .update_expression("SET codes = :count, expires_at = :end")
        .expression_attribute_values(":count", AttributeValue::N(count.to_string()))
        .expression_attribute_values(":end", AttributeValue::N(day.next().next().start().epoch_seconds().to_string()))
        .send()
        .await
        .expect("the account's owner may");
}

async fn uploaded(studio: &Visit) -> String {
    upload(studio, FileProfile::Standard, &face_only()).await
}

/// Refused until midnight in Athens, which the problem says to people and to programs.
fn until_midnight(answer: &Response, code: &str) -> Problem {
    let problem = answer.refused(429, code);
    let midnight = AthensDay::of(moment()).next().start();
    assert_eq!(problem.members["renews_at"], midnight.rfc3339());
    let seconds: i64 = answer.header("retry-after").expect("when").parse().expect("seconds");
    let wait = midnight.epoch_seconds() - now();
    assert!((wait - 60..=wait + 60).contains(&seconds), "{seconds} of {wait}");
    problem
}

async fn mobile() -> To {
    To::Mobile(people::fresh("citizen").await.mobile().to_owned())
}

#[tokio::test]
async fn the_three_hundred_and_first_code_of_a_business_waits_for_midnight_and_nothing_is_lost() {
    let (studio, other) = (fresh_photographer().await, fresh_photographer().await);
    let business = business_of(&studio).await["id"].as_str().unwrap().to_owned();
    set_codes_of_today(&business, CODES_PER_BUSINESS - 1).await;
    let uploads = join_all((0..4).map(|_| uploaded(&studio))).await;
    let recipients = join_all((0..4).map(|_| mobile())).await;
    // Four at once for the last one of the day.
    let calls = uploads.iter().zip(&recipients).map(|(upload, to)| issue_code(&studio, upload, to, Language::El));
    let answers = join_all(calls).await;
    let (issued, refused): (Vec<usize>, Vec<usize>) = (0..4).partition(|at| answers[*at].status == 201);
    assert_eq!(issued.len(), 1, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
    for at in &refused {
        // Calls that meet may be told so, and then the limit.
        if answers[*at].status == 409 {
            answers[*at].refused(409, "conflict");
        } else {
            until_midnight(&answers[*at], "business_codes_exhausted");
        }
        until_midnight(&issue_code(&studio, &uploads[*at], &recipients[*at], Language::El).await, "business_codes_exhausted");
    }
    // What was issued answers again, and others go on.
    issue_code(&studio, &uploads[issued[0]], &recipients[issued[0]], Language::El).await.expect(200);
    issue_code(&other, &uploaded(&other).await, &mobile().await, Language::El).await.expect(201);
    // A resend makes no new code; a correction does.
    wait_until_sent(&studio, &uploads[issued[0]]).await;
    resend_code(&studio, &uploads[issued[0]], None, None).await.expect(200);
    wait_until_sent(&studio, &uploads[issued[0]]).await;
    until_midnight(&resend_code(&studio, &uploads[issued[0]], Some(&mobile().await), None).await, "business_codes_exhausted");
    // The next day the same upload is issued.
    set_codes_of_today(&business, 0).await;
    issue_code(&studio, &uploads[refused[0]], &recipients[refused[0]], Language::El).await.expect(201);
}

#[tokio::test]
async fn ten_messages_a_day_go_to_one_recipient_over_all_businesses_and_spellings() {
    let studios = [fresh_photographer().await, fresh_photographer().await];
    let person = people::fresh("citizen").await;
    let (local, domain) = person.email().split_once('@').map(|(local, domain)| (local.to_owned(), domain.to_owned())).unwrap();
    let spelled = |number: usize| {
        To::Email(match number % 3 {
            0 => format!("{local}@{domain}"),
            1 => format!("{local}+photo{number}@{domain}"),
            _ => format!("{}@{}", local.to_uppercase(), domain.to_uppercase()),
        })
    };
    let issue = async |number: usize| {
        let studio = &studios[number % 2];
        let upload = uploaded(studio).await;
        (issue_code(studio, &upload, &spelled(number), Language::El).await, upload)
    };
    // The last but one is sent again: a resend counts.
    for number in 0..MESSAGES_PER_RECIPIENT - 2 {
        issue(number).await.0.expect(201);
    }
    let (answer, upload) = issue(MESSAGES_PER_RECIPIENT).await;
    answer.expect(201);
    let studio = &studios[MESSAGES_PER_RECIPIENT % 2];
    wait_until_sent(studio, &upload).await;
    resend_code(studio, &upload, None, None).await.expect(200);
    wait_until_sent(studio, &upload).await;

    for number in 0..3 {
        until_midnight(&issue(number).await.0, "recipient_messages_exhausted");
    }
    until_midnight(&resend_code(studio, &upload, None, None).await, "recipient_messages_exhausted");
    // To another address the code goes, and another person is not held up.
    let listed = photographer::listed(studio, &upload).await;
    assert_eq!(listed["resends"]["left"], 2, "what is refused uses up no resend: {listed}");
    resend_code(studio, &upload, Some(&mobile().await), None).await.expect(200);
}
