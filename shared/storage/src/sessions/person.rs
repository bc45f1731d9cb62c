//! The person who is signed in, and their businesses.

use domain::{
    Afm, GreekMobile,
    business::BusinessId,
    kep::{ClerkId, Office},
    staff::{EmployeeId, MemberId},
};
use serde::{Deserialize, Serialize};

/// The person who is signed in. Stored sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Person {
    pub first_name: String,
    pub last_name: String,
    pub afm: Afm,
    /// The birth date in the registers, as `YYYY-MM-DD`.
    pub birth_date: String,
    /// The mobile number that is confirmed in the National Communications Register.
    pub mobile: Option<GreekMobile>,
    pub businesses: Vec<Business>,
    /// The KEP offices at which the person is an authorised clerk. Absent in sessions written by an older version.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offices: Vec<ClerkOffice>,
}

/// A KEP office at which the person is an authorised clerk.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ClerkOffice {
    pub office: Office,
    /// The ID of the person in the records of the office.
    pub clerk: ClerkId,
}

/// A photographer's business for which the person may act.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Business {
    pub id: BusinessId,
    pub name: String,
    /// The AFM of the business. Present only if the person owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub afm: Option<Afm>,
    /// The ID under which the owner has authorised the person. Absent if the person owns the business.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staff: Option<EmployeeId>,
    /// The ID of the person in the records of the business. Absent in sessions written by an older version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<MemberId>,
}
