//! Texts about cases at a KEP: what was done, for the receipt and for the SMS at the end.

use std::collections::BTreeMap;

use domain::{
    Language,
    kep::{ActKind, Presence},
};

use crate::pick;

/// Returns the position of a kind of act in a summary.
const fn position(kind: ActKind) -> usize {
    match kind {
        ActKind::Associated => 0,
        ActKind::Dissociated => 1,
        ActKind::Authorized => 2,
        ActKind::Withdrawn => 3,
        ActKind::Downloaded => 4,
        ActKind::PhotoShown => 5,
        ActKind::CodeShown => 6,
        ActKind::CodeSubmitted => 7,
        ActKind::CodeNotAccepted => 8,
        ActKind::PhotosConfirmed => 9,
        ActKind::PhotosRejected => 10,
        ActKind::MinorAdded => 11,
        ActKind::Consented => 12,
    }
}

/// Returns the name of an act.
pub const fn act(kind: ActKind, language: Language) -> &'static str {
    match kind {
        ActKind::Consented => pick(language, "συγκατάθεση για τα προσωπικά δεδομένα", "agreement to the text on personal data"),
        ActKind::MinorAdded => pick(language, "προσθήκη ανηλίκου", "minor added"),
        ActKind::CodeSubmitted => pick(language, "υποβολή κωδικάριθμου", "code number submitted"),
        ActKind::CodeNotAccepted => pick(language, "υποβολή κωδικάριθμου που δεν έγινε δεκτός", "code number not accepted"),
        ActKind::PhotosRejected => pick(language, "απόρριψη φωτογραφιών", "photos rejected"),
        ActKind::PhotosConfirmed => pick(language, "επιβεβαίωση φωτογραφιών", "photos confirmed"),
        ActKind::Associated => pick(language, "συσχέτιση φωτογραφιών", "photos associated"),
        ActKind::Authorized => pick(language, "εξουσιοδότηση", "application authorised"),
        ActKind::Withdrawn => pick(language, "ανάκληση εξουσιοδότησης", "authorization withdrawn"),
        ActKind::Dissociated => pick(language, "αποσυσχέτιση φωτογραφιών", "photos dissociated"),
        ActKind::Downloaded => pick(language, "λήψη φωτογραφιών", "photos downloaded"),
        ActKind::CodeShown => pick(language, "εμφάνιση κωδικάριθμου", "code number shown"),
        ActKind::PhotoShown => pick(language, "εμφάνιση φωτογραφιών", "photos shown"),
    }
}

/// Returns what the record of a case says about the person's presence.
pub const fn presence(presence: Presence, language: Language) -> &'static str {
    match presence {
        Presence::NotProven => pick(language, "Η παρουσία δεν αποδείχθηκε.", "The presence was not proven."),
        Presence::Otp => pick(
            language,
            "Η παρουσία αποδείχθηκε με κωδικό μίας χρήσης στο κινητό.",
            "The presence was proven by a one-time password sent to the mobile.",
        ),
        Presence::Declared => pick(
            language,
            "Την παρουσία δήλωσε ο υπάλληλος, χωρίς κωδικό μίας χρήσης.",
            "The clerk declared the presence, without a one-time password.",
        ),
    }
}

/// Returns the name of each kind of act that was done. If several acts of a kind were done, their number follows the name.
pub fn summary(acts: &[ActKind], language: Language) -> Vec<String> {
    let mut counted = BTreeMap::new();
    for kind in acts {
        counted.entry(position(*kind)).or_insert((*kind, 0_usize)).1 += 1;
    }
    counted
        .into_values()
        .map(|(kind, times)| match times {
            1 => act(kind, language).to_owned(),
            times => format!("{} ({times})", act(kind, language)),
        })
        .collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// All kinds of acts, in the order in which a summary names them.
    const KINDS: [ActKind; 13] = [
        ActKind::Associated,
        ActKind::Dissociated,
        ActKind::Authorized,
        ActKind::Withdrawn,
        ActKind::Downloaded,
        ActKind::PhotoShown,
        ActKind::CodeShown,
        ActKind::CodeSubmitted,
        ActKind::CodeNotAccepted,
        ActKind::PhotosConfirmed,
        ActKind::PhotosRejected,
        ActKind::MinorAdded,
        ActKind::Consented,
    ];

    pub(crate) fn one_of_each() -> Vec<ActKind> {
        KINDS.to_vec()
    }

    #[test]
    fn every_kind_has_a_position_of_its_own_in_a_summary() {
        for kind in KINDS {
            assert_eq!(KINDS[position(kind)], kind);
        }
    }

    #[test]
    fn a_summary_names_each_kind_once_with_its_number() {
        let acts = [ActKind::Authorized, ActKind::Associated, ActKind::Authorized, ActKind::Authorized];
        assert_eq!(summary(&acts, Language::El), ["συσχέτιση φωτογραφιών", "εξουσιοδότηση (3)"]);
        assert_eq!(summary(&acts, Language::En), ["photos associated", "application authorised (3)"]);
        for language in [Language::El, Language::En] {
            assert_eq!(summary(&[], language), Vec::<String>::new());
            let named: Vec<String> = KINDS.iter().map(|kind| act(*kind, language).to_owned()).collect();
            assert_eq!(summary(&one_of_each().into_iter().rev().collect::<Vec<_>>(), language), named);
        }
    }
}
