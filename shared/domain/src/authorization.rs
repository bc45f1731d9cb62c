//! A subject's consent that one application may pull, and what a pull leads to.

use serde::{Deserialize, Serialize};

use crate::{
    application::Purpose,
    photo::{FileProfile, ImageKind},
    time::Moment,
};

/// An authorization in force, within the association that it is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorization {
    pub since: Moment,
    /// Name of its record in the history.
    pub record: String,
    /// Given by whoever has custody: ends by itself when the subject turns 18.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
}

impl Authorization {
    pub fn in_force(&self, now: Moment) -> bool {
        self.until.is_none_or(|until| !now.has_reached(until))
    }
}

/// Why an application may not be authorised for the photos that are associated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAuthorizable {
    /// It needs pictures of another file profile.
    ProfileMismatch { needed: FileProfile },
    /// The set has no face photo, which every application needs.
    FaceAbsent,
}

/// Whether photos serve what an application is for.
///
/// # Errors
/// The reason why not.
pub fn authorizable(needed: FileProfile, profile: FileProfile, images: impl IntoIterator<Item = ImageKind>) -> Result<(), NotAuthorizable> {
    if needed != profile {
        return Err(NotAuthorizable::ProfileMismatch { needed });
    }
    if images.into_iter().any(|kind| kind == ImageKind::Face) { Ok(()) } else { Err(NotAuthorizable::FaceAbsent) }
}

/// What is known when an application asks for an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PullFacts<'a> {
    pub purpose: Purpose,
    pub image: ImageKind,
    /// Of the subject, and not expired; None where the subject is unknown too.
    pub association: Option<AssociationFacts<'a>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AssociationFacts<'a> {
    /// Of this very application.
    pub authorization: Option<&'a Authorization>,
    pub has_image: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pull {
    Allowed,
    Refused(PullRefusal),
}

/// Why a pull was refused, as the subject reads it. The application learns less: see [`PullRefusal::is_said`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PullRefusal {
    /// The application's purpose gives no right to this image.
    PurposeForbids,
    NothingAssociated,
    NotAuthorized,
    /// The application is authorised, and the set has no such image.
    ImageAbsent,
}

impl PullRefusal {
    /// Whether the application is told the reason. Of an unknown person, of nothing associated and of no authorization it
    /// is told one and the same.
    pub const fn is_said(self) -> bool {
        match self {
            Self::PurposeForbids | Self::ImageAbsent => true,
            Self::NothingAssociated | Self::NotAuthorized => false,
        }
    }
}

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
    fn an_authorization_by_a_guardian_ends_at_its_second() {
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
            let given = authorization(now, until);
            let association = associated.then_some(AssociationFacts { authorization: authorized.then_some(&given), has_image });
            let allowed = purpose.gets(image) && associated && authorized && until.is_none_or(|until| until > 0) && has_image;
            prop_assert_eq!(decide_pull(PullFacts { purpose, image, association }, now) == Pull::Allowed, allowed);
        }
    }
}
