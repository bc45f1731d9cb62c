//! The Greek titles and details.

use domain::{
    FileProfile, ImageKind, Language, MalformedCode,
    application::{REQUEST_BYTES_MAX, REQUEST_VALID, SignatureFault},
    code_limit::{CodeLimit, MESSAGES_PER_RECIPIENT_PER_DAY},
    code_number::CODE_LENGTH,
    delivery::RESEND_PERIOD,
    otp::{OTP_LENGTH, OTP_VALID, RESENDS_MAX, WRONG_OTPS_MAX},
    photo::PictureFault,
    quota::Quota,
    without_face::{REJECTION_VALID, REJECTIONS_NEEDED},
};

use super::{BodyType, FieldReason, Problem, TOLERANCE_PERCENT};
use crate::{delivery, numbers::group_thousands, picture_report, time_text};

fn athens(moment: domain::Moment) -> String {
    time_text::athens(moment, Language::El)
}

/// Returns the noun for an image. Both nouns are feminine, so that one sentence fits either.
const fn the_image(kind: ImageKind) -> &'static str {
    match kind {
        ImageKind::Face => "φωτογραφία προσώπου",
        ImageKind::Signature => "υπογραφή",
    }
}

const fn of_the_image(kind: ImageKind) -> &'static str {
    match kind {
        ImageKind::Face => "φωτογραφίας προσώπου",
        ImageKind::Signature => "υπογραφής",
    }
}

const fn profile_name(profile: FileProfile) -> &'static str {
    match profile {
        FileProfile::Standard => "άδεια οδήγησης και διαβατήριο",
        FileProfile::IdentityCard => "δελτίο ταυτότητας",
    }
}

pub(super) const fn title(problem: &Problem) -> &'static str {
    match problem {
        Problem::NotFound => "Δεν βρέθηκε",
        Problem::MethodNotAllowed { .. } => "Η ενέργεια δεν υπάρχει σε αυτή τη διεύθυνση",
        Problem::NoSession | Problem::SessionExpired => "Χρειάζεται σύνδεση",
        Problem::OtpNotVerified => "Χρειάζεται ο κωδικός μίας χρήσης",
        Problem::RoleNotChosen => "Δεν έχετε επιλέξει ιδιότητα",
        Problem::ConsentRequired => "Χρειάζεται η συγκατάθεσή σας",
        Problem::WrongRole => "Δεν γίνεται με αυτή την ιδιότητα",
        Problem::ForeignOrigin => "Το αίτημα ήρθε από άλλον ιστότοπο",
        Problem::UnsupportedMediaType { .. } => "Μη υποστηριζόμενος τύπος περιεχομένου",
        Problem::BodyTooLarge { .. } => "Πολύ μεγάλο αίτημα",
        Problem::MalformedJson => "Το αίτημα δεν είναι έγκυρο JSON",
        Problem::InvalidField { .. } => "Λάθος σε πεδίο του αιτήματος",
        Problem::MissingConsent => "Δεν συμφωνήσατε",
        Problem::ConsentVersionOld => "Το κείμενο άλλαξε",
        Problem::SignInState => "Η σύνδεση πρέπει να ξεκινήσει από την αρχή",
        Problem::SignInRefused => "Η σύνδεση ακυρώθηκε",
        Problem::ExchangeRefused => "Η σύνδεση της εφαρμογής πρέπει να ξεκινήσει από την αρχή",
        Problem::TaxisnetUnavailable => "Το TAXISnet δεν απαντά",
        Problem::RegistersUnavailable => "Τα μητρώα δεν απαντούν",
        Problem::RegistersMismatch => "Τα μητρώα απάντησαν για άλλο πρόσωπο",
        Problem::PersonUnknown => "Δεν βρέθηκαν τα στοιχεία σας στα μητρώα",
        Problem::NoConfirmedMobile => "Δεν έχετε επιβεβαιωμένο αριθμό κινητού",
        Problem::OtpMalformed => "Ο κωδικός μίας χρήσης δεν έχει σωστή μορφή",
        Problem::OtpWrong { .. } => "Λάθος κωδικός μίας χρήσης",
        Problem::OtpExpired => "Ο κωδικός μίας χρήσης έληξε",
        Problem::OtpExhausted => "Πολλοί λάθος κωδικοί μίας χρήσης",
        Problem::OtpDailyLimit { .. } => "Πολλοί λάθος κωδικοί μίας χρήσης σήμερα",
        Problem::OtpResendsExhausted => "Ο κωδικός μίας χρήσης δεν ξαναστέλνεται",
        Problem::OtpMessagesDailyLimit { .. } => "Πολλά μηνύματα με κωδικό μίας χρήσης σήμερα",
        Problem::OtpNotSent => "Το SMS δεν στάλθηκε",
        Problem::NotAwaitingOtp => "Δεν αναμένεται κωδικός μίας χρήσης",
        Problem::RoleNotYours => "Δεν έχετε αυτή την ιδιότητα",
        Problem::StaffWithdrawn => "Δεν ενεργείτε πια για αυτή την επιχείρηση",
        Problem::NotOwner => "Μόνο για τον ιδιοκτήτη της επιχείρησης",
        Problem::StaffIsOwner => "Η επιχείρηση είναι δική σας",
        Problem::StaffExhausted { .. } => "Πολλοί υπάλληλοι",
        Problem::CaseOver => "Η εξυπηρέτηση έχει τελειώσει",
        Problem::CaseOpen => "Υπάρχει ανοιχτή εξυπηρέτηση",
        Problem::CaseLimit { .. } => "Φτάσατε το σημερινό όριο εξυπηρετήσεων",
        Problem::CasePersonUnknown => "Το πρόσωπο δεν βρέθηκε στα μητρώα",
        Problem::NoMobileAtKep => "Το πρόσωπο δεν έχει επιβεβαιωμένο αριθμό κινητού",
        Problem::OwnCase => "Ο αριθμός είναι δικός σας",
        Problem::PresenceNotProven => "Η παρουσία δεν έχει αποδειχθεί",
        Problem::NotAtKep => "Δεν γίνεται σε ΚΕΠ",
        Problem::SubjectUnknown => "Άγνωστο πρόσωπο",
        Problem::CustodyNotConfirmed => "Η επιμέλεια δεν επιβεβαιώθηκε",
        Problem::MinorIsAdult => "Το πρόσωπο είναι ενήλικο",
        Problem::MinorAfmRequired => "Χρειάζεται και ο ΑΦΜ του ανηλίκου",
        Problem::MinorNumbersDiffer => "Οι αριθμοί δεν ανήκουν στο ίδιο πρόσωπο",
        Problem::TooManyMinors { .. } => "Πολλά πρόσωπα σε μία σύνδεση",
        Problem::CodeMalformed(_) => "Ο κωδικάριθμος δεν έχει σωστή μορφή",
        Problem::CodeNotActive => "Ο κωδικάριθμος δεν είναι ενεργός",
        Problem::CodeTaken => "Ο κωδικάριθμος ανήκει σε άλλο πρόσωπο",
        Problem::CodeAlreadyYours => "Ο κωδικάριθμος είναι ήδη συσχετισμένος",
        Problem::SubmissionsExhausted { .. } => "Φτάσατε το σημερινό όριο",
        Problem::CodeLimitReached { limit: CodeLimit::Business, .. } => "Φτάσατε το σημερινό όριο κωδικάριθμων",
        Problem::CodeLimitReached { limit: CodeLimit::Recipient, .. } => "Πολλά μηνύματα σήμερα προς αυτόν τον παραλήπτη",
        Problem::CodeLimitReached { limit: CodeLimit::Sms, .. } => "Σήμερα δεν στέλνονται άλλοι κωδικάριθμοι με SMS",
        Problem::NoSubmission => "Δεν έχετε υποβάλει κωδικάριθμο",
        Problem::SubmissionNotConfirmed => "Δεν έχετε επιβεβαιώσει τις φωτογραφίες",
        Problem::AssociationExists { .. } => "Υπάρχει ήδη συσχέτιση",
        Problem::NothingAssociated => "Δεν υπάρχει συσχέτιση",
        Problem::AssociationRaced => "Ο κωδικάριθμος μόλις συσχετίστηκε",
        Problem::ReminderTooLate { .. } => "Είναι πλέον αργά για υπενθύμιση",
        Problem::ReminderWhenAdult => "Το πρόσωπο θα είναι τότε ενήλικο",
        Problem::ImageAbsent => "Δεν υπάρχει τέτοια εικόνα",
        Problem::ApplicationUnknown { .. } => "Άγνωστη εφαρμογή",
        Problem::ProfileMismatch { .. } => "Η εφαρμογή χρειάζεται άλλες προδιαγραφές",
        Problem::FaceAbsent => "Λείπει η φωτογραφία προσώπου",
        Problem::AuthorizationsExhausted { .. } => "Πολλές εξουσιοδοτήσεις",
        Problem::RangeRequired { .. } => "Το αρχείο δίνεται σε τμήματα",
        Problem::RangeNotSatisfiable { .. } => "Το αρχείο δεν έχει αυτό το τμήμα",
        Problem::RequestUnsigned => "Το αίτημα δεν είναι υπογεγραμμένο",
        Problem::SignatureRefused { .. } => "Το υπογεγραμμένο αίτημα δεν γίνεται δεκτό",
        Problem::PullRefused => "Η εικόνα δεν δίνεται",
        Problem::ImageNotAllowed { .. } => "Η εικόνα αυτή δεν προορίζεται για την εφαρμογή",
        Problem::PullUnknown => "Άγνωστη άντληση",
        Problem::PicturesMissing => "Δεν δηλώθηκε καμία εικόνα",
        Problem::UploadUnknown => "Άγνωστη μεταφόρτωση",
        Problem::UploadIncomplete { .. } => "Λείπει εικόνα",
        Problem::UploadAltered { .. } => "Η εικόνα δεν είναι αυτή που δηλώθηκε",
        Problem::BadPicture { .. } => "Η εικόνα δεν πληροί τις προδιαγραφές",
        Problem::UploadIssued => "Ο κωδικάριθμος έχει εκδοθεί",
        Problem::UploadRefused => "Η μεταφόρτωση έχει απορριφθεί",
        Problem::IssuanceConflict => "Ο κωδικάριθμος έχει ήδη εκδοθεί",
        Problem::WithoutFaceTooEarly => "Δεν εκδίδεται ακόμη κωδικάριθμος χωρίς αναγνώριση προσώπου",
        Problem::ResendAssociated => "Ο κωδικάριθμος έχει συσχετιστεί",
        Problem::ResendTooLate => "Πέρασε ο χρόνος για επαναποστολή",
        Problem::ResendExhausted { .. } => "Ο κωδικάριθμος δεν ξαναστέλνεται",
        Problem::ResendInProgress => "Το μήνυμα στέλνεται τώρα",
        Problem::ResendUndeliverable { .. } => "Δεν στέλνεται ξανά σε αυτή τη διεύθυνση",
        Problem::Conflict => "Δύο ενέργειες ταυτόχρονα",
        Problem::Throttled => "Η υπηρεσία έχει πολλή κίνηση",
        Problem::Internal => "Παρουσιάστηκε σφάλμα",
        Problem::Timeout => "Η απάντηση άργησε",
    }
}

pub(super) fn detail(problem: &Problem) -> String {
    match problem {
        Problem::NotFound => "Σε αυτή τη διεύθυνση δεν υπάρχει τίποτα. Ελέγξτε τη διεύθυνση.".into(),
        Problem::MethodNotAllowed { .. } => "Η διεύθυνση υπάρχει, αλλά δεν δέχεται αυτή τη μέθοδο HTTP.".into(),
        Problem::NoSession | Problem::SessionExpired => "Δεν έχετε συνδεθεί ή η σύνδεσή σας έληξε. Συνδεθείτε με τους κωδικούς σας TAXISnet.".into(),
        Problem::OtpNotVerified => "Δώστε πρώτα τον κωδικό μίας χρήσης που σας στείλαμε με SMS.".into(),
        Problem::RoleNotChosen => "Επιλέξτε πρώτα αν συνεχίζετε ως πολίτης ή ως φωτογράφος.".into(),
        Problem::ConsentRequired => {
            "Διαβάστε πρώτα το κείμενο για τα προσωπικά δεδομένα και δηλώστε ότι λάβατε γνώση. Χωρίς αυτό δεν μπορείτε να συνεχίσετε.".into()
        }
        Problem::WrongRole => "Η ενέργεια αυτή δεν επιτρέπεται με την ιδιότητα που έχετε επιλέξει. Αν έχετε και άλλη ιδιότητα, επιλέξτε εκείνη.".into(),
        Problem::ForeignOrigin => "Για την ασφάλειά σας, ενέργειες γίνονται δεκτές μόνο από τις σελίδες του myPhoto.".into(),
        Problem::UnsupportedMediaType { accepted } => {
            let name = match accepted {
                BodyType::Json => "JSON",
                BodyType::Jpeg => "εικόνα JPEG",
            };
            format!("Το περιεχόμενο πρέπει να είναι {name}, με κεφαλίδα Content-Type: {}.", accepted.media_type())
        }
        Problem::BodyTooLarge { limit } => {
            format!("Το αίτημα είναι μεγαλύτερο από {} byte, που είναι το όριο.", group_thousands(u64::try_from(*limit).unwrap_or(u64::MAX), '.'))
        }
        Problem::MalformedJson => "Το περιεχόμενο του αιτήματος δεν μπορεί να διαβαστεί ως JSON.".into(),
        Problem::InvalidField { field, reason } => field_detail(field, *reason),
        Problem::MissingConsent => "Για να συνεχίσετε πρέπει να συμφωνήσετε με το κείμενο: το πεδίο «agree» πρέπει να είναι true.".into(),
        Problem::ConsentVersionOld => "Το κείμενο με το οποίο συμφωνήσατε έχει αλλάξει. Διαβάστε το νέο κείμενο και συμφωνήστε ξανά.".into(),
        Problem::SignInState => "Η σύνδεση έχει ήδη χρησιμοποιηθεί, έληξε ή ξεκίνησε σε άλλον περιηγητή. Ξεκινήστε τη σύνδεση ξανά.".into(),
        Problem::SignInRefused => "Δεν ολοκληρώσατε τη σύνδεση στο TAXISnet. Αν θέλετε να συνδεθείτε, ξεκινήστε ξανά.".into(),
        Problem::ExchangeRefused => {
            "Ο κωδικός σύνδεσης της εφαρμογής έχει ήδη χρησιμοποιηθεί, έληξε ή ανήκει σε άλλη σύνδεση. Ξεκινήστε ξανά τη σύνδεση από την εφαρμογή.".into()
        }
        Problem::TaxisnetUnavailable => "Αυτή τη στιγμή δεν μπορούμε να επικοινωνήσουμε με το TAXISnet. Δοκιμάστε ξανά σε λίγο.".into(),
        Problem::RegistersUnavailable => {
            "Αυτή τη στιγμή δεν μπορούμε να επικοινωνήσουμε με τα μητρώα του Δημοσίου. Δοκιμάστε ξανά σε λίγο.".into()
        }
        Problem::RegistersMismatch => {
            "Τα μητρώα του Δημοσίου έδωσαν στοιχεία που δεν αντιστοιχούν στον αριθμό για τον οποίο ρωτήσαμε, γι' αυτό δεν τα χρησιμοποιήσαμε. Δοκιμάστε ξανά σε λίγο.".into()
        }
        Problem::PersonUnknown => {
            "Το TAXISnet σας αναγνώρισε, αλλά τα μητρώα του Δημοσίου δεν έχουν στοιχεία για τον ΑΦΜ σας. Απευθυνθείτε στη ΔΟΥ σας ή σε ΚΕΠ.".into()
        }
        Problem::NoConfirmedMobile => {
            "Δεν έχετε επιβεβαιώσει αριθμό κινητού στο Εθνικό Μητρώο Επικοινωνίας (ΕΜΕπ), οπότε δεν μπορούμε να σας στείλουμε κωδικό μίας χρήσης. \
             Δηλώστε και επιβεβαιώστε το κινητό σας στο emep.gov.gr και μετά συνδεθείτε ξανά."
                .into()
        }
        Problem::OtpMalformed => {
            format!("Ο κωδικός μίας χρήσης έχει {OTP_LENGTH} ψηφία. Η προσπάθεια αυτή δεν μετράει ως λάθος.")
        }
        Problem::OtpWrong { left } => {
            let left = match left {
                0 => "Δεν απομένει άλλη προσπάθεια".to_owned(),
                1 => "Απομένει 1 προσπάθεια".to_owned(),
                left => format!("Απομένουν {left} προσπάθειες"),
            };
            format!("Ο κωδικός μίας χρήσης δεν είναι σωστός. {left}.")
        }
        Problem::OtpExpired => {
            format!("Ο κωδικός μίας χρήσης ισχύει {} λεπτά και έληξε. Ζητήστε να σταλεί νέος.", OTP_VALID.as_seconds() / 60)
        }
        Problem::OtpExhausted => {
            format!("Δώσατε {WRONG_OTPS_MAX} φορές λάθος κωδικό μίας χρήσης και η σύνδεση ή η εξυπηρέτηση τερματίστηκε. Ξεκινήστε από την αρχή.")
        }
        Problem::OtpDailyLimit { renews_at } => format!(
            "Δόθηκε σήμερα {} φορές λάθος κωδικός μίας χρήσης για αυτό το πρόσωπο. Μπορείτε να δοκιμάσετε ξανά από τις {}.",
            Quota::WrongOtps.limit(),
            athens(*renews_at)
        ),
        Problem::OtpResendsExhausted => {
            format!("Ο κωδικός μίας χρήσης στέλνεται ξανά έως {RESENDS_MAX} φορές σε κάθε σύνδεση ή εξυπηρέτηση. Ξεκινήστε από την αρχή.")
        }
        Problem::OtpMessagesDailyLimit { renews_at } => format!(
            "Στάλθηκαν σήμερα {} μηνύματα με κωδικό μίας χρήσης στο κινητό αυτού του προσώπου. Μπορείτε να ζητήσετε νέο από τις {}.",
            Quota::OtpMessages.limit(),
            athens(*renews_at)
        ),
        Problem::OtpNotSent => "Το SMS με τον κωδικό μίας χρήσης δεν μπόρεσε να σταλεί. Δοκιμάστε ξανά σε λίγο.".into(),
        Problem::NotAwaitingOtp => "Σε αυτή τη σύνδεση ή εξυπηρέτηση ο κωδικός μίας χρήσης έχει ήδη δοθεί ή δεν χρειάζεται.".into(),
        Problem::RoleNotYours => "Η ιδιότητα αυτή δεν είναι διαθέσιμη για εσάς. Επιλέξτε μία από όσες σας δείχνει η υπηρεσία.".into(),
        Problem::StaffWithdrawn => {
            "Ο ιδιοκτήτης της επιχείρησης ανακάλεσε την εξουσιοδότησή σας. Μπορείτε να συνεχίσετε με άλλη ιδιότητα ή να απευθυνθείτε σε εκείνον.".into()
        }
        Problem::NotOwner => "Μόνο ο ιδιοκτήτης της επιχείρησης βλέπει και αλλάζει τους εξουσιοδοτημένους υπαλλήλους της.".into(),
        Problem::StaffIsOwner => "Δώσατε τον δικό σας ΑΦΜ. Δώστε τον ΑΦΜ ενός υπαλλήλου· εσείς ενεργείτε ήδη ως ιδιοκτήτης.".into(),
        Problem::StaffExhausted { limit } => {
            format!("Μια επιχείρηση εξουσιοδοτεί έως {limit} υπαλλήλους ταυτόχρονα. Ανακαλέστε πρώτα την εξουσιοδότηση κάποιου άλλου.")
        }
        Problem::CaseOver => {
            "Η εξυπηρέτηση έκλεισε ή έληξε ο χρόνος της, και από εδώ δεν γίνεται πια τίποτα για το πρόσωπο. Ανοίξτε νέα εξυπηρέτηση, αν χρειάζεται."
                .into()
        }
        Problem::CaseOpen => "Εξυπηρετείτε ένα πρόσωπο κάθε φορά. Κλείστε πρώτα την εξυπηρέτηση που είναι ανοιχτή. Αν είναι ανοιχτή σε άλλο \
             πρόγραμμα περιήγησης, κλείστε την εκεί ή περιμένετε να λήξει ο χρόνος της."
            .into(),
        Problem::CaseLimit { renews_at } => format!(
            "Ανοίξατε σήμερα {} εξυπηρετήσεις, που είναι το όριο της ημέρας. Μπορείτε να ανοίξετε άλλη από τις {}.",
            Quota::Cases.limit(),
            athens(*renews_at)
        ),
        Problem::CasePersonUnknown => {
            "Τα μητρώα του Δημοσίου δεν έχουν ενήλικο πρόσωπο με αυτόν τον αριθμό. Ελέγξτε τον αριθμό. Η αναζήτηση μετράει στο όριο της ημέρας.".into()
        }
        Problem::NoMobileAtKep => {
            "Το πρόσωπο δεν έχει επιβεβαιώσει αριθμό κινητού στο Εθνικό Μητρώο Επικοινωνίας (ΕΜΕπ), οπότε η παρουσία του δεν μπορεί να αποδειχθεί. \
             Πρέπει πρώτα να δηλώσει και να επιβεβαιώσει το κινητό του στο emep.gov.gr."
                .into()
        }
        Problem::OwnCase => "Δεν μπορείτε να εξυπηρετήσετε τον εαυτό σας. Συνεχίστε ως πολίτης ή απευθυνθείτε σε άλλον υπάλληλο.".into(),
        Problem::PresenceNotProven => "Αποδείξτε πρώτα την παρουσία του προσώπου, με τον κωδικό μίας χρήσης που έλαβε στο κινητό του ή, αν δεν στάλθηκε κωδικός, με δήλωσή σας.".into(),
        Problem::NotAtKep => "Αυτό το κάνει μόνο το ίδιο το πρόσωπο, όταν συνδεθεί με τους δικούς του κωδικούς.".into(),
        Problem::SubjectUnknown => {
            "Το πρόσωπο δεν έχει προστεθεί σε αυτή τη σύνδεση. Συνεχίστε από την αρχική σελίδα ή προσθέστε τον ανήλικο ξανά. Σε ΚΕΠ συνεχίστε από την εξυπηρέτηση που είναι ανοιχτή.".into()
        }
        Problem::CustodyNotConfirmed => {
            "Τα μητρώα δεν επιβεβαιώνουν την επιμέλεια ανηλίκου με αυτόν τον αριθμό σήμερα. Ελέγξτε τον αριθμό. Αν είναι σωστός, όποιος έχει \
             την επιμέλεια μπορεί να απευθυνθεί στο ληξιαρχείο."
                .into()
        }
        Problem::MinorIsAdult => {
            "Το πρόσωπο έχει συμπληρώσει τα 18 έτη. Από τότε συνδέεται με τους δικούς του κωδικούς TAXISnet και διαχειρίζεται μόνο του τις φωτογραφίες του.".into()
        }
        Problem::MinorAfmRequired => "Σύμφωνα με τα μητρώα ο ανήλικος έχει ΑΦΜ. Συμπληρώστε και τον ΑΦΜ του.".into(),
        Problem::MinorNumbersDiffer => {
            "Σύμφωνα με τα μητρώα ο ΑΦΜ που δώσατε δεν ανήκει στο πρόσωπο με αυτόν τον ΑΜΚΑ ή ΠΑΑΥΠΑ. Ελέγξτε και τους δύο αριθμούς.".into()
        }
        Problem::TooManyMinors { limit } => format!("Σε μία σύνδεση προσθέτετε έως {limit} ανηλίκους. Για άλλον, συνδεθείτε ξανά."),
        Problem::CodeMalformed(malformed) => {
            let what = match malformed {
                MalformedCode::Length(length) => {
                    format!("Ο κωδικάριθμος έχει {CODE_LENGTH} χαρακτήρες, χωρίς να μετρούν τα κενά· εσείς γράψατε {length}.")
                }
                MalformedCode::Character => {
                    "Υπάρχει χαρακτήρας που δεν επιτρέπεται. Ο κωδικάριθμος έχει μόνο λατινικά γράμματα και ψηφία.".to_owned()
                }
                MalformedCode::GreekLetter => "Υπάρχει ελληνικό γράμμα. Ο κωδικάριθμος έχει μόνο λατινικά γράμματα και ψηφία· αλλάξτε τη γλώσσα \
                                               του πληκτρολογίου και γράψτε τον ξανά."
                    .to_owned(),
                MalformedCode::Several => "Υπάρχουν περισσότεροι από ένας κωδικάριθμοι. Επικολλήστε μόνο έναν.".to_owned(),
                MalformedCode::LastCharacter => "Ο τελευταίος χαρακτήρας κάθε κωδικάριθμου είναι A, Q, g ή w, οπότε κάπου υπάρχει λάθος. Προσέξτε τα \
                                                 κεφαλαία και τα πεζά."
                    .to_owned(),
            };
            format!("{what} Η προσπάθεια αυτή δεν μετράει στο όριο της ημέρας.")
        }
        Problem::CodeNotActive => "Ο κωδικάριθμος δεν υπάρχει ή έχει λήξει. Ελέγξτε ότι τον γράψατε ακριβώς, με τα ίδια κεφαλαία και πεζά. Αν έχει \
                                   λήξει, ζητήστε από τον φωτογράφο νέο κωδικάριθμο."
            .into(),
        Problem::CodeTaken => "Ο κωδικάριθμος έχει συσχετιστεί με άλλο πρόσωπο και δεν μπορεί να χρησιμοποιηθεί εδώ. Αν τον είχατε συσχετίσει εσείς, \
             για τον εαυτό σας ή για ανήλικο, επιλέξτε το πρόσωπο αυτό και υποβάλετέ τον ξανά. Αλλιώς ζητήστε από τον φωτογράφο νέο κωδικάριθμο."
            .into(),
        Problem::CodeAlreadyYours => "Οι φωτογραφίες αυτού του κωδικάριθμου είναι ήδη συσχετισμένες με αυτό το πρόσωπο. Δεν χρειάζεται άλλη ενέργεια.".into(),
        Problem::CodeLimitReached { limit: CodeLimit::Business, renews_at } => format!(
            "Η επιχείρησή σας εξέδωσε όσους κωδικάριθμους επιτρέπεται να εκδώσει σε μία ημέρα. Οι φωτογραφίες που ανεβάσατε διατηρούνται για μία ημέρα: \
             μπορείτε να εκδώσετε τον επόμενο κωδικάριθμο από τις {}.",
            athens(*renews_at)
        ),
        Problem::CodeLimitReached { limit: CodeLimit::Recipient, renews_at } => format!(
            "Σε αυτό το κινητό ή email στάλθηκαν σήμερα {MESSAGES_PER_RECIPIENT_PER_DAY} μηνύματα με κωδικάριθμο, που είναι το όριο της ημέρας. Δώστε άλλο \
             κινητό ή email του προσώπου ή στείλτε τον κωδικάριθμο από τις {}.",
            athens(*renews_at)
        ),
        Problem::CodeLimitReached { limit: CodeLimit::Sms, renews_at } => format!(
            "Η υπηρεσία έστειλε όσα SMS με κωδικάριθμο μπορεί να στείλει σε μία ημέρα. Δώστε το email του προσώπου ή στείλτε το SMS από τις {}.",
            athens(*renews_at)
        ),
        Problem::SubmissionsExhausted { renews_at } => format!(
            "Υποβάλατε σήμερα {} διαφορετικούς κωδικάριθμους, που είναι το όριο της ημέρας. Μπορείτε να υποβάλετε άλλον από τις {}.",
            Quota::Submissions.limit(),
            athens(*renews_at)
        ),
        Problem::NoSubmission => "Δεν έχετε υποβάλει κωδικάριθμο για αυτό το πρόσωπο ή δεν ισχύει πια. Υποβάλετέ τον.".into(),
        Problem::SubmissionNotConfirmed => "Δείτε πρώτα τις φωτογραφίες και επιβεβαιώστε ότι είναι οι σωστές.".into(),
        Problem::AssociationExists { associated_at, expires_at } => format!(
            "Με το πρόσωπο αυτό είναι ήδη συσχετισμένες άλλες φωτογραφίες, από τις {} έως τις {}. Αποσυσχετίστε πρώτα εκείνες.",
            athens(*associated_at),
            athens(*expires_at)
        ),
        Problem::NothingAssociated => "Με το πρόσωπο αυτό δεν είναι συσχετισμένες φωτογραφίες. Υποβάλετε πρώτα έναν κωδικάριθμο.".into(),
        Problem::AssociationRaced => "Κάποιος άλλος μόλις συσχέτισε τις φωτογραφίες αυτού του κωδικάριθμου. Αν είναι δικές σας, ζητήστε από τον φωτογράφο νέο κωδικάριθμο.".into(),
        Problem::ReminderTooLate { expires_at } => {
            format!(
                "Οι φωτογραφίες λήγουν στις {}. Η ημέρα κατά την οποία θα στελνόταν η υπενθύμιση έχει ήδη έρθει.",
                time_text::athens(*expires_at, Language::El)
            )
        }
        Problem::ReminderWhenAdult => {
            "Την ημέρα κατά την οποία θα στελνόταν η υπενθύμιση το πρόσωπο θα έχει συμπληρώσει τα 18 έτη. Από τότε διαχειρίζεται μόνο του τις φωτογραφίες του και \
             μπορεί να δηλώσει δικό του email."
                .into()
        }
        Problem::ImageAbsent => "Οι φωτογραφίες αυτές δεν περιλαμβάνουν την εικόνα που ζητήσατε.".into(),
        Problem::ApplicationUnknown { application } => {
            format!("Δεν υπάρχει σε λειτουργία εφαρμογή «{application}». Επιλέξτε από τον κατάλογο των εφαρμογών.")
        }
        Problem::ProfileMismatch { application, needed, profile } => format!(
            "Η εφαρμογή «{application}» χρειάζεται φωτογραφίες για {}, ενώ οι συσχετισμένες είναι για {}. Ζητήστε από φωτογράφο φωτογραφίες με τις \
             προδιαγραφές που χρειάζεται.",
            profile_name(*needed),
            profile_name(*profile)
        ),
        Problem::FaceAbsent => "Έχετε συσχετίσει μόνο υπογραφή, ενώ κάθε εφαρμογή χρειάζεται φωτογραφία προσώπου. Ζητήστε από φωτογράφο \
             φωτογραφία προσώπου, αποσυσχετίστε την υπογραφή και υποβάλετε τον νέο κωδικάριθμο."
            .into(),
        Problem::AuthorizationsExhausted { limit } => {
            format!("Μπορείτε να έχετε έως {limit} εξουσιοδοτημένες εφαρμογές ταυτόχρονα. Ανακαλέστε πρώτα κάποια εξουσιοδότηση.")
        }
        Problem::RangeRequired { .. } => "Το αρχείο είναι πολύ μεγάλο για μία απάντηση. Ζητήστε το σε τμήματα με την κεφαλίδα Range, αρχίζοντας από bytes=0-.".into(),
        Problem::RangeNotSatisfiable { .. } => "Το τμήμα που ζητήσατε με την κεφαλίδα Range βρίσκεται έξω από το αρχείο.".into(),
        Problem::RequestUnsigned => {
            "Η διεύθυνση αυτή είναι για εφαρμογές του Δημοσίου. Στείλτε κεφαλίδα Authorization: Bearer με JWT υπογεγραμμένο με το κλειδί σας.".into()
        }
        Problem::SignatureRefused { fault } => signature_detail(*fault),
        Problem::PullRefused => {
            "Για το πρόσωπο αυτό δεν υπάρχει φωτογραφία που η εφαρμογή σας μπορεί να αντλήσει: δεν έχει συσχετίσει φωτογραφίες ή δεν έχει \
             εξουσιοδοτήσει την εφαρμογή σας. Τι από τα δύο συμβαίνει δεν αναφέρεται."
                .into()
        }
        Problem::ImageNotAllowed { kind } => {
            let image = match kind {
                ImageKind::Face => "στη φωτογραφία προσώπου",
                ImageKind::Signature => "στην υπογραφή",
            };
            format!("Ο σκοπός της εφαρμογής σας δεν της δίνει δικαίωμα {image}, ό,τι και αν έχει εξουσιοδοτήσει το πρόσωπο.")
        }
        Problem::PullUnknown => {
            "Με αυτό το αναγνωριστικό δεν έχει δοθεί εικόνα στην εφαρμογή σας, ή η εγγραφή της έχει λήξει. Απόφαση καταχωρίζεται μόνο για εικόνα που δόθηκε."
                .into()
        }
        Problem::PicturesMissing => "Δηλώστε φωτογραφία προσώπου, υπογραφή ή και τις δύο.".into(),
        Problem::UploadUnknown => "Η μεταφόρτωση δεν υπάρχει, έληξε ή ανήκει σε άλλη επιχείρηση. Ξεκινήστε νέα μεταφόρτωση.".into(),
        Problem::UploadIncomplete { kind } => {
            format!("Δηλώσατε {}, αλλά το αρχείο της δεν έφτασε. Στείλτε το αρχείο και δοκιμάστε ξανά.", the_image(*kind))
        }
        Problem::UploadAltered { kind } => {
            format!("Το αρχείο της {} δεν είναι αυτό που δηλώθηκε. Ξεκινήστε νέα μεταφόρτωση.", of_the_image(*kind))
        }
        Problem::BadPicture { kind, fault } => picture_detail(*kind, fault),
        Problem::UploadIssued => {
            "Από τη μεταφόρτωση αυτή έχει εκδοθεί κωδικάριθμος, οπότε οι εικόνες της δεν ελέγχονται πια. Δείτε τον στο ιστορικό σας.".into()
        }
        Problem::UploadRefused => "Η μεταφόρτωση αυτή έχει απορριφθεί, γιατί μια εικόνα της δεν πληρούσε τις προδιαγραφές. Ξεκινήστε νέα μεταφόρτωση.".into(),
        Problem::IssuanceConflict => {
            "Για τη μεταφόρτωση αυτή έχει ήδη εκδοθεί κωδικάριθμος, με άλλον παραλήπτη ή άλλη γλώσσα. Δείτε τον στο ιστορικό σας.".into()
        }
        Problem::WithoutFaceTooEarly => format!(
            "Κωδικάριθμος χωρίς αναγνώριση προσώπου εκδίδεται μόνο αφού απορριφθούν σε αυτή τη σύνδεση, μέσα σε {} ώρες, {REJECTIONS_NEEDED} μεταφορτώσεις \
             στις οποίες δεν βρέθηκε πρόσωπο. Φωτογραφίστε ξανά, με το πρόσωπο ολόκληρο και από μπροστά, και ανεβάστε τη νέα φωτογραφία.",
            REJECTION_VALID.as_seconds() / 3600
        ),
        Problem::ResendAssociated => {
            "Οι φωτογραφίες αυτού του κωδικάριθμου έχουν συσχετιστεί με κάποιο πρόσωπο, γι' αυτό δεν στέλνεται ξανά. Ο πολίτης τον βρίσκει στο αρχείο \
             που κατέβασε."
                .into()
        }
        Problem::ResendTooLate => format!(
            "Η επαναποστολή ενός κωδικάριθμου είναι δυνατή για {} ώρες από την έκδοσή του, και αυτές πέρασαν. Ανεβάστε ξανά τις φωτογραφίες για να εκδοθεί νέος \
             κωδικάριθμος.",
            RESEND_PERIOD.as_seconds() / 3600
        ),
        Problem::ResendExhausted { limit } => format!(
            "Ένας κωδικάριθμος στέλνεται ξανά έως {limit} φορές, και αυτός έχει ήδη σταλεί τόσες. Ανεβάστε ξανά τις φωτογραφίες για να εκδοθεί νέος \
             κωδικάριθμος."
        ),
        Problem::ResendInProgress => {
            "Το μήνυμα με αυτόν τον κωδικάριθμο στέλνεται αυτή ακριβώς τη στιγμή. Δείτε το ιστορικό σας σε δύο λεπτά και, αν χρειάζεται, στείλτε το \
             ξανά τότε."
                .into()
        }
        Problem::ResendUndeliverable { reason } => format!(
            "{}. Ο κωδικάριθμος δεν στέλνεται ξανά σε αυτή τη διεύθυνση. Διορθώστε τη ή στείλτε τον σε άλλο email ή κινητό.",
            delivery::failure(*reason, Language::El)
        ),
        Problem::Conflict => "Μια άλλη ενέργεια για τα ίδια στοιχεία έγινε την ίδια στιγμή. Δοκιμάστε ξανά.".into(),
        Problem::Throttled => "Υπάρχουν πολλά αιτήματα αυτή τη στιγμή. Δοκιμάστε ξανά σε λίγο.".into(),
        Problem::Internal => "Κάτι δεν πήγε καλά στην υπηρεσία. Δοκιμάστε ξανά σε λίγο.".into(),
        Problem::Timeout => "Η υπηρεσία δεν πρόλαβε να απαντήσει. Δοκιμάστε ξανά: η επανάληψη δεν προκαλεί πρόβλημα.".into(),
    }
}

fn signature_detail(fault: SignatureFault) -> String {
    match fault {
        SignatureFault::Malformed => format!(
            "Το αίτημα δεν έχει την αναμενόμενη μορφή: JWT έως {REQUEST_BYTES_MAX} byte, μόνο στην κεφαλίδα Authorization, με δική του κεφαλίδα το πολύ \
             alg, kid και typ, και κενό σώμα."
        ),
        SignatureFault::Algorithm => "Ο αλγόριθμος του JWT δεν είναι ένας από τους ES256, RS256 και EdDSA.".into(),
        SignatureFault::Signature => {
            "Η υπογραφή δεν γίνεται δεκτή. Ελέγξτε το αναγνωριστικό της εφαρμογής (iss), του κλειδιού (kid) και ότι το κλειδί είναι καταχωρισμένο για \
             αυτή την εφαρμογή με αυτόν τον αλγόριθμο. Τι από αυτά είναι λάθος δεν αναφέρεται."
                .into()
        }
        SignatureFault::Expired => {
            "Η ώρα έως την οποία ίσχυε το αίτημα (exp) έχει περάσει. Υπογράψτε νέο και ελέγξτε το ρολόι του συστήματός σας.".into()
        }
        SignatureFault::NotYetValid => {
            "Σύμφωνα με το ρολόι μας το αίτημα εκδόθηκε στο μέλλον (iat). Ελέγξτε το ρολόι του συστήματός σας.".into()
        }
        SignatureFault::Audience => {
            "Το αίτημα προορίζεται για άλλη διεύθυνση (aud). Πρέπει να είναι ακριβώς η διεύθυνση στην οποία αποστέλλεται.".into()
        }
        SignatureFault::Claims { claim: "exp" } => {
            format!("Το πεδίο exp πρέπει να είναι αριθμός δευτερολέπτων, έως {} μετά το iat.", REQUEST_VALID.as_seconds())
        }
        SignatureFault::Claims { claim } => format!("Το πεδίο {claim} του JWT λείπει ή δεν έχει την αναμενόμενη μορφή."),
        SignatureFault::Replayed => {
            "Το αίτημα αυτό έχει ήδη χρησιμοποιηθεί (jti). Υπογράψτε νέο για κάθε κλήση, και για κάθε επανάληψη.".into()
        }
    }
}

fn field_detail(field: &str, reason: FieldReason) -> String {
    match reason {
        FieldReason::Unknown => format!("Το πεδίο «{field}» δεν υπάρχει σε αυτό το αίτημα."),
        FieldReason::Missing => format!("Λείπει το πεδίο «{field}»."),
        FieldReason::WrongType => format!("Το πεδίο «{field}» δεν έχει σωστό τύπο."),
        FieldReason::NotAllowed => format!("Η τιμή του πεδίου «{field}» δεν είναι μία από τις επιτρεπτές."),
        FieldReason::InvalidMobile => {
            format!("Το πεδίο «{field}» πρέπει να είναι ελληνικός αριθμός κινητού: δέκα ψηφία που αρχίζουν από 69, με ή χωρίς +30.")
        }
        FieldReason::InvalidEmail => format!("Το πεδίο «{field}» πρέπει να είναι διεύθυνση email, όπως onoma@example.gr."),
        FieldReason::InvalidNumber => format!("Το πεδίο «{field}» δεν είναι έγκυρος αριθμός."),
        FieldReason::SeveralValues => format!("Το πεδίο «{field}» έχει περισσότερες από μία τιμές. Επικολλήστε μόνο μία."),
        FieldReason::TooLong { limit } => format!("Το πεδίο «{field}» επιτρέπεται να έχει έως {limit} χαρακτήρες."),
        FieldReason::NeedsDayOrMonth => {
            format!("Το πεδίο «{field}» χρησιμοποιείται μόνο μαζί με ημέρα («day») ή μήνα («month»).")
        }
        FieldReason::InvalidText { limit } => {
            format!(
                "Το πεδίο «{field}» πρέπει να είναι κείμενο από 1 έως {limit} χαρακτήρες, χωρίς χαρακτήρες που δεν επιτρέπονται σε αυτό."
            )
        }
    }
}

fn picture_detail(kind: ImageKind, fault: &PictureFault) -> String {
    let (image, of_image) = (the_image(kind), of_the_image(kind));
    match *fault {
        PictureFault::NotJpeg => {
            format!("Η {image} δεν είναι αρχείο JPEG. Αποθηκεύστε την ως JPEG· δεν αρκεί να αλλάξετε το όνομα του αρχείου.")
        }
        PictureFault::Damaged => format!(
            "Το αρχείο της {of_image} είναι κατεστραμμένο ή ελλιπές. Αντιγράψτε το ξανά από την κάμερα, ή ανοίξτε την εικόνα και αποθηκεύστε την ξανά ως JPEG."
        ),
        PictureFault::Unsupported(_) => format!(
            "Η {image} είναι σε είδος JPEG που δεν εμφανίζεται σωστά σε όλα τα προγράμματα. Ανοίξτε την σε πρόγραμμα επεξεργασίας εικόνας και αποθηκεύστε την ξανά ως JPEG."
        ),
        PictureFault::ColourProfile => format!(
            "Η {image} έχει χρωματικό προφίλ που δεν μπορεί να διατηρηθεί. Ανοίξτε την σε πρόγραμμα επεξεργασίας εικόνας, μετατρέψτε την σε sRGB και αποθηκεύστε την ξανά ως JPEG."
        ),
        PictureFault::TooManyBytes { measured, limit } => {
            format!(
                "Το αρχείο της {of_image} έχει μέγεθος {} byte· επιτρέπονται έως {}.",
                group_thousands(measured, '.'),
                group_thousands(limit, '.')
            )
        }
        PictureFault::TooManyPixels { measured, limit } => {
            format!("Η {image} έχει {} pixel· επιτρέπονται έως {}.", group_thousands(measured, '.'), group_thousands(limit, '.'))
        }
        PictureFault::TooSmall { width, height, min_width, min_height } => {
            format!("Η {image} είναι {width} × {height} pixel (πλάτος × ύψος)· πρέπει να είναι τουλάχιστον {min_width} × {min_height}.")
        }
        PictureFault::TooLarge { width, height, edge_max } => {
            format!(
                "Η {image} είναι {width} × {height} pixel (πλάτος × ύψος)· κάθε πλευρά επιτρέπεται να έχει έως {edge_max}. Φτιάξτε ένα μικρότερο αντίγραφό της."
            )
        }
        PictureFault::Proportion { width, height, expected: (across, up) } => format!(
            "Η {image} είναι {width} × {height} pixel (πλάτος × ύψος)· η αναλογία πλάτους προς ύψος πρέπει να είναι {across}:{up}, με απόκλιση έως \
             {TOLERANCE_PERCENT}%."
        ),
        PictureFault::Turned { orientation } => format!(
            "Η {image} έχει προσανατολισμό EXIF {orientation}, δηλαδή είναι αποθηκευμένη περιστραμμένη· επιτρέπεται μόνο 1 ή καμία ένδειξη. \
             Περιστρέψτε την σε πρόγραμμα επεξεργασίας εικόνας και αποθηκεύστε την ξανά: αν την περιστρέφαμε εμείς, θα άλλαζε."
        ),
        PictureFault::Shown(finding) => picture_report::failed(kind, &finding, Language::El),
    }
}
