//! Texts of a picture report, for photographers. The text of a violated rule states the measured value, the allowed range, and the remedy.

use domain::{
    ImageKind, Language,
    picture_report::{Finding, Rule},
};
use serde_json::{Value, json};

use crate::numbers::group_thousands;

/// Maximum number of decimals of a measured value.
const DECIMALS_MAX: usize = 9;

/// Returns a measured value or limit of a finding as JSON: ratios rounded to four decimals, everything else to whole numbers. If the
/// measured value violates a limit and would be rounded to the same number as the limit, both get more decimals.
pub fn number(finding: &Finding, value: f64) -> Value {
    let decimals = decimals(finding, if finding.rule.unit() == Some("ratio") { 4 } else { 0 }, 1.0);
    if decimals == 0 {
        return json!(value.round() as i64);
    }
    json!(format!("{value:.decimals$}").parse().unwrap_or(value))
}

/// Returns the number of decimals, at least `decimals`, that distinguish the measured value from the limit that it violates. Both are
/// multiplied by `factor` before they are printed.
fn decimals(finding: &Finding, decimals: usize, factor: f64) -> usize {
    let (Some(measured), Some(limit), false) = (finding.measured, finding.crossed(), finding.ok) else { return decimals };
    let differ = |decimals: &usize| {
        format!("{:.decimals$}", measured * factor, decimals = *decimals) != format!("{:.decimals$}", limit * factor, decimals = *decimals)
    };
    (decimals..=DECIMALS_MAX).find(differ).unwrap_or(decimals)
}

/// Returns a fraction as JSON, rounded to four decimals.
pub fn fraction(value: f64) -> Value {
    json!((value * 10_000.0).round() / 10_000.0)
}

/// Returns the text of a finding, or `None` if the rule holds.
pub fn text(kind: ImageKind, finding: &Finding, language: Language) -> Option<String> {
    (!finding.ok).then(|| failed(kind, finding, language))
}

/// Returns the text of a violated rule: the fault and its remedy. Must not be called for a rule that holds.
pub(crate) fn failed(kind: ImageKind, finding: &Finding, language: Language) -> String {
    match language {
        Language::El => el(kind, finding),
        Language::En => en(kind, finding),
    }
}

/// Formats a value for people. [`Rule::Proportion`] and [`Rule::SideLight`] are shown as decimal numbers, other ratios in percent, and all
/// other values as whole numbers. A value that violates a limit gets more decimals if it would otherwise look equal to the limit. An angle
/// has no sign, because the text around it says in which direction the angle goes.
fn formatted(finding: &Finding, value: Option<f64>, language: Language) -> String {
    let (rule, value) = (finding.rule, value.unwrap_or_default());
    let (separator, point) = match language {
        Language::El => ('.', ","),
        Language::En => (',', "."),
    };
    if rule == Rule::Proportion {
        let decimals = decimals(finding, 3, 1.0);
        return format!("{value:.decimals$}").replace('.', point);
    }
    if rule == Rule::SideLight {
        let decimals = decimals(finding, 1, 1.0);
        return format!("{value:.decimals$}").replace('.', point);
    }
    if rule.unit() == Some("ratio") {
        let text = format!("{:.decimals$}", value * 100.0, decimals = decimals(finding, 2, 100.0));
        return format!("{}%", text.trim_end_matches('0').trim_end_matches('.').replace('.', point));
    }
    let text = format!("{:.decimals$}", value.abs(), decimals = decimals(finding, 0, 1.0));
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let whole = group_thousands(whole.parse().unwrap_or_default(), separator);
    let fraction = fraction.trim_end_matches('0');
    let number = if fraction.is_empty() { whole } else { format!("{whole}{point}{fraction}") };
    if rule.unit() == Some("degrees") { format!("{number}°") } else { number }
}

/// The formatted numbers of a finding.
struct Numbers {
    measured: String,
    least: String,
    most: String,
    /// True if the measured value is below its minimum, false if it is above its maximum.
    below: bool,
}

impl Numbers {
    fn of(finding: &Finding, language: Language) -> Self {
        Self {
            measured: formatted(finding, finding.measured, language),
            least: formatted(finding, finding.limit.least, language),
            most: formatted(finding, finding.limit.most, language),
            below: finding.is_below(),
        }
    }
}

fn el(kind: ImageKind, finding: &Finding) -> String {
    let Numbers { measured, least, most, below } = Numbers::of(finding, Language::El);
    let (image, of_image) = match kind {
        ImageKind::Face => ("φωτογραφία προσώπου", "φωτογραφίας προσώπου"),
        ImageKind::Signature => ("υπογραφή", "υπογραφής"),
    };
    match finding.rule {
        Rule::FileType => format!("Η {image} δεν είναι αρχείο JPEG. Αποθηκεύστε την ως JPEG· δεν αρκεί να αλλάξετε το όνομα του αρχείου."),
        Rule::FileWhole => format!(
            "Το αρχείο της {of_image} είναι κατεστραμμένο ή ελλιπές. Αντιγράψτε το ξανά από την κάμερα, ή ανοίξτε την εικόνα και αποθηκεύστε την ξανά ως JPEG."
        ),
        Rule::FileKind => format!(
            "Η {image} είναι σε είδος JPEG που δεν εμφανίζεται σωστά σε όλα τα προγράμματα. Ανοίξτε την σε πρόγραμμα επεξεργασίας εικόνας και αποθηκεύστε την ξανά ως JPEG."
        ),
        Rule::ColourProfile => format!(
            "Η {image} έχει χρωματικό προφίλ που δεν μπορεί να διατηρηθεί. Ανοίξτε την σε πρόγραμμα επεξεργασίας εικόνας, μετατρέψτε την σε sRGB και αποθηκεύστε την ξανά ως JPEG."
        ),
        Rule::ColourMode => format!(
            "Η {image} έχει χρώματα για εκτύπωση (CMYK) και άλλα προγράμματα μπορεί να δείξουν διαφορετικά χρώματα. Μετατρέψτε την σε sRGB και αποθηκεύστε την ξανά ως JPEG."
        ),
        Rule::Bytes => format!("Το αρχείο έχει μέγεθος {measured} byte· επιτρέπονται έως {most}. Αποθηκεύστε το με μεγαλύτερη συμπίεση."),
        Rule::Pixels => format!("Η {image} έχει {measured} pixel· επιτρέπονται έως {most}. Μικρύνετε τις διαστάσεις της."),
        Rule::Width => {
            format!("Η {image} έχει πλάτος {measured} pixel· χρειάζονται τουλάχιστον {least}. Ανεβάστε την σε μεγαλύτερη ανάλυση.")
        }
        Rule::Height => {
            format!("Η {image} έχει ύψος {measured} pixel· χρειάζονται τουλάχιστον {least}. Ανεβάστε την σε μεγαλύτερη ανάλυση.")
        }
        Rule::Proportion => {
            format!(
                "Η αναλογία πλάτους προς ύψος είναι {measured}· πρέπει να είναι από {least} έως {most}. Περικόψτε την εικόνα στη σωστή αναλογία."
            )
        }
        Rule::Orientation => format!(
            "Η {image} είναι αποθηκευμένη περιστραμμένη: έχει προσανατολισμό EXIF {measured}, ενώ επιτρέπεται μόνο {least} ή καμία ένδειξη. \
             Περιστρέψτε την σε πρόγραμμα επεξεργασίας εικόνας και αποθηκεύστε την ξανά."
        ),
        Rule::Tones => format!(
            "Η φωτογραφία είναι σχεδόν μονόχρωμη επιφάνεια: από το πιο σκούρο ως το πιο ανοιχτό σημείο έχει {measured} επίπεδα φωτεινότητας από \
             τα 255· χρειάζονται τουλάχιστον {least}. Ελέγξτε το αρχείο που στείλατε."
        ),
        Rule::Faces if below => format!(
            "Πρόσωπα που βρέθηκαν: {measured}· πρέπει να υπάρχει ακριβώς {least}. Το πρόσωπο πρέπει να φαίνεται ολόκληρο, από μπροστά, χωρίς κάτι \
             που το καλύπτει."
        ),
        Rule::Faces => format!(
            "Πρόσωπα που βρέθηκαν: {measured}· πρέπει να υπάρχει ακριβώς {most}. Στη φωτογραφία πρέπει να είναι μόνο ένας άνθρωπος, χωρίς εικόνες \
             προσώπων στο φόντο ή στα ρούχα."
        ),
        Rule::HeadHeight => format!(
            "Το κεφάλι, από το πηγούνι ως την κορυφή, πιάνει περίπου {measured} του ύψους της φωτογραφίας· πρέπει να είναι από {least} έως {most}. {}",
            if below {
                "Περικόψτε πιο κοντά στο πρόσωπο."
            } else {
                "Αφήστε περισσότερο χώρο γύρω από το κεφάλι."
            }
        ),
        Rule::EyeLine => format!(
            "Τα μάτια είναι περίπου στο {measured} του ύψους, μετρώντας από πάνω· πρέπει να είναι από {least} έως {most}. {}",
            if below {
                "Αφήστε περισσότερο χώρο πάνω από το κεφάλι."
            } else {
                "Αφήστε λιγότερο χώρο πάνω από το κεφάλι."
            }
        ),
        Rule::FaceCentre => format!(
            "Το μέσο του προσώπου είναι στο {measured} του πλάτους, μετρώντας από αριστερά· πρέπει να είναι από {least} έως {most}. Φέρτε το πρόσωπο στη \
             μέση."
        ),
        Rule::FaceMeasured => "Τα μάτια και το στόμα δεν μπορούν να ελεγχθούν, επειδή το πρόσωπο είναι μικρό, κομμένο ή πολύ στραμμένο στο πλάι. Ελέγξτε τα εσείς \
                               ή φωτογραφίστε ξανά από μπροστά και πιο κοντά."
            .to_owned(),
        Rule::EyesOpen => "Τα μάτια φαίνονται κλειστά. Φωτογραφίστε ξανά με ανοιχτά και τα δύο μάτια.".to_owned(),
        Rule::MouthClosed => "Το στόμα φαίνεται ανοιχτό. Φωτογραφίστε ξανά με κλειστό στόμα.".to_owned(),
        Rule::Expression => "Το πρόσωπο φαίνεται να χαμογελά. Χρειάζεται ουδέτερη έκφραση. Αν το στόμα έχει από τη φύση του αυτό το σχήμα, η φωτογραφία είναι \
                             σωστή."
            .to_owned(),
        Rule::HeadTurned => {
            format!("Το κεφάλι είναι στραμμένο στο πλάι κατά {measured}· επιτρέπεται έως {most}. Ζητήστε από το άτομο να κοιτάξει ευθεία στην κάμερα.")
        }
        Rule::HeadNodding if below => {
            format!("Το πηγούνι είναι πολύ ψηλά: το κεφάλι γέρνει {measured} προς τα πίσω· επιτρέπονται έως {most}. Ζητήστε από το άτομο να το χαμηλώσει.")
        }
        Rule::HeadNodding => {
            format!("Το πηγούνι είναι πολύ χαμηλά: το κεφάλι σκύβει {measured} προς τα εμπρός· επιτρέπονται έως {most}. Ζητήστε από το άτομο να το σηκώσει.")
        }
        Rule::HeadTilted => {
            format!("Το κεφάλι γέρνει προς τον ώμο κατά {measured}· επιτρέπεται έως {most}. Ισιώστε το κεφάλι ή περιστρέψτε την εικόνα.")
        }
        Rule::DarkGlasses => format!(
            "Τα μάτια δεν φαίνονται, επειδή καλύπτονται από σκούρα γυαλιά ή βρίσκονται σε βαθιά σκιά: σκούρο είναι {measured} της περιοχής γύρω τους· \
             επιτρέπεται έως {most}. Φωτογραφίστε ξανά χωρίς σκούρα γυαλιά, με φως από μπροστά."
        ),
        Rule::SideLight => format!(
            "Το φως έρχεται από το πλάι: η μία πλευρά του προσώπου είναι {measured} φορές πιο φωτεινή από την άλλη· επιτρέπεται έως {most}. Φωτίστε το πρόσωπο \
             ομοιόμορφα, από μπροστά."
        ),
        Rule::Sharpness => format!(
            "Το πρόσωπο δεν είναι ευκρινές: οι λεπτομέρειες είναι {measured} της αντίθεσής του· πρέπει να είναι τουλάχιστον {least}. Εστιάστε στα μάτια \
             και φωτογραφίστε ξανά."
        ),
        Rule::Underexposure => format!(
            "Το πρόσωπο είναι πολύ σκοτεινό: η φωτεινότητά του είναι {measured} από 255· πρέπει να είναι τουλάχιστον {least}. Χρειάζεται περισσότερο φως \
             στο πρόσωπο."
        ),
        Rule::Overexposure => format!(
            "Το πρόσωπο έχει καμένα σημεία: κατάλευκο είναι {measured} του προσώπου· επιτρέπεται έως {most}. Χρειάζεται λιγότερο ή πιο μαλακό φως."
        ),
        Rule::Colour => format!(
            "Η φωτογραφία είναι ασπρόμαυρη: τα χρώματά της απέχουν από το γκρι {measured} επίπεδα· πρέπει να απέχουν τουλάχιστον {least}. Ανεβάστε έγχρωμη \
             φωτογραφία."
        ),
        Rule::BackgroundEvenness => format!(
            "Το φόντο δεν είναι ομοιόμορφο: η φωτεινότητά του διαφέρει κατά {measured} επίπεδα· επιτρέπονται έως {most}. Χρειάζεται μονόχρωμο φόντο χωρίς \
             σκιές και αντικείμενα."
        ),
        Rule::BackgroundBrightness => format!(
            "Το φόντο είναι σκούρο: η φωτεινότητά του είναι {measured} από 255· πρέπει να είναι τουλάχιστον {least}. Χρειάζεται λευκό ή ανοιχτό γκρι φόντο."
        ),
        Rule::Ink if below => format!(
            "Δεν φαίνεται υπογραφή ή είναι πολύ μικρή: το μελάνι πιάνει {measured} της εικόνας· πρέπει να είναι τουλάχιστον {least}. Περικόψτε πιο κοντά \
             στην υπογραφή ή σαρώστε την ξανά."
        ),
        Rule::Ink => format!(
            "Η εικόνα δεν μοιάζει με υπογραφή: το μελάνι πιάνει {measured}· επιτρέπεται έως {most}. Ανεβάστε μόνο την υπογραφή, σε λευκό χαρτί."
        ),
        Rule::PaperBrightness => format!(
            "Το χαρτί δεν είναι λευκό: η φωτεινότητά του είναι {measured} από 255· πρέπει να είναι τουλάχιστον {least}. Σαρώστε την υπογραφή σε λευκό χαρτί, με \
             περισσότερο φως."
        ),
        Rule::InkContrast => format!(
            "Το μελάνι είναι αχνό: απέχει από το χαρτί {measured} επίπεδα φωτεινότητας· πρέπει να απέχει τουλάχιστον {least}. Υπογράψτε με σκούρο στυλό."
        ),
        Rule::InkColour => format!(
            "Το μελάνι δεν είναι σκούρο μπλε ή μαύρο: το κόκκινο ή το πράσινο υπερέχει του μπλε κατά {measured} επίπεδα· επιτρέπονται έως {most}. Υπογράψτε με \
             μπλε ή μαύρο στυλό."
        ),
        Rule::InkOnEdge => format!(
            "Η υπογραφή ακουμπά στην άκρη της εικόνας σε {measured} pixel· επιτρέπονται έως {most}. Αφήστε λευκό περιθώριο γύρω της, ώστε να φαίνεται ολόκληρη."
        ),
    }
}

fn en(kind: ImageKind, finding: &Finding) -> String {
    let Numbers { measured, least, most, below } = Numbers::of(finding, Language::En);
    let image = match kind {
        ImageKind::Face => "face photo",
        ImageKind::Signature => "image of the signature",
    };
    match finding.rule {
        Rule::FileType => format!("The {image} is not a JPEG file. Save it as JPEG; changing the file's name is not enough."),
        Rule::FileWhole => format!(
            "The file of the {image} is damaged or incomplete. Copy it again from the camera, or open the picture and save it again as JPEG."
        ),
        Rule::FileKind => format!(
            "The {image} is a kind of JPEG that not all programs show correctly. Open it in an image editor and save it again as JPEG."
        ),
        Rule::ColourProfile => format!(
            "The {image} has a colour profile that cannot be kept. Open it in an image editor, convert it to sRGB and save it again as JPEG."
        ),
        Rule::ColourMode => format!(
            "The {image} has the colours of print (CMYK), and other programs may show different colours. Convert it to sRGB and save it again as JPEG."
        ),
        Rule::Bytes => format!("The file has {measured} bytes; {most} are allowed at most. Save it with more compression."),
        Rule::Pixels => format!("The {image} has {measured} pixels; {most} are allowed at most. Make it smaller."),
        Rule::Width => format!("The {image} is {measured} pixels wide; {least} are needed at least. Give it in a higher resolution."),
        Rule::Height => format!("The {image} is {measured} pixels high; {least} are needed at least. Give it in a higher resolution."),
        Rule::Proportion => format!("Width to height is {measured}; it must be {least} to {most}. Crop the picture to that proportion."),
        Rule::Orientation => format!(
            "The {image} is stored rotated: EXIF orientation {measured}, where only {least} or none is allowed. Rotate it in an image editor and save it \
             again."
        ),
        Rule::Tones => format!(
            "The photo is nearly one flat tone: from its darkest to its lightest part there are {measured} levels of brightness of 255; at least {least} \
             are needed. Check the file that you sent."
        ),
        Rule::Faces if below => format!(
            "Faces found: {measured}; there must be exactly {least}. The whole face must be seen, from the front, with nothing that covers it."
        ),
        Rule::Faces => format!(
            "Faces found: {measured}; there must be exactly {most}. One person alone may be in the photo, with no pictures of faces in the background or \
             on clothes."
        ),
        Rule::HeadHeight => format!(
            "The head, from chin to crown, takes about {measured} of the photo's height; it must be {least} to {most}. {}",
            if below { "Crop closer to the face." } else { "Leave more room around the head." }
        ),
        Rule::EyeLine => format!(
            "The eyes are at about {measured} of the height, from above; they must be at {least} to {most}. {}",
            if below { "Leave more room above the head." } else { "Leave less room above the head." }
        ),
        Rule::FaceCentre => format!(
            "The middle of the face is at {measured} of the width, from the left; it must be at {least} to {most}. Bring the face to the middle."
        ),
        Rule::FaceMeasured => "Eyes and mouth cannot be checked, because the face is small, cropped or turned far to the side. Check them yourself, or take the \
                               picture again from the front and closer."
            .to_owned(),
        Rule::EyesOpen => "The eyes look closed. Take the picture again with both eyes open.".to_owned(),
        Rule::MouthClosed => "The mouth looks open. Take the picture again with the mouth closed.".to_owned(),
        Rule::Expression => "The face seems to smile. A neutral expression is needed. If the mouth has this shape by nature, the photo is fine.".to_owned(),
        Rule::HeadTurned => {
            format!("The head is turned to the side by {measured}; {most} is allowed at most. Ask the person to look straight into the camera.")
        }
        Rule::HeadNodding if below => {
            format!("The chin is too high: the head leans back by {measured}; {most} is allowed at most. Ask the person to lower the chin.")
        }
        Rule::HeadNodding => {
            format!("The chin is too low: the head leans forward by {measured}; {most} is allowed at most. Ask the person to raise the chin.")
        }
        Rule::HeadTilted => {
            format!("The head is tilted towards a shoulder by {measured}; {most} is allowed at most. Straighten the head, or rotate the picture.")
        }
        Rule::DarkGlasses => format!(
            "The eyes cannot be seen, because dark glasses cover them or they are in deep shadow: {measured} of the area around them is dark; {most} is \
             allowed at most. Take the picture again without dark glasses, with light from the front."
        ),
        Rule::SideLight => format!(
            "The light comes from one side: one side of the face is {measured} times as bright as the other; {most} is allowed at most. Light the face evenly, \
             from the front."
        ),
        Rule::Sharpness => format!(
            "The face is not sharp: fine detail is {measured} of its contrast; it must be at least {least}. Focus on the eyes and take the photo again."
        ),
        Rule::Underexposure => format!(
            "The face is too dark: its brightness is {measured} of 255; it must be at least {least}. More light is needed on the face."
        ),
        Rule::Overexposure => format!(
            "Parts of the face are burnt out: {measured} of it is blank white; {most} is allowed at most. Less light is needed, or a softer one."
        ),
        Rule::Colour => format!(
            "The photo is black and white: its colours are {measured} levels away from grey; they must be at least {least}. Give a colour photo."
        ),
        Rule::BackgroundEvenness => format!(
            "The background is not even: its brightness differs by {measured} levels; {most} are allowed at most. A plain background is needed, without \
             shadows and objects."
        ),
        Rule::BackgroundBrightness => format!(
            "The background is dark: its brightness is {measured} of 255; it must be at least {least}. A white or pale grey background is needed."
        ),
        Rule::Ink if below => format!(
            "No signature is seen, or it is very small: ink takes {measured} of the image; it must be at least {least}. Crop closer to the signature, or \
             scan it again."
        ),
        Rule::Ink => format!(
            "The image does not look like a signature: ink takes {measured} of it; {most} is allowed at most. Give the signature alone, on white paper."
        ),
        Rule::PaperBrightness => format!(
            "The paper is not white: its brightness is {measured} of 255; it must be at least {least}. Scan the signature on white paper, with more light."
        ),
        Rule::InkContrast => format!(
            "The ink is faint: it is {measured} levels of brightness away from the paper; it must be at least {least}. Sign with a dark pen."
        ),
        Rule::InkColour => format!(
            "The ink is not dark blue or black: red or green exceeds blue by {measured} levels; {most} are allowed at most. Sign with a blue or black pen."
        ),
        Rule::InkOnEdge => format!(
            "The signature touches the image's edge over {measured} pixels; {most} are allowed at most. Leave a white margin around it, so that it is seen \
             whole."
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use domain::picture_report::{Limit, Severity};

    use super::*;
    use crate::testing::has_greek;

    /// Returns each rule twice: violated at its minimum and at its maximum.
    fn violations() -> Vec<Finding> {
        let of = |rule, measured, limit| Finding { rule, severity: Severity::Warning, ok: false, measured, limit };
        let between = Limit { least: Some(0.46), most: Some(2_000.0) };
        Rule::ALL.into_iter().flat_map(|rule| [0.123, 54_321.0].map(|measured| of(rule, Some(measured), between))).collect()
    }

    #[test]
    fn every_violated_rule_has_a_text_in_greek_and_english_and_a_rule_that_holds_has_none() {
        for finding in violations() {
            for kind in ImageKind::ALL {
                let text_in = |language| text(kind, &finding, language).unwrap();
                let (el, en) = (text_in(Language::El), text_in(Language::En));
                assert!(has_greek(&el) && !has_greek(&en), "{el} / {en}");
                for text in [el, en] {
                    assert!(text.ends_with('.') && !text.contains("  "), "{text}");
                }
                assert_eq!(text(kind, &Finding { ok: true, ..finding }, Language::El), None);
            }
        }
    }

    #[test]
    fn no_greek_word_contains_a_latin_letter() {
        let mixed = |word: &str| has_greek(word) && word.chars().any(|c| c.is_ascii_alphabetic());
        for finding in violations() {
            let text = text(ImageKind::Face, &finding, Language::El).unwrap();
            assert_eq!(text.split(|c: char| !c.is_alphabetic()).find(|word| mixed(word)), None, "{text}");
        }
    }

    #[test]
    fn the_text_contains_the_measured_value_and_the_allowed_range() {
        let head = Finding {
            rule: Rule::HeadHeight,
            severity: Severity::Warning,
            ok: false,
            measured: Some(0.4072),
            limit: Limit { least: Some(0.46), most: Some(0.64) },
        };
        let text_in = |language| text(ImageKind::Face, &head, language).unwrap();
        assert!(["40,72%", "46%", "64%", "πιο κοντά"].iter().all(|part| text_in(Language::El).contains(part)), "{}", text_in(Language::El));
        assert!(["40.72%", "46%", "64%", "closer"].iter().all(|part| text_in(Language::En).contains(part)), "{}", text_in(Language::En));
        let nodding = |measured| Finding {
            rule: Rule::HeadNodding,
            measured: Some(measured),
            limit: Limit { least: Some(-18.0), most: Some(18.0) },
            ..head
        };
        let text_of = |finding| text(ImageKind::Face, &finding, Language::En).unwrap();
        assert!(text_of(nodding(-25.4)).contains("leans back by 25°; 18° is allowed"), "{}", text_of(nodding(-25.4)));
        assert!(text_of(nodding(25.6)).contains("leans forward by 26°; 18° is allowed"), "{}", text_of(nodding(25.6)));
        let light = Finding { rule: Rule::SideLight, measured: Some(1.94), limit: Limit { least: None, most: Some(1.7) }, ..head };
        assert!(text_of(light).contains("1.9 times as bright as the other; 1.7"), "{}", text_of(light));
        assert_eq!((number(&nodding(-25.4), -25.4), number(&light, 1.94)), (json!(-25), json!(1.94)));
        let wide = Finding { measured: Some(0.7), ..head };
        assert!(text(ImageKind::Face, &wide, Language::En).unwrap().contains("more room"));
        let limit = Limit { least: None, most: Some(3_000_000.0) };
        let bytes = Finding { rule: Rule::Bytes, measured: Some(4_000_000.0), limit, ..head };
        assert_eq!((number(&head, 0.407_249_9), number(&bytes, 12.0)), (json!(0.4072), json!(12)));
    }

    /// A picture of 800 x 1213 pixels has the proportion 0.65952. The minimum is 0.66. With three decimals, both would be shown as 0.660.
    #[test]
    fn a_violated_limit_never_looks_equal_to_the_measured_value() {
        let of = |rule, measured, least, most| {
            let limit = Limit { least, most };
            let finding = Finding { rule, severity: Severity::Error, ok: false, measured: Some(measured), limit };
            [Language::El, Language::En].map(|language| text(ImageKind::Face, &finding, language).unwrap())
        };
        for (texts, numbers) in [
            (of(Rule::Proportion, 800.0 / 1213.0, Some(0.66), Some(0.673_333)), ["0.6595", "0.6600", "0.6733"]),
            (of(Rule::Proportion, 2021.0 / 3000.0, Some(0.66), Some(2.0 / 3.0 * 1.01)), ["0.674", "0.660", "0.673"]),
            (of(Rule::Proportion, 0.5, Some(0.66), Some(0.673_333)), ["0.500", "0.660", "0.673"]),
            (of(Rule::HeadHeight, 0.459_996, Some(0.46), Some(0.64)), ["45.9996%", "46%", "64%"]),
            (of(Rule::Underexposure, 31.7, Some(32.0), None), ["31.7", "32", "255"]),
        ] {
            for (text, point) in texts.iter().zip([",", "."]) {
                assert!(numbers.iter().all(|number| text.contains(&number.replace('.', point))), "{text}");
            }
        }
        let dark = Finding {
            rule: Rule::Underexposure,
            severity: Severity::Warning,
            ok: false,
            measured: Some(31.7),
            limit: Limit { least: Some(32.0), most: None },
        };
        assert_eq!((number(&dark, 31.7), number(&dark, 32.0)), (json!(31.7), json!(32.0)));
    }

    #[test]
    fn every_rule_has_a_different_text() {
        let texts: HashSet<_> = violations().iter().map(|finding| (finding.rule, en(ImageKind::Face, finding))).collect();
        let different: HashSet<_> = texts.iter().map(|(_, text)| text).collect();
        assert_eq!(different.len(), texts.len());
    }
}
