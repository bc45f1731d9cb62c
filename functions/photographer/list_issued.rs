//! GET /v1/photographer/issuances: lists the codes that the business issued, newest first, with issuer, masked recipient, state, reference
//! and verdicts. Shows neither the code nor the person who associated the photos.

use domain::{AthensDay, AthensMonth, business::BusinessId, delivery::IssuanceState, reference::ReferenceSearch};
use edge::{
    Call, Failure, PageRequest, Reply, Setup,
    guard::Photographer,
    page::{PAGE_BYTES, Page},
    views::IssuanceView,
};
use messages::problem::{FieldReason, Problem};
use photographer_functions::parse_reference;
use serde::Serialize;
use storage::{
    StorageError,
    issuances::{Issuances, Wanted, WantedReference},
    sealing::{IdentifierHasher, SealingKey},
    sessions::Sessions,
    staff::{Staff, StaffItem},
};

struct Deps {
    sessions: Sessions,
    staff: Staff,
    staff_key: SealingKey,
    hasher: IdentifierHasher,
    issuance_key: SealingKey,
    issuances: Issuances,
}

#[derive(Serialize)]
struct ResponseBody {
    issuances: Vec<IssuanceView>,
    /// The `cursor` of the next page. Absent on the last page. A page with few entries or none may still have a next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps {
        sessions: setup.sessions(),
        staff: setup.staff(),
        staff_key: setup.staff_key(),
        hasher: setup.identifier_hasher(),
        issuance_key: setup.issuance_key(),
        issuances: setup.issuances(),
    };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let Photographer { session, business, member, employee } = Photographer::from(call, &deps.sessions, &deps.staff).await?;
    let PageRequest { limit, after } = call.page()?;
    let search = call.query("reference").map_or(Ok(None), parse_reference)?.as_ref().map(ReferenceSearch::new);
    let reference = search.as_ref().map(|search| WantedReference { search, key: &deps.issuance_key });
    let wanted = Wanted { reference, ..filter(call)? };
    if wanted.reference.is_some() && wanted.day.is_none() && wanted.month.is_none() {
        return Err(invalid("reference", FieldReason::NeedsDayOrMonth).into());
    }
    let listing = deps.issuances.list(&business, wanted, after, limit, call.now);
    let (page, staff) = tokio::try_join!(listing, staff_of(deps, &business, employee.is_none()))?;
    let views = page.issuances.iter().filter_map(|issuance| {
        let issued = issuance.issued.as_ref()?;
        Some(IssuanceView::of(issuance, issued, (&session, &member), &deps.issuance_key, call.language, call.now))
    });
    let mut views: Vec<_> = views.collect();
    label(deps, &staff, &mut views)?;
    let entries = views.into_iter().map(|view| (view.upload_id.clone(), view));
    let page = Page::within(PAGE_BYTES, entries, page.next)?;
    Reply::json(200, &ResponseBody { issuances: page.entries, next: page.next })
}

fn invalid(field: &str, reason: FieldReason) -> Problem {
    Problem::InvalidField { field: field.to_owned(), reason }
}

/// Parses the query parameters `day`, `month` and `state`.
fn filter(call: &Call) -> Result<Wanted<'static>, Problem> {
    let (day, month, state) = (
        parameter(call, "day", AthensDay::parse)?,
        parameter(call, "month", AthensMonth::parse)?,
        parameter(call, "state", IssuanceState::parse)?,
    );
    Ok(Wanted { day, month, state, reference: None })
}

fn parameter<T>(call: &Call, name: &str, parse: fn(&str) -> Option<T>) -> Result<Option<T>, Problem> {
    call.query(name).map(|text| parse(text).ok_or_else(|| invalid(name, FieldReason::NotAllowed))).transpose()
}

async fn staff_of(deps: &Deps, business: &BusinessId, is_owner: bool) -> Result<Vec<StaffItem>, StorageError> {
    if is_owner { deps.staff.of_business(business).await } else { Ok(Vec::new()) }
}

/// Adds the owner's labels for the employees who requested these uploads. Employees whose authorization was withdrawn since then have no
/// label. `staff` is empty unless the caller is the owner.
fn label(deps: &Deps, staff: &[StaffItem], views: &mut [IssuanceView]) -> Result<(), Failure> {
    for item in staff {
        let facts = item.open(&deps.staff_key)?;
        let member = deps.hasher.member(&item.business, &facts.afm);
        // A row that an older version wrote contains the hash under which the authorization is stored, instead of the member ID.
        let ids = [member.as_str(), item.employee.as_str()];
        let made_by_employee =
            views.iter_mut().filter(|view| view.issued_by.employee.as_ref().is_some_and(|employee| ids.contains(&employee.as_str())));
        let label = facts.label.map(|label| label.expose().to_owned());
        made_by_employee.for_each(|view| view.issued_by.label.clone_from(&label));
    }
    Ok(())
}
