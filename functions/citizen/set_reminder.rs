//! PUT /v1/subjects/{subject}/association/reminder: sets or deletes the email address for one reminder before the photos expire.
//!
//! The address is sealed so that only `send_reminders` can open it. Responses show it masked.

use domain::{Language, Moment, Recipient, reminder::ReminderKind, typed};
use edge::{Call, Failure, Reply, Setup, guard::Citizen, views::AssociationView};
use messages::problem::{FieldReason, Problem};
use serde::Deserialize;
use storage::{
    Transaction,
    associations::{Association, Associations, RequestedReminder},
    kms::KmsKey,
    reminders::{About, Address, ReminderItem, Reminders},
    sessions::Sessions,
};

struct Deps {
    sessions: Sessions,
    associations: Associations,
    reminders: Reminders,
    key: KmsKey,
    transaction: Transaction,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    /// Required, so that omitting the field cannot delete a reminder by accident. `null` deletes the reminder.
    #[serde(deserialize_with = "Option::deserialize")]
    email: Option<String>,
    /// The language of the message. Required with an email address.
    language: Option<Language>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps {
        sessions: setup.sessions(),
        associations: setup.associations(),
        reminders: setup.reminders(),
        key: setup.reminders_key(),
        transaction: setup.transaction(),
    };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let citizen = Citizen::from(call, &deps.sessions).await?;
    let subject = citizen.subject(call)?;
    let address = address(call.json()?)?;
    let mut association = deps.associations.of(&subject.id, call.now).await?.ok_or(Problem::NothingAssociated)?;
    match address {
        Some(address) => {
            let until = subject.minor.as_ref().map(|minor| minor.birth_date.adult_from());
            set(deps, call, &mut association, &address, until).await?;
        }
        None => delete(deps, &mut association).await?,
    }
    Reply::json(200, &AssociationView::of(&association, &subject, call.now))
}

fn address(body: Body) -> Result<Option<Address>, Problem> {
    let invalid = |field: &str, reason| Problem::InvalidField { field: field.to_owned(), reason };
    let Some(email) = body.email else { return Ok(None) };
    let email = typed::email(&email).map_err(|error| invalid("email", FieldReason::InvalidEmail.unless_several(error)))?.value;
    let language = body.language.ok_or_else(|| invalid("language", FieldReason::Missing))?;
    Ok(Some(Address { recipient: Recipient::Email(email), language }))
}

/// Seals the address and stores the reminder. If a guardian sets it, `until` is the minor's 18th birthday, after which the reminder must
/// not be sent.
async fn set(deps: &Deps, call: &Call, association: &mut Association, address: &Address, until: Option<Moment>) -> Result<(), Failure> {
    let expires_at = association.expires_at;
    if !ReminderKind::Association.is_ahead(expires_at, call.now) {
        return Err(Problem::ReminderTooLate { expires_at }.into());
    }
    if until.is_some_and(|birthday| !ReminderKind::Association.is_due_before(birthday, expires_at)) {
        return Err(Problem::ReminderWhenAdult.into());
    }
    let about = About::Association { subject: association.subject_id.clone() };
    let item = ReminderItem::seal(&deps.key, &about, address, &association.set_id, expires_at, until).await?;
    let requested = RequestedReminder { masked: address.recipient.masked(), language: address.language, until };
    let put = deps.reminders.put_write(&item)?;
    deps.transaction.clone().with(deps.associations.reminder_write(association, Some(&requested))?).with(put).commit().await?;
    association.reminder = Some(requested);
    Ok(())
}

async fn delete(deps: &Deps, association: &mut Association) -> Result<(), Failure> {
    if association.reminder.is_none() {
        return Ok(());
    }
    let about = About::Association { subject: association.subject_id.clone() };
    let delete_address = deps.reminders.delete_write(&about, association.expires_at)?;
    deps.transaction.clone().with(deps.associations.reminder_write(association, None)?).with(delete_address).commit().await?;
    association.reminder = None;
    Ok(())
}
