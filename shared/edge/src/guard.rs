//! Guards: types that identify the caller. Each can be created only from a checked session, so a handler cannot omit the check.

mod acting;

use domain::{
    Afm, SubjectId,
    business::BusinessId,
    session::{Role, Stage},
    staff::{EmployeeId, MemberId},
};
use messages::problem::Problem;
use storage::{
    sessions::{Business, Minor, Session, Sessions},
    staff::Staff,
};

pub use self::acting::{Acting, CaseInBody, Clerk, InCase};
use crate::{call::Call, failure::Failure, log};

/// A person with a session, at any stage of the sign-in.
#[derive(Debug)]
pub struct Visitor {
    pub session: Session,
}

/// A person whose one-time password was verified.
#[derive(Debug)]
pub struct SignedIn {
    pub session: Session,
}

/// A citizen who has agreed to the text on personal data.
#[derive(Debug)]
pub struct Citizen {
    pub session: Session,
}

/// A person who acts for a photographer's business: its owner, or an employee whom the owner currently authorises.
#[derive(Debug)]
pub struct Photographer {
    pub session: Session,
    pub business: BusinessId,
    /// The person's ID in the records of the business.
    pub member: MemberId,
    /// The employee's ID. `None` for the owner.
    pub employee: Option<EmployeeId>,
}

/// A person who acts for a photographer's business and owns it.
#[derive(Debug)]
pub struct Owner {
    pub session: Session,
    pub business: BusinessId,
    /// The owner's ID in the records of the business.
    pub member: MemberId,
    pub business_afm: Afm,
}

impl Visitor {
    /// Loads the caller's session and records that it was used.
    ///
    /// # Errors
    /// [`Problem::NoSession`], [`Problem::SessionExpired`].
    pub async fn from(call: &Call, sessions: &Sessions) -> Result<Self, Failure> {
        let session = load(call, sessions).await?;
        if session.successor.is_some() {
            return Err(Problem::SessionExpired.into());
        }
        touch(call, sessions, &session);
        Ok(Self { session })
    }

    /// Loads the caller's session. Unlike [`Self::from`], this function also accepts a session that was just rotated. If the response with
    /// the new session is lost, the caller can therefore repeat the call with the old one.
    ///
    /// # Errors
    /// [`Problem::NoSession`], [`Problem::SessionExpired`].
    pub async fn from_current_or_rotated(call: &Call, sessions: &Sessions) -> Result<Self, Failure> {
        Ok(Self { session: load(call, sessions).await? })
    }
}

impl SignedIn {
    /// Loads the caller's session and checks that its one-time password was verified.
    ///
    /// # Errors
    /// Those of [`Visitor::from`], [`Problem::OtpNotVerified`].
    pub async fn from(call: &Call, sessions: &Sessions) -> Result<Self, Failure> {
        let Visitor { session } = Visitor::from(call, sessions).await?;
        if session.stage() == Stage::Otp { Err(Problem::OtpNotVerified.into()) } else { Ok(Self { session }) }
    }
}

impl Citizen {
    /// Loads the caller's session and checks its role and the agreement to the text on personal data.
    ///
    /// # Errors
    /// Those of [`SignedIn::from`], [`Problem::RoleNotChosen`], [`Problem::WrongRole`], [`Problem::ConsentRequired`]; [`Problem::NotAtKep`]
    /// for a clerk, because operations that clerks may call use the guard [`Acting`] instead.
    pub async fn from(call: &Call, sessions: &Sessions) -> Result<Self, Failure> {
        let session = session_with_role(call, sessions).await?;
        match (&session.role, session.stage()) {
            (Some(Role::Citizen), Stage::Ready) => Ok(Self { session }),
            (Some(Role::Citizen), _) => Err(Problem::ConsentRequired.into()),
            (Some(Role::KepClerk { .. }), _) => Err(Problem::NotAtKep.into()),
            (Some(Role::Photographer { .. }) | None, _) => Err(Problem::WrongRole.into()),
        }
    }

    /// Returns the subject that the path names: `self`, or the handle of a minor for whom custody was confirmed in this session.
    ///
    /// # Errors
    /// [`Problem::SubjectUnknown`]; [`Problem::MinorIsAdult`] from the 18th birthday on, even if the minor turns 18 during the session.
    pub fn subject(&self, call: &Call) -> Result<Subject, Problem> {
        named_subject(&self.session, &self.session.subject_id, SELF, call)
    }

    /// Returns all subjects for whom the citizen may act now: the citizen and the minors of this session.
    pub fn managed(&self, call: &Call) -> Vec<SubjectId> {
        managed_by(&self.session, &self.session.subject_id, call)
    }
}

/// Returns the subject that the path names: `person` if the name is `own_name`, otherwise a minor of the session.
fn named_subject(session: &Session, person: &SubjectId, own_name: &str, call: &Call) -> Result<Subject, Problem> {
    let handle = call.path("subject").ok_or(Problem::SubjectUnknown)?;
    if handle == own_name {
        return Ok(Subject { id: person.clone(), handle: own_name.to_owned(), minor: None });
    }
    let minor = session.minors.iter().find(|minor| minor.handle == handle).ok_or(Problem::SubjectUnknown)?;
    if !minor.birth_date.is_minor(call.now) {
        return Err(Problem::MinorIsAdult);
    }
    Ok(Subject { id: minor.subject_id.clone(), handle: handle.to_owned(), minor: Some(minor.clone()) })
}

/// Returns `person` and the minors of the session who are under 18 now.
fn managed_by(session: &Session, person: &SubjectId, call: &Call) -> Vec<SubjectId> {
    let minors = session.minors.iter().filter(|minor| minor.birth_date.is_minor(call.now));
    std::iter::once(person).chain(minors.map(|minor| &minor.subject_id)).cloned().collect()
}

/// The person for whom the caller acts: a citizen, or a minor in the citizen's custody.
#[derive(Debug, Clone)]
pub struct Subject {
    pub id: SubjectId,
    /// The value of `{subject}` in the path.
    pub handle: String,
    pub minor: Option<Minor>,
}

/// The value of `{subject}` in a path if the citizen acts for themselves.
pub const SELF: &str = "self";

impl Photographer {
    /// Loads the caller's session and checks its role and, for an employee, the authorization by the owner.
    ///
    /// # Errors
    /// Those of [`SignedIn::from`], [`Problem::RoleNotChosen`], [`Problem::WrongRole`]; [`Problem::StaffWithdrawn`] as soon as the owner
    /// has withdrawn the employee's authorization.
    pub async fn from(call: &Call, sessions: &Sessions, staff: &Staff) -> Result<Self, Failure> {
        let (session, Business { id, staff: employee, member, .. }) = session_with_business(call, sessions).await?;
        check_still_staff(staff, &id, employee.as_ref(), call).await?;
        let member = member.unwrap_or_else(|| member_of_before(&session));
        Ok(Self { session, business: id, member, employee })
    }
}

impl Owner {
    /// Loads the caller's session and checks that the caller owns the business.
    ///
    /// # Errors
    /// Those of [`SignedIn::from`], [`Problem::RoleNotChosen`], [`Problem::WrongRole`], [`Problem::NotOwner`].
    pub async fn from(call: &Call, sessions: &Sessions) -> Result<Self, Failure> {
        match session_with_business(call, sessions).await? {
            (_, Business { staff: Some(_), .. }) => Err(Problem::NotOwner.into()),
            (session, Business { id, afm: Some(afm), member, .. }) => {
                let member = member.unwrap_or_else(|| member_of_before(&session));
                Ok(Self { session, business: id, member, business_afm: afm })
            }
            // An older version stored this session without the AFM of the business.
            (_, Business { afm: None, .. }) => Err(Problem::SessionExpired.into()),
        }
    }
}

/// Returns the member ID for a session that an older version of the service began and stored without this ID. The older version writes the
/// ID that this function returns into the records of the business. Such a session ends at most 8 hours after its start.
fn member_of_before(session: &Session) -> MemberId {
    MemberId::from_hash(session.subject_id.as_str().to_owned())
}

/// Checks that the owner still authorises the employee. Reads the authorization at every call. `employee` is `None` for the owner, who
/// needs no authorization.
///
/// # Errors
/// [`Problem::StaffWithdrawn`].
pub async fn check_still_staff(staff: &Staff, business: &BusinessId, employee: Option<&EmployeeId>, call: &Call) -> Result<(), Failure> {
    match employee {
        Some(employee) if !staff.has(business, employee, call.now).await? => Err(Problem::StaffWithdrawn.into()),
        Some(_) | None => Ok(()),
    }
}

/// Returns the session of a photographer and the business for which the photographer acts.
async fn session_with_business(call: &Call, sessions: &Sessions) -> Result<(Session, Business), Failure> {
    let session = session_with_role(call, sessions).await?;
    let business = match &session.role {
        Some(Role::Photographer { business }) => session.business(business).cloned(),
        Some(Role::Citizen | Role::KepClerk { .. }) | None => None,
    };
    Ok((session, business.ok_or(Problem::WrongRole)?))
}

/// Returns the session of a person who has chosen a role.
async fn session_with_role(call: &Call, sessions: &Sessions) -> Result<Session, Failure> {
    let SignedIn { session } = SignedIn::from(call, sessions).await?;
    if session.stage() == Stage::Role { Err(Problem::RoleNotChosen.into()) } else { Ok(session) }
}

async fn load(call: &Call, sessions: &Sessions) -> Result<Session, Failure> {
    let session = sessions.load(&call.session_token()?, call.now).await?;
    Ok(session.ok_or(Problem::SessionExpired)?)
}

/// Extends the idle timeout of a session in a background task, at most once a minute.
fn touch(call: &Call, sessions: &Sessions, session: &Session) {
    if !session.touch_is_due(call.now) {
        return;
    }
    let (sessions, session, now) = (sessions.clone(), session.clone(), call.now);
    call.spawn_background(async move {
        log::side_call("session", sessions.touch(&session, now).await.map(|_| ()));
    });
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use domain::{Afm, Moment, minor::BirthDate, time::Span};
    use lambda_http::{Body, Request, RequestExt};
    use storage::{sealing::SessionToken, sessions::Person};

    use super::*;

    fn citizen(minors: Vec<Minor>, now: Moment) -> Citizen {
        let person = Person {
            first_name: String::new(),
            last_name: String::new(),
            afm: Afm::parse("068933130").unwrap(),
            birth_date: String::new(),
            mobile: None,
            businesses: Vec::new(),
            offices: Vec::new(),
        };
        let mut session = Session::begin(SessionToken::random().unwrap(), SubjectId::from_random([1; 16]), person, now);
        session.minors = minors;
        Citizen { session }
    }

    fn call(subject: &str, now: Moment) -> Call {
        let path = HashMap::from([("subject".to_owned(), vec![subject.to_owned()])]);
        Call::new(Request::new(Body::Empty).with_path_parameters(path), "https://myphoto.example", now)
    }

    #[test]
    fn a_minor_can_be_acted_for_until_the_18th_birthday_begins_even_during_a_session() {
        let birth_date = BirthDate::parse("2008-11-23").unwrap();
        let minor = Minor {
            handle: "m".to_owned(),
            subject_id: SubjectId::from_random([2; 16]),
            first_name: String::new(),
            last_name: String::new(),
            birth_date,
            afm: None,
            amka: None,
            paaypa: None,
            case: None,
        };
        let birthday = birth_date.adult_from();
        let before = birthday.plus(Span::seconds(-1));
        let citizen = citizen(vec![minor], before);
        assert_eq!(citizen.subject(&call("m", before)).unwrap().id, SubjectId::from_random([2; 16]));
        assert_eq!(citizen.managed(&call("m", before)).len(), 2);
        assert_eq!(citizen.subject(&call("n", before)).unwrap_err(), Problem::SubjectUnknown);
        assert_eq!(citizen.subject(&call("m", birthday)).unwrap_err(), Problem::MinorIsAdult);
        assert_eq!(citizen.managed(&call("m", birthday)), [SubjectId::from_random([1; 16])]);
    }

    #[test]
    fn only_oneself_and_the_minors_of_the_session_are_accepted_as_subjects() {
        let now = Moment::from_epoch_seconds(1_800_000_000);
        let citizen = citizen(Vec::new(), now);
        assert_eq!(citizen.subject(&call(SELF, now)).unwrap().id, SubjectId::from_random([1; 16]));
        for other in ["m", "", "selfs", "01010101010101010101010101010101"] {
            assert_eq!(citizen.subject(&call(other, now)).unwrap_err(), Problem::SubjectUnknown, "{other}");
        }
    }
}
