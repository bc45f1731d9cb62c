//! Texts on applications of public bodies: their purposes, why a pull was refused, and why a public body refused a photo.

use domain::{Language, application::Purpose, authorization::PullRefusal, verdict::RefusalReason};

use crate::pick;

/// Returns the purpose of an application. Citizens see it next to the application's name.
pub const fn purpose(purpose: Purpose, language: Language) -> &'static str {
    let (el, en) = match purpose {
        Purpose::DrivingLicenceIssue => ("Έκδοση άδειας οδήγησης", "Issue of a driving licence"),
        Purpose::DrivingLicenceRenewal => ("Ανανέωση άδειας οδήγησης", "Renewal of a driving licence"),
        Purpose::DrivingLicenceReplacement => ("Αντικατάσταση άδειας οδήγησης", "Replacement of a driving licence"),
        Purpose::IdentityCard => ("Έκδοση δελτίου ταυτότητας", "Issue of an identity card"),
        Purpose::Passport => ("Έκδοση διαβατηρίου", "Issue of a passport"),
        Purpose::DisabilityCard => ("Έκδοση Κάρτας Αναπηρίας", "Issue of a Disability Card"),
        Purpose::LanguageExam => ("Εξετάσεις γλωσσομάθειας", "Language examinations"),
    };
    pick(language, el, en)
}

/// Returns why a public body refused a photo, for the citizen and the photographer.
pub const fn refusal_reason(reason: RefusalReason, language: Language) -> &'static str {
    let (el, en) = match reason {
        RefusalReason::NotRecent => {
            ("Η φωτογραφία δεν δείχνει πώς είναι σήμερα το πρόσωπο", "The photo does not show how the person looks now")
        }
        RefusalReason::NotThePerson => ("Η φωτογραφία φαίνεται να δείχνει άλλο πρόσωπο", "The photo seems to show somebody else"),
        RefusalReason::FaceNotFrontal => ("Το πρόσωπο δεν είναι στραμμένο προς τον φακό", "The face is not turned to the camera"),
        RefusalReason::FacePosition => {
            ("Η θέση ή το μέγεθος του προσώπου δεν είναι σωστά", "The place or the size of the face is not right")
        }
        RefusalReason::EyesNotVisible => ("Τα μάτια δεν φαίνονται καθαρά", "The eyes cannot be seen clearly"),
        RefusalReason::Expression => ("Η έκφραση του προσώπου δεν είναι ουδέτερη", "The expression is not neutral"),
        RefusalReason::HeadCovered => ("Το κεφάλι ή μέρος του προσώπου είναι καλυμμένο", "The head or a part of the face is covered"),
        RefusalReason::Glasses => ("Τα γυαλιά κρύβουν τα μάτια ή αντανακλούν", "The glasses hide the eyes or reflect light"),
        RefusalReason::Background => ("Το φόντο δεν είναι ομοιόμορφο και ανοιχτόχρωμο", "The background is not plain and light"),
        RefusalReason::Light => ("Ο φωτισμός δεν είναι σωστός", "The lighting is not right"),
        RefusalReason::NotSharp => ("Η φωτογραφία δεν είναι ευκρινής", "The photo is not sharp"),
        RefusalReason::Retouched => ("Η φωτογραφία έχει υποστεί ψηφιακή επεξεργασία", "The photo was changed with a program"),
        RefusalReason::SignatureUnclear => ("Η υπογραφή δεν φαίνεται καθαρά", "The signature cannot be seen clearly"),
        RefusalReason::SignatureCropped => ("Η υπογραφή δεν φαίνεται ολόκληρη", "The signature is not whole"),
        RefusalReason::Other => ("Άλλος λόγος", "Another reason"),
    };
    pick(language, el, en)
}

/// Returns why an application's pull was refused, for the person in the image.
pub const fn pull_refusal(refusal: PullRefusal, language: Language) -> &'static str {
    let (el, en) = match refusal {
        PullRefusal::PurposeForbids => (
            "Ο σκοπός της εφαρμογής δεν της δίνει δικαίωμα σε αυτή την εικόνα",
            "What the application is for gives it no right to this image",
        ),
        PullRefusal::NothingAssociated => ("Δεν υπήρχαν συσχετισμένες φωτογραφίες", "No photos were associated"),
        PullRefusal::NotAuthorized => ("Η εφαρμογή δεν ήταν εξουσιοδοτημένη", "The application was not authorised"),
        PullRefusal::ImageAbsent => ("Οι φωτογραφίες δεν περιλάμβαναν αυτή την εικόνα", "The photos did not include this image"),
    };
    pick(language, el, en)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::testing::has_greek;

    #[test]
    fn every_text_exists_in_both_languages_and_is_unique() {
        let refusals = [PullRefusal::PurposeForbids, PullRefusal::NothingAssociated, PullRefusal::NotAuthorized, PullRefusal::ImageAbsent];
        let texts = |language| {
            let purposes = Purpose::ALL.map(|it| purpose(it, language));
            let reasons = RefusalReason::ALL.map(|it| refusal_reason(it, language));
            [purposes.as_slice(), &reasons, &refusals.map(|it| pull_refusal(it, language))].concat()
        };
        let (greek, english) = (texts(Language::El), texts(Language::En));
        for text in &greek {
            let mixed = |word: &str| has_greek(word) && word.chars().any(|c| c.is_ascii_alphabetic());
            assert!(has_greek(text) && !text.ends_with('.') && !text.split(' ').any(mixed), "{text}");
        }
        assert!(english.iter().all(|text| text.is_ascii() && !text.ends_with('.')));
        for all in [greek, english] {
            assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
        }
    }
}
