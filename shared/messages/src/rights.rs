//! Texts of the data export and of erasure (GDPR, articles 15, 17 and 20).

use domain::Language;
use serde::Serialize;

use crate::pick;

/// Data that remains after an erasure, with the reason and the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// Stable name, for programs.
    pub what: &'static str,
    pub text: &'static str,
}

/// Returns the notes that say which data the export contains and which it does not contain.
pub const fn export_notes(language: Language) -> &'static [&'static str] {
    pick(
        language,
        &[
            "Περιέχει όσα κρατά το myPhoto για το πρόσωπο αυτό ως πολίτη. Οι εικόνες της συσχέτισης που ισχύει είναι στις διευθύνσεις του πεδίου «images».",
            "Φωτογραφίες που έχετε αποσυσχετίσει δεν μπορούμε να τις ανοίξουμε: ανοίγουν μόνο με τον κωδικάριθμό τους.",
            "Αντί για τον ΑΦΜ, τον ΑΜΚΑ και τον ΠΑΑΥΠΑ αποθηκεύεται ένα κρυπτογραφικό αποτύπωμά τους. Το όνομα, οι αριθμοί και το κινητό εδώ είναι \
             από τα μητρώα, όπως τα ξέρουμε όσο διαρκεί η σύνδεση.",
            "Στο ιστορικό του φωτογράφου δεν φαίνεται ποιο πρόσωπο αφορά κάθε μεταφόρτωση, γι' αυτό δεν περιλαμβάνεται. Ούτε όσα κρατάμε για εσάς ως \
             φωτογράφο ή υπάλληλο φωτογράφου: αυτά τα βλέπετε με εκείνη την ιδιότητα.",
        ],
        &[
            "It holds all that myPhoto keeps on this person as a citizen. The images of the association in force are at the addresses in \"images\".",
            "Photos that you have dissociated cannot be opened by us: they open with their code number alone.",
            "In place of the AFM, AMKA and PAAYPA a cryptographic imprint of them is stored. Names, numbers and mobile number here are those of the \
             registers, as we know them while you are signed in.",
            "The photographer's history does not say which person an upload is about, and so is not part of this. Nor is what we keep on you as a \
             photographer or a photographer's employee: you see that in that role.",
        ],
    )
}

/// Returns the data that the service retains after an erasure.
pub fn kept(language: Language) -> Vec<Kept> {
    let text = |el, en| pick(language, el, en);
    vec![
        Kept {
            what: "history",
            text: text(
                "Το ιστορικό συσχετίσεων, εξουσιοδοτήσεων και αντλήσεων, χωρίς εικόνες: έως 365 ημέρες μετά την ημερομηνία στην οποία έληγαν οι \
                 φωτογραφίες, ώστε να αποδεικνύεται ποιος έλαβε τι και με ποια εξουσιοδότηση (ΓΚΠΔ, άρθρα 5 παρ. 2 και 17 παρ. 3 στοιχεία β και ε).",
                "The history of associations, authorizations and pulls, without images: until 365 days after the day on which the photos would have \
                 expired, to show who got what and by which authorization (GDPR, articles 5(2) and 17(3)(b) and (e)).",
            ),
        },
        Kept {
            what: "agreements",
            text: text(
                "Οι συγκαταθέσεις σας στα κείμενα, για το ίδιο διάστημα, ώστε να μπορούν να αποδειχθούν (ΓΚΠΔ, άρθρο 7 παρ. 1).",
                "Your agreements to the texts, for the same time, to show that you consented (GDPR, article 7(1)).",
            ),
        },
        Kept {
            what: "identifiers",
            text: text(
                "Το κρυπτογραφικό αποτύπωμα των αριθμών του προσώπου, χωρίς το οποίο δεν θα βρισκόταν το ιστορικό του.",
                "The cryptographic imprint of the person's numbers, without which their history could not be found.",
            ),
        },
        Kept {
            what: "photographer_history",
            text: text(
                "Η εγγραφή στο ιστορικό του φωτογράφου, με μέρος μόνο του κινητού ή του email: 365 ημέρες από την έκδοση του κωδικάριθμου. Δεν \
                 ονομάζει το πρόσωπο· το ιστορικό αντλήσεων αναφέρει από ποια μεταφόρτωση προήλθε κάθε εικόνα.",
                "The entry in the photographer's history, with only a part of the mobile number or email: 365 days from the code number's issue. It does \
                 not name the person; the history of pulls says from which upload each image came.",
            ),
        },
        Kept {
            what: "kep_cases",
            text: text(
                "Κάθε εξυπηρέτησή σας σε ΚΕΠ, με το ΚΕΠ, τον αριθμό της αίτησής σας, το είδος και τους τέσσερις τελευταίους χαρακτήρες του εγγράφου \
                 ταυτότητας που δείξατε: 730 ημέρες, ώστε να μπορεί να αποδειχθεί τι έγινε για εσάς.",
                "Each visit to a KEP, with the KEP, the number of your application, the kind and the last four characters of the identity document that \
                 you showed: 730 days, so that what was done for you can be proven.",
            ),
        },
        Kept {
            what: "backups",
            text: text("Αντίγραφα ασφαλείας των πινάκων, χωρίς εικόνες: 7 ημέρες.", "Backups of the tables, without images: 7 days."),
        },
        Kept {
            what: "counters",
            text: text(
                "Πόσους κωδικάριθμους υποβάλατε και πόσους κωδικούς μίας χρήσης δώσατε σήμερα: έως αύριο, για την προστασία από δοκιμές στην τύχη.",
                "How many code numbers and one-time passwords you gave today: until tomorrow, as a protection against guessing.",
            ),
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::has_greek;

    #[test]
    fn both_languages_have_the_same_entries() {
        let (el, en) = (kept(Language::El), kept(Language::En));
        assert_eq!(el.iter().map(|kept| kept.what).collect::<Vec<_>>(), en.iter().map(|kept| kept.what).collect::<Vec<_>>());
        assert!(el.iter().all(|kept| has_greek(kept.text)) && !en.iter().any(|kept| has_greek(kept.text)));
        let (el, en) = (export_notes(Language::El), export_notes(Language::En));
        assert_eq!(el.len(), en.len());
        assert!(el.iter().all(|note| has_greek(note)) && !en.iter().any(|note| has_greek(note)));
    }
}
