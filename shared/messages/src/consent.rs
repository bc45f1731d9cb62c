//! The texts that people agree to. A changed text needs a new version in [`domain::consent`], which a test enforces by checksums.

use domain::{Language, consent::ConsentKind};

use crate::pick;

/// The data protection officer's email address. It is part of a text that people agree to, so it is a constant and not a setting. An
/// operator who changes the address must also set a new version of the text.
macro_rules! dpo_email {
    () => {
        "dpo@mindigital.gr"
    };
}

pub const DPO_EMAIL: &str = dpo_email!();

/// A consent text in one language, as plain text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct ConsentText {
    pub kind: ConsentKind,
    pub version: &'static str,
    pub title: &'static str,
    pub paragraphs: &'static [&'static str],
    /// The label of the button or checkbox by which the person agrees.
    pub agreement: &'static str,
}

/// Returns the current text of a kind.
pub fn text(kind: ConsentKind, language: Language) -> ConsentText {
    match kind {
        ConsentKind::PersonalData => personal_data(language),
        ConsentKind::Association => association(language),
    }
}

/// Returns the privacy notice, to which people agree before first use: stored data, purposes, retention, recipients and rights.
pub fn personal_data(language: Language) -> ConsentText {
    let kind = ConsentKind::PersonalData;
    ConsentText {
        kind,
        version: kind.current_version(),
        title: pick(language, "Τα προσωπικά σας δεδομένα στο myPhoto", "Your personal data in myPhoto"),
        paragraphs: pick(language, PERSONAL_DATA_EL, PERSONAL_DATA_EN),
        agreement: pick(language, "Έλαβα γνώση", "I have taken note"),
    }
}

/// Returns the text on storage and use of photos, to which people agree at each association.
pub fn association(language: Language) -> ConsentText {
    let kind = ConsentKind::Association;
    ConsentText {
        kind,
        version: kind.current_version(),
        title: pick(language, "Αποθήκευση και χρήση των φωτογραφιών", "Storage and use of the photos"),
        paragraphs: pick(language, ASSOCIATION_EL, ASSOCIATION_EN),
        agreement: pick(language, "Συμφωνώ", "I agree"),
    }
}

const PERSONAL_DATA_EL: &[&str] = &[
    "Υπεύθυνος επεξεργασίας των δεδομένων σας είναι το Υπουργείο Ψηφιακής Διακυβέρνησης.",
    "Στοιχεία σας. Από το TAXISnet και τα μητρώα του Δημοσίου παίρνουμε το όνομα, το επώνυμο, τον ΑΦΜ, τον ΑΜΚΑ ή τον ΠΑΑΥΠΑ και την ημερομηνία \
     γέννησής σας, και από το Εθνικό Μητρώο Επικοινωνίας το κινητό σας. Τα χρειαζόμαστε για να επιβεβαιώνουμε την ταυτότητά σας και τα \
     κρατάμε όσο διαρκεί η σύνδεσή σας: έως 30 λεπτά χωρίς ενέργεια και έως 8 ώρες συνολικά. Μετά σας γνωρίζουμε μόνο με έναν τυχαίο αριθμό. Για \
     να σας αναγνωρίζουμε όταν επιστρέφετε, κρατάμε, όσο λειτουργεί η υπηρεσία, ένα κρυπτογραφικό αποτύπωμα των αριθμών σας, από το οποίο δεν προκύπτουν οι ίδιοι οι αριθμοί.",
    "Φωτογραφίες. Η φωτογραφία προσώπου και η υπογραφή (οπτική απεικόνιση ιδιόχειρης υπογραφής) που ανέβασε ο φωτογράφος αποθηκεύονται \
     κρυπτογραφημένες, για να τις χρησιμοποιείτε σε υπηρεσίες του Δημοσίου. Αν δεν συσχετιστούν με κάποιο πρόσωπο, διαγράφονται 14 ημέρες μετά \
     την έκδοση του κωδικάριθμου. Αν συσχετιστούν, διαγράφονται 365 ημέρες μετά την πρώτη συσχέτιση, ακόμη και αν τις αποσυσχετίσετε νωρίτερα. Μεταφόρτωση για την οποία δεν \
     εκδόθηκε κωδικάριθμος διαγράφεται μετά από 1 ημέρα.",
    "Κωδικάριθμος. Δεν αποθηκεύεται σε μορφή που διαβάζεται. Το μήνυμα με το οποίο σας στάλθηκε διατηρείται κρυπτογραφημένο για 24 ώρες, για να \
     είναι δυνατή η επαναποστολή του.",
    "Υπενθύμιση. Μόνο αν το ζητήσετε, κρατάμε κρυπτογραφημένο ένα κινητό ή email για μία υπενθύμιση: αν συμφωνήσατε με τον φωτογράφο, το κινητό ή το \
     email όπου στάλθηκε ο κωδικάριθμος, για να σας ειδοποιήσουμε 3 ημέρες πριν λήξει· αν δηλώσετε email στην υπηρεσία, το email αυτό, για να σας \
     ειδοποιήσουμε 30 ημέρες πριν λήξουν οι συσχετισμένες φωτογραφίες. Διαγράφεται μόλις σταλεί η υπενθύμιση ή μόλις δεν χρειάζεται πια: με τη \
     συσχέτιση του κωδικάριθμου, με την αποσυσχέτιση ή όταν ανακαλέσετε την υπενθύμιση. Αν η αποστολή δεν γίνει δυνατή, διαγράφεται το πολύ \
     7 ημέρες αργότερα.",
    "Ιστορικό. Τις συγκαταθέσεις σας, τις εξουσιοδοτήσεις που δίνετε και κάθε άντληση εικόνας τις κρατάμε όσο και τις φωτογραφίες και 365 ημέρες \
     ακόμη, για να μπορείτε να ελέγχετε τη χρήση των φωτογραφιών σας. Αν δεν συσχετίσετε φωτογραφίες, τη συγκατάθεσή σας σε αυτό το κείμενο την \
     κρατάμε 730 ημέρες. Τον αριθμό των κωδικάριθμων που υποβάλατε και των κωδικών μίας χρήσης που δώσατε μέσα σε μια ημέρα τον κρατάμε εκείνη \
     την ημέρα και την επόμενη.",
    "ΚΕΠ. Αν σας εξυπηρετήσει υπάλληλος ΚΕΠ, κρατάμε για κάθε εξυπηρέτηση το ΚΕΠ, τον αριθμό της αίτησής σας, το είδος και τους τέσσερις τελευταίους \
     χαρακτήρες του εγγράφου ταυτότητας που δείξατε, πότε έγινε, τι έγινε και πώς αποδείχθηκε η παρουσία σας, για 730 ημέρες, ώστε να βλέπετε \
     τι έγινε για εσάς και να μπορεί να αποδειχθεί. Ο υπάλληλος βλέπει τα στοιχεία και τις φωτογραφίες σας μόνο όσο διαρκεί η εξυπηρέτηση. Στο τέλος \
     σας στέλνουμε SMS στο κινητό σας.",
    "Φωτογράφοι. Ο φωτογράφος δεν βλέπει τον κωδικάριθμο και δεν μαθαίνει με ποιο πρόσωπο συσχετίστηκε. Αν μια υπηρεσία δημόσιου φορέα δεχθεί ή \
     απορρίψει μια φωτογραφία, ο φωτογράφος βλέπει την απόφαση και, αν ήταν απόρριψη, τον λόγο από έναν κατάλογο, για να μπορεί να τη \
     διορθώσει. Δεν βλέπει ποια υπηρεσία ήταν ούτε τι σας έγραψε. Το ιστορικό των μεταφορτώσεών του, με \
     μέρος μόνο του κινητού ή του email όπου στάλθηκε ο κωδικάριθμος, διατηρείται 365 ημέρες.",
    "Ποιος παίρνει τις φωτογραφίες. Μόνο οι υπηρεσίες δημόσιων φορέων που έχετε εξουσιοδοτήσει εσείς, και μόνο όσο ισχύουν η συσχέτιση και η \
     εξουσιοδότηση. Η υπογραφή δίνεται μόνο για την άδεια οδήγησης· για κάθε άλλον σκοπό δίνεται μόνο η φωτογραφία προσώπου. Κάθε άντληση \
     και κάθε άρνηση καταγράφεται και μπορείτε να τη δείτε.",
    concat!(
        "Τα δικαιώματά σας. Έχετε δικαίωμα πρόσβασης στα δεδομένα σας, διόρθωσης, περιορισμού της επεξεργασίας, φορητότητας και διαγραφής, σύμφωνα με \
         τον Γενικό Κανονισμό για την Προστασία Δεδομένων (ΕΕ) 2016/679 και τον νόμο 4624/2019. Πρόσβαση, φορητότητα και διαγραφή έχετε και μέσα από \
         την υπηρεσία: μπορείτε να λάβετε όσα κρατάμε για εσάς ή να ζητήσετε να διαγραφούν αμέσως. Για όλα τα δικαιώματά σας μπορείτε να γράψετε \
         στον υπεύθυνο προστασίας δεδομένων: ",
        dpo_email!(),
        "."
    ),
    "Μπορείτε επίσης να υποβάλετε καταγγελία στην Αρχή Προστασίας Δεδομένων Προσωπικού Χαρακτήρα: www.dpa.gr.",
    "Με το «Έλαβα γνώση» καταγράφεται ότι συμφωνήσατε, πότε, και με ποια έκδοση του κειμένου. Αν το κείμενο αλλάξει, θα σας ρωτήσουμε ξανά. Αν \
     αρνηθείτε, αποσυνδέεστε και η υπηρεσία δεν μπορεί να χρησιμοποιηθεί.",
];

const PERSONAL_DATA_EN: &[&str] = &[
    "The controller of your data is the Ministry of Digital Governance.",
    "Your details. From TAXISnet and the state's registers we take your first and last name, AFM, AMKA or PAAYPA and birth date, and from the \
     National Communications Register your mobile number. We need them to know that it is you, and keep them while you are signed in: 30 minutes \
     without any action, or 8 hours at most. After that we know you by a random number only. To recognise you when you return, we keep, for as long \
     as the service runs, a cryptographic imprint of your numbers, from which the numbers themselves cannot be had.",
    "Photos. The face photo and the signature image that the photographer uploaded are stored encrypted, so that you can use them in public \
     services. If they are not associated with a person, they are deleted 14 days after the code number was issued. If they are, they are deleted \
     365 days after the first association, even if you dissociate them earlier. An upload for which no code number was issued is deleted after \
     1 day.",
    "Code number. It is not stored in readable form. The message in which it was sent to you is kept encrypted for 24 hours, so that it can be sent \
     again.",
    "Reminder. Only if you ask for it, we keep a mobile number or email, encrypted, for one reminder: if you agreed with the photographer, the mobile \
     number or email to which the code number went, so that we can tell you 3 days before it expires; if you give an email in the service, that email, so \
     that we can tell you 30 days before associated photos expire. It is deleted as soon as the reminder is sent, or is no longer needed: when the code \
     number is associated, when you dissociate, or when you take it back. If the reminder cannot be sent, it is deleted 7 days later at most.",
    "History. Your agreements, the authorizations that you give and each time an image is pulled are kept as long as the photos and 365 days more, \
     so that you can check how your photos are used. If you do not associate photos, your agreement to this text is kept for 730 days. How many code \
     numbers and one-time passwords you entered in a day is kept for that day and the next.",
    "KEP. If a clerk of a Citizens' Service Centre (KEP) serves you, we keep for each visit the KEP, the number of your application, the kind and the \
     last four characters of the identity document that you showed, when it was, what was done and how your presence was proven, for 730 days, so that \
     you can see what was done for you and it can be proven. The clerk sees your details and photos only during the visit. At the end we send an SMS to \
     your mobile number.",
    "Photographers. The photographer does not see the code number and does not learn with whom it was associated. If a service of a public body \
     accepts or rejects a photo, the photographer sees that decision and, if it was a rejection, its reason from a list, to be able to \
     correct the photo. The photographer does not see which service it was, nor what it wrote to you. The history of a photographer's \
     uploads, with only a part of the mobile number or email to which the code number went, is kept for 365 days.",
    "Who gets the photos. Only the services of public bodies that you yourself have authorised, and only while both the association and the \
     authorization are in force. The signature image is given for the driving licence alone; for every other purpose only the face photo is given. \
     Every pull and every refusal is recorded, and you can see it.",
    concat!(
        "Your rights. You have the rights of access to your data, rectification, restriction of processing, portability and erasure, under the General \
         Data Protection Regulation (EU) 2016/679 and Greek law 4624/2019. Access, portability and erasure you also have within the service: you can \
         get all that we keep of you, or have it erased at once. For all your rights you can write to the data protection officer: ",
        dpo_email!(),
        "."
    ),
    "You can also complain to the Hellenic Data Protection Authority: www.dpa.gr.",
    "With \"I have taken note\" we record that you agreed, when, and to which version of the text. If the text changes, we ask you again. If you \
     refuse, you are signed out, and the service cannot be used.",
];

const ASSOCIATION_EL: &[&str] = &[
    "Οι φωτογραφίες δείχνουν εμένα ή ανήλικο του οποίου έχω την επιμέλεια.",
    "Συμφωνώ να αποθηκευτούν κρυπτογραφημένες και συσχετισμένες με τον ΑΦΜ (για ανήλικο χωρίς ΑΦΜ, με τον ΑΜΚΑ ή τον ΠΑΑΥΠΑ), έως 365 ημέρες μετά \
     την πρώτη συσχέτιση.",
    "Συμφωνώ να τις χρησιμοποιούν οι υπηρεσίες δημόσιων φορέων που θα εξουσιοδοτήσω, και καμία άλλη. Κάθε εξουσιοδότηση μπορώ να την ανακαλέσω όποτε θέλω.",
    "Μπορώ να αποσυσχετίσω τις φωτογραφίες όποτε θέλω. Από τη στιγμή εκείνη παύουν όλες οι εξουσιοδοτήσεις και οι φωτογραφίες δεν μπορούν να \
     χρησιμοποιηθούν χωρίς τον κωδικάριθμο. Διαγράφονται όταν συμπληρωθούν οι 365 ημέρες.",
    "Αν δηλώσω email για υπενθύμιση πριν λήξουν, συμφωνώ να διατηρηθεί κρυπτογραφημένο έως την υπενθύμιση. Μπορώ να το αφαιρέσω όποτε θέλω.",
];

const ASSOCIATION_EN: &[&str] = &[
    "The photos show me, or a minor in my custody.",
    "I agree that they are stored encrypted and associated with the AFM (for a minor without AFM, with the AMKA or PAAYPA), until 365 days after the \
     first association.",
    "I agree that they are used by the services of public bodies that I authorise, and by no other. I can withdraw any authorization at any time.",
    "I can dissociate the photos at any time. From that moment all authorizations end, and the photos cannot be used without the code number. They \
     are deleted when the 365 days are over.",
    "If I give an email to be reminded before they expire, I agree that it is kept encrypted until the reminder. I can remove it at any time.",
];

#[cfg(test)]
mod tests {
    use domain::{
        reminder::ReminderKind,
        retention::{
            ASSOCIATION_VALID, CODE_VALID, ISSUANCE_RETENTION, MESSAGE_RETENTION, RECORD_RETENTION_AFTER_PHOTOS, REMINDER_RETENTION,
            UPLOAD_RETENTION,
        },
        session::{DURATION_MAX, IDLE},
    };

    use super::*;
    use crate::testing::has_greek;

    const LANGUAGES: [Language; 2] = [Language::El, Language::En];

    fn whole(text: &ConsentText) -> String {
        [&[text.title], text.paragraphs, &[text.agreement]].concat().join("\n")
    }

    /// Returns the 64-bit FNV-1a hash.
    fn checksum(text: &str) -> u64 {
        text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    }

    #[test]
    fn a_changed_text_needs_a_new_version() {
        let sums: Vec<_> = [ConsentKind::PersonalData, ConsentKind::Association]
            .into_iter()
            .flat_map(|kind| LANGUAGES.map(|language| text(kind, language)))
            .map(|text| (text.version, checksum(&whole(&text))))
            .collect();
        // Once people have agreed to a version, change its checksum here only together with the version in domain::consent.
        assert_eq!(
            sums,
            [
                ("2026-12.3", 4_319_484_862_392_028_317),
                ("2026-12.3", 10_826_638_975_308_842_485),
                ("2026-12", 11_081_576_150_193_947_407),
                ("2026-12", 14_985_743_043_763_180_834)
            ]
        );
    }

    #[test]
    fn the_privacy_notice_contains_everything_required() {
        let [el, en] = LANGUAGES.map(|language| whole(&personal_data(language)));
        for needed in [
            "κρατάμε",
            "για να",
            "πρόσβασης",
            "διόρθωσης",
            "περιορισμού",
            "φορητότητας",
            "διαγραφής",
            "μέσα από την υπηρεσία",
            DPO_EMAIL,
            "www.dpa.gr",
            "Έλαβα γνώση",
            // The text says which part of a verdict photographers see.
            "ο φωτογράφος βλέπει την απόφαση",
            "Δεν βλέπει ποια υπηρεσία ήταν",
        ] {
            assert!(el.contains(needed), "{needed}");
        }
        for needed in [
            "keep",
            "so that",
            "access",
            "rectification",
            "restriction",
            "portability",
            "erasure",
            "within the service",
            DPO_EMAIL,
            "www.dpa.gr",
            "the photographer sees that decision",
            "does not see which service it was",
        ] {
            assert!(en.contains(needed), "{needed}");
        }
    }

    #[test]
    fn the_periods_in_the_texts_match_the_retention_rules() {
        let hours = |span: domain::time::Span| span.as_seconds() / 3_600;
        let days = |span| hours(span) / 24;
        for (language, minutes_of, hours_of, days_of) in
            [(Language::El, "λεπτά", "ώρες", "ημέρες"), (Language::En, "minutes", "hours", "days")]
        {
            let text = whole(&personal_data(language));
            for period in [
                format!("{} {minutes_of}", IDLE.as_seconds() / 60),
                format!("{} {hours_of}", hours(DURATION_MAX)),
                format!("{} {hours_of}", hours(MESSAGE_RETENTION)),
                format!("{} {days_of}", days(CODE_VALID)),
                format!("{} {days_of}", ReminderKind::Code.days_before()),
                format!("{} {days_of}", ReminderKind::Association.days_before()),
                format!("{} {days_of}", days(REMINDER_RETENTION)),
                format!("{} {days_of}", days(ASSOCIATION_VALID)),
            ] {
                assert!(text.contains(&period), "{period}");
            }
            assert!(whole(&association(language)).contains(&format!("{} {days_of}", days(ASSOCIATION_VALID))));
        }
        // The text also states these three periods, as 365 days and 1 day. If this assertion fails, change the text.
        assert_eq!(
            (days(ISSUANCE_RETENTION), days(RECORD_RETENTION_AFTER_PHOTOS), days(UPLOAD_RETENTION)),
            (days(ASSOCIATION_VALID), days(ASSOCIATION_VALID), 1)
        );
    }

    #[test]
    fn both_languages_have_the_same_number_of_paragraphs() {
        for kind in [ConsentKind::PersonalData, ConsentKind::Association] {
            let [el, en] = LANGUAGES.map(|language| text(kind, language));
            assert_eq!((el.paragraphs.len(), el.version), (en.paragraphs.len(), en.version));
            assert!(el.paragraphs.iter().all(|paragraph| has_greek(paragraph)) && !has_greek(&whole(&en)));
            assert!([el, en].iter().all(|text| !whole(text).contains("  ")));
        }
    }
}
