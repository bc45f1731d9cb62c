//! Authorizations, by which a subject allows one application to pull photos, and the decision about each pull.

use serde::{Deserialize, Serialize};

use crate::{
    application::Purpose,
    photo::{FileProfile, ImageKind},
    time::Moment,
};

/// An authorization of one application, stored in the association whose photos it covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorization {
    pub since: Moment,
    /// ID of the record in the subject's history.
    pub record: String,
    /// The subject's 18th birthday, on which an authorization from a guardian ends. `None` if the authorization has no such end: either the
    /// subject gave it, or the photos expire before the birthday. It then lasts as long as the association, unless it is revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
}

impl Authorization {
    /// Returns whether the authorization is in force at `now`.
    pub fn in_force(&self, now: Moment) -> bool {
        self.until.is_none_or(|until| !now.has_reached(until))
    }
}

/// Reason why an application cannot be authorised for the associated photos.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAuthorizable {
    /// The application needs photos of the file profile `needed`, but the associated photos have another profile.
    ProfileMismatch { needed: FileProfile },
    /// The photo set has no face photo. Every application needs one.
    FaceAbsent,
}

/// Checks that photos with this profile and these images are usable for an application that needs the profile `needed`.
///
/// # Errors
/// Returns the reason if the photos are not usable.
pub fn authorizable(needed: FileProfile, profile: FileProfile, images: impl IntoIterator<Item = ImageKind>) -> Result<(), NotAuthorizable> {
    if needed != profile {
        return Err(NotAuthorizable::ProfileMismatch { needed });
    }
    if images.into_iter().any(|kind| kind == ImageKind::Face) { Ok(()) } else { Err(NotAuthorizable::FaceAbsent) }
}

/// Facts that decide whether an application may pull an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PullFacts<'a> {
    pub purpose: Purpose,
    pub image: ImageKind,
    /// The subject's association. `None` if there is none, if it has expired, or if the subject is unknown.
    pub association: Option<AssociationFacts<'a>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AssociationFacts<'a> {
    /// The subject's authorization of the application that pulls.
    pub authorization: Option<&'a Authorization>,
    pub has_image: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pull {
    Allowed,
    Refused(PullRefusal),
}

/// Reason for rejecting a pull, as shown to the subject. The application receives less detail: see [`PullRefusal::is_disclosed`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PullRefusal {
    /// Applications with this purpose may not pull this image.
    PurposeForbids,
    NothingAssociated,
    NotAuthorized,
    /// The application is authorised, but the photo set has no such image.
    ImageAbsent,
}

impl PullRefusal {
    /// Returns whether the response names this reason to the application. An unknown person, a missing association and a missing
    /// authorization get the same response, so that an application learns nothing about people who have not authorised it.
    pub const fn is_disclosed(self) -> bool {
        match self {
            Self::PurposeForbids | Self::ImageAbsent => true,
            Self::NothingAssociated | Self::NotAuthorized => false,
        }
    }
}

/// Decides whether an application may pull an image.
pub fn decide_pull(facts: PullFacts<'_>, now: Moment) -> Pull {
    if !facts.purpose.gets(facts.image) {
        return Pull::Refused(PullRefusal::PurposeForbids);
    }
    let Some(association) = facts.association else {
        return Pull::Refused(PullRefusal::NothingAssociated);
    };
    match association.authorization.filter(|authorization| authorization.in_force(now)) {
        None => Pull::Refused(PullRefusal::NotAuthorized),
        Some(_) if !association.has_image => Pull::Refused(PullRefusal::ImageAbsent),
        Some(_) => Pull::Allowed,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::Span;

    fn authorization(now: Moment, until: Option<i64>) -> Authorization {
        Authorization { since: now, record: "r".to_owned(), until: until.map(|seconds| now.plus(Span::seconds(seconds))) }
    }

    #[test]
    fn photos_of_another_profile_or_without_a_face_serve_no_application() {
        use FileProfile::{IdentityCard, Standard};
        use ImageKind::{Face, Signature};
        assert_eq!(authorizable(Standard, Standard, [Face, Signature]), Ok(()));
        assert_eq!(authorizable(IdentityCard, Standard, [Face]), Err(NotAuthorizable::ProfileMismatch { needed: IdentityCard }));
        assert_eq!(authorizable(Standard, Standard, [Signature]), Err(NotAuthorizable::FaceAbsent));
    }

    #[test]
    fn an_authorization_by_a_guardian_ends_exactly_at_its_end_time() {
        let now = Moment::from_epoch_seconds(1_000_000);
        assert!(authorization(now, None).in_force(now));
        assert!(authorization(now, Some(1)).in_force(now));
        assert!(!authorization(now, Some(0)).in_force(now));
    }

    proptest! {
        #[test]
        fn no_pull_succeeds_without_association_authorization_right_and_image(
            purpose in proptest::sample::select(Purpose::ALL.to_vec()),
            image in proptest::sample::select(ImageKind::ALL.to_vec()),
            associated: bool,
            authorized: bool,
            until in proptest::option::of(-2_i64..3),
            has_image: bool,
        ) {
            let now = Moment::from_epoch_seconds(1_000_000);
            let authorization = authorization(now, until);
            let association = associated.then_some(AssociationFacts { authorization: authorized.then_some(&authorization), has_image });
            let allowed = purpose.gets(image) && associated && authorized && until.is_none_or(|until| until > 0) && has_image;
            prop_assert_eq!(decide_pull(PullFacts { purpose, image, association }, now) == Pull::Allowed, allowed);
        }
    }
}
