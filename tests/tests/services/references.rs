//! Tests the search by reference. References are stored sealed.

use domain::{
    AthensDay, AthensMonth, Moment, Reference, business::BusinessId, delivery::IssuanceState, reference::ReferenceSearch, time::Span,
};
use journeys::stack;
use storage::{
    issuances::{Issuance, Issuances, Issued, SealedReference, UploadState, Wanted, WantedReference},
    sealing::{SealingKey, issuance_key},
};

use crate::{
    business, commit, dynamodb,
    lists::{issued, upload},
};

/// Noon of 15 October 2026 in Athens. The tests create upload IDs with this time, because the list of a month selects uploads by the time
/// in their IDs.
const NOON: Moment = Moment::from_epoch_seconds(1_792_054_800);

async fn issuances() -> Issuances {
    Issuances::new(dynamodb().await, stack::variable("ISSUANCES_TABLE"))
}

fn key() -> SealingKey {
    issuance_key("secret")
}

fn reference(text: &str) -> Reference {
    Reference::parse(text).unwrap()
}

/// Returns a code that was issued at `at`, with an upload ID of that time.
fn code(shop: &BusinessId, at: Moment, number: u32, text: Option<&str>) -> Issuance {
    let millis = at.epoch_seconds() * 1000;
    let upload_id = format!("{:08x}-{:04x}-7000-8000-{number:012x}", millis >> 16, millis & 0xffff);
    let sealed = text.map(|text| SealedReference::seal(&key(), shop, &upload_id, &reference(text)).unwrap());
    Issuance { upload_id, state: UploadState::Issued, issued: Some(Issued { reference: sealed, ..issued(at) }), ..upload(shop) }
}

async fn store(issuances: &Issuances, codes: &[Issuance]) {
    for chunk in codes.chunks(50) {
        let stored = futures_util::future::join_all(chunk.iter().map(|code| issuances.begin(code, NOON))).await;
        assert!(stored.into_iter().all(|stored| stored.unwrap()));
    }
}

/// Reads all pages. Returns the upload IDs and the number of pages.
async fn all(issuances: &Issuances, shop: &BusinessId, filter: Wanted<'_>, limit: usize) -> (Vec<String>, usize) {
    let (mut found, mut after, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = issuances.list(shop, filter, after.as_deref(), limit, NOON).await.unwrap();
        assert!(page.issuances.len() <= limit);
        found.extend(page.issuances.into_iter().map(|one| one.upload_id));
        pages += 1;
        after = page.next;
        if after.is_none() {
            return (found, pages);
        }
    }
}

#[tokio::test]
async fn references_are_found_by_their_beginning_in_the_day_or_month_of_their_own_business() {
    let (issuances, shop, other) = (issuances().await, business(), business());
    let codes = [
        code(&shop, NOON, 1, Some("Άννας Π. 17")),
        code(&shop, NOON, 2, None),
        code(&shop, NOON, 3, Some("2026/117")),
        code(&shop, NOON.plus(Span::days(1)), 4, Some("ΑΝΝΑΣ")),
        code(&shop, NOON.plus(Span::days(20)), 5, Some("Άννα, Νοέμβριος")),
        code(&other, NOON, 6, Some("Άννα")),
    ];
    store(&issuances, &codes).await;
    let (today, key) = (AthensDay::of(NOON), key());
    let find = async |shop: &BusinessId, text: &str, filter: Wanted<'static>| {
        let search = ReferenceSearch::new(&reference(text));
        let wanted = Wanted { reference: Some(WantedReference { search: &search, key: &key }), ..filter };
        all(&issuances, shop, wanted, 10).await.0
    };
    let ids = |numbers: &[usize]| numbers.iter().map(|number| codes[number - 1].upload_id.clone()).collect::<Vec<_>>();
    let day = |day| Wanted { day: Some(day), ..Wanted::default() };
    let month = |day| Wanted { month: Some(AthensMonth::of(day)), ..Wanted::default() };
    assert_eq!(find(&shop, "αννα", day(today)).await, ids(&[1]));
    assert_eq!(find(&shop, "αννα", day(today.next())).await, ids(&[4]));
    assert_eq!(find(&shop, "ΆΝΝΑΣ", month(today)).await, ids(&[4, 1]));
    assert_eq!(find(&shop, "αννα", month(today.next().next())).await, ids(&[4, 1]), "any day of the month");
    assert_eq!(find(&shop, "2026/117", month(today)).await, ids(&[3]));
    assert_eq!(find(&shop, "117", month(today)).await, ids(&[]), "not its beginning");
    assert_eq!(find(&other, "αννα", month(today)).await, ids(&[6]));
    let both = Wanted { state: Some(IssuanceState::Failed), ..month(today) };
    assert_eq!(find(&shop, "αννα", both).await, ids(&[]), "every member of the filter must match");
}

#[tokio::test]
async fn a_reference_sealed_with_another_secret_is_not_found_and_does_not_end_the_search() {
    let (issuances, shop) = (issuances().await, business());
    let mut codes = [1, 2].map(|number| code(&shop, NOON, number, Some("17")));
    let other = SealedReference::seal(&issuance_key("other"), &shop, &codes[0].upload_id, &reference("17")).unwrap();
    codes[0].issued.as_mut().unwrap().reference = Some(other);
    store(&issuances, &codes).await;
    let (search, key) = (ReferenceSearch::new(&reference("17")), key());
    let wanted =
        Wanted { day: Some(AthensDay::of(NOON)), reference: Some(WantedReference { search: &search, key: &key }), ..Wanted::default() };
    assert_eq!(all(&issuances, &shop, wanted, 10).await.0, [codes[1].upload_id.clone()]);
}

/// A page reads at most a thousand codes, and the next page begins where the previous one stopped.
#[tokio::test]
async fn a_search_of_a_large_month_finds_every_match_once_in_several_pages() {
    let (issuances, shop) = (issuances().await, business());
    let codes: Vec<_> = (0..2_100)
        .map(|number| {
            let text = if number % 700 == 0 { "Παραγγελία" } else { "άλλη" };
            code(&shop, NOON.plus(Span::minutes(i64::from(number))), number, Some(text))
        })
        .collect();
    store(&issuances, &codes).await;
    let (search, key) = (ReferenceSearch::new(&reference("παραγγ")), key());
    let reference = Some(WantedReference { search: &search, key: &key });
    let wanted = Wanted { month: Some(AthensMonth::of(AthensDay::of(NOON))), reference, ..Wanted::default() };
    let expected: Vec<_> = [1_400, 700, 0].map(|number| codes[number].upload_id.clone()).into();
    let first = issuances.list(&shop, wanted, None, 100, NOON).await.unwrap();
    assert_eq!((first.issuances.len(), first.next.is_some()), (1, true), "a page reads at most a thousand codes");
    assert_eq!(all(&issuances, &shop, wanted, 100).await, (expected.clone(), 3));
    assert_eq!(all(&issuances, &shop, wanted, 1).await.0, expected, "one match per page");
}

/// `resend_write` does not set the attribute with the reference.
#[tokio::test]
async fn a_resend_leaves_the_reference_as_it_is() {
    let (issuances, shop, client) = (issuances().await, business(), dynamodb().await);
    let one = code(&shop, NOON, 1, Some("17"));
    store(&issuances, std::slice::from_ref(&one)).await;
    let read = one.issued.clone().unwrap();
    let corrected = Issued { message_id: "second".to_owned(), reference: None, ..read.clone() };
    commit(&client, [issuances.resend_write(&shop, &one.upload_id, &read, &corrected).unwrap()]).await.unwrap();
    let stored = issuances.find(&shop, &one.upload_id, NOON).await.unwrap().unwrap().issued.unwrap();
    assert_eq!(stored.message_id, "second");
    assert_eq!(stored.reference.unwrap().open(&key(), &shop, &one.upload_id).unwrap(), reference("17"));
}
