//! The English titles and details.

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
    time_text::athens(moment, Language::En)
}

const fn the_image(kind: ImageKind) -> &'static str {
    match kind {
        ImageKind::Face => "face photo",
        ImageKind::Signature => "signature image",
    }
}

const fn profile_name(profile: FileProfile) -> &'static str {
    match profile {
        FileProfile::Standard => "driving licence and passport",
        FileProfile::IdentityCard => "identity card",
    }
}

pub(super) const fn title(problem: &Problem) -> &'static str {
    match problem {
        Problem::NotFound => "Not found",
        Problem::MethodNotAllowed { .. } => "This address does not do that",
        Problem::NoSession | Problem::SessionExpired => "Sign in first",
        Problem::OtpNotVerified => "The one-time password is needed",
        Problem::RoleNotChosen => "No role chosen",
        Problem::ConsentRequired => "Your agreement is needed",
        Problem::WrongRole => "Not possible in this role",
        Problem::ForeignOrigin => "The request came from another site",
        Problem::UnsupportedMediaType { .. } => "Unsupported content type",
        Problem::BodyTooLarge { .. } => "Request too large",
        Problem::MalformedJson => "The request is not valid JSON",
        Problem::InvalidField { .. } => "A field of the request is wrong",
        Problem::MissingConsent => "You did not agree",
        Problem::ConsentVersionOld => "The text has changed",
        Problem::SignInState => "Sign-in has to start again",
        Problem::SignInRefused => "Sign-in cancelled",
        Problem::ExchangeRefused => "The app's sign-in has to start again",
        Problem::TaxisnetUnavailable => "TAXISnet does not answer",
        Problem::RegistersUnavailable => "The registers do not answer",
        Problem::RegistersMismatch => "The registers answered about another person",
        Problem::PersonUnknown => "The registers do not know you",
        Problem::NoConfirmedMobile => "You have no confirmed mobile number",
        Problem::OtpMalformed => "Not a one-time password",
        Problem::OtpWrong { .. } => "Wrong one-time password",
        Problem::OtpExpired => "The one-time password has expired",
        Problem::OtpExhausted => "Too many wrong one-time passwords",
        Problem::OtpDailyLimit { .. } => "Too many wrong one-time passwords today",
        Problem::OtpResendsExhausted => "The one-time password is not sent again",
        Problem::OtpMessagesDailyLimit { .. } => "Too many one-time passwords sent today",
        Problem::OtpNotSent => "The SMS was not sent",
        Problem::NotAwaitingOtp => "No one-time password is awaited",
        Problem::RoleNotYours => "You do not have this role",
        Problem::StaffWithdrawn => "You no longer act for this business",
        Problem::NotOwner => "For the owner of the business only",
        Problem::StaffIsOwner => "You own the business yourself",
        Problem::StaffExhausted { .. } => "Too many employees",
        Problem::CaseOver => "The case has ended",
        Problem::CaseOpen => "A case is open",
        Problem::CaseLimit { .. } => "Today's limit of cases is reached",
        Problem::CasePersonUnknown => "The registers do not know the person",
        Problem::NoMobileAtKep => "The person has no confirmed mobile number",
        Problem::OwnCase => "The number is your own",
        Problem::PresenceNotProven => "The presence is not proven",
        Problem::NotAtKep => "Not done at a KEP",
        Problem::SubjectUnknown => "Unknown person",
        Problem::CustodyNotConfirmed => "Custody is not confirmed",
        Problem::MinorIsAdult => "The person is of age",
        Problem::MinorAfmRequired => "The minor's AFM is needed too",
        Problem::MinorNumbersDiffer => "The numbers are not of one person",
        Problem::TooManyMinors { .. } => "Too many people in one session",
        Problem::CodeMalformed(_) => "Not a code number",
        Problem::CodeNotActive => "The code number is not active",
        Problem::CodeTaken => "The code number is somebody else's",
        Problem::CodeAlreadyYours => "The code number is already associated",
        Problem::SubmissionsExhausted { .. } => "Today's limit is reached",
        Problem::CodeLimitReached { limit: CodeLimit::Business, .. } => "Today's limit of codes is reached",
        Problem::CodeLimitReached { limit: CodeLimit::Recipient, .. } => "Too many codes sent to this recipient today",
        Problem::CodeLimitReached { limit: CodeLimit::Sms, .. } => "No more codes go out by SMS today",
        Problem::NoSubmission => "No code number submitted",
        Problem::SubmissionNotConfirmed => "The photos are not confirmed",
        Problem::AssociationExists { .. } => "There is an association already",
        Problem::NothingAssociated => "There is no association",
        Problem::AssociationRaced => "The code number has just been associated",
        Problem::ReminderTooLate { .. } => "It is too late for a reminder",
        Problem::ReminderWhenAdult => "The person will be of age by then",
        Problem::ImageAbsent => "There is no such image",
        Problem::ApplicationUnknown { .. } => "Unknown application",
        Problem::ProfileMismatch { .. } => "The application needs another specification",
        Problem::FaceAbsent => "There is no face photo",
        Problem::AuthorizationsExhausted { .. } => "Too many authorizations",
        Problem::RangeRequired { .. } => "The file is given in parts",
        Problem::RangeNotSatisfiable { .. } => "The file has no such part",
        Problem::RequestUnsigned => "The request is not signed",
        Problem::SignatureRefused { .. } => "The signed request is not accepted",
        Problem::PullRefused => "The image is not given",
        Problem::ImageNotAllowed { .. } => "This image is not for this application",
        Problem::PullUnknown => "Unknown pull",
        Problem::PicturesMissing => "No image declared",
        Problem::UploadUnknown => "Unknown upload",
        Problem::UploadIncomplete { .. } => "An image is missing",
        Problem::UploadAltered { .. } => "The image is not the one declared",
        Problem::BadPicture { .. } => "The image does not meet the specification",
        Problem::UploadIssued => "The code number has been issued",
        Problem::UploadRefused => "The upload was refused",
        Problem::IssuanceConflict => "A code number was already issued",
        Problem::WithoutFaceTooEarly => "Too early to issue a code number without a recognised face",
        Problem::ResendAssociated => "The code number has been associated",
        Problem::ResendTooLate => "Too late to send the code number again",
        Problem::ResendExhausted { .. } => "The code number is not sent again",
        Problem::ResendInProgress => "The message is being sent",
        Problem::ResendUndeliverable { .. } => "Not sent to this address again",
        Problem::Conflict => "Two actions at once",
        Problem::Throttled => "The service is busy",
        Problem::Internal => "Something went wrong",
        Problem::Timeout => "The answer took too long",
    }
}

pub(super) fn detail(problem: &Problem) -> String {
    match problem {
        Problem::NotFound => "There is nothing at this address. Check the address.".into(),
        Problem::MethodNotAllowed { .. } => "The address exists, but it does not accept this HTTP method.".into(),
        Problem::NoSession | Problem::SessionExpired => "You have not signed in, or your session has ended. Sign in with TAXISnet.".into(),
        Problem::OtpNotVerified => "First enter the one-time password that we sent you by SMS.".into(),
        Problem::RoleNotChosen => "First choose whether you go on as a citizen or as a photographer.".into(),
        Problem::ConsentRequired => {
            "First read the text on personal data and state that you have taken note of it. Nothing else works before that.".into()
        }
        Problem::WrongRole => "This is not allowed in the role that you have chosen. If you have another role, switch to it.".into(),
        Problem::ForeignOrigin => "For your safety, actions are accepted from the pages of myPhoto only.".into(),
        Problem::UnsupportedMediaType { accepted } => {
            let name = match accepted {
                BodyType::Json => "JSON",
                BodyType::Jpeg => "a JPEG picture",
            };
            format!("The content must be {name}, with the header Content-Type: {}.", accepted.media_type())
        }
        Problem::BodyTooLarge { limit } => {
            format!("The request is larger than the limit of {} bytes.", group_thousands(u64::try_from(*limit).unwrap_or(u64::MAX), ','))
        }
        Problem::MalformedJson => "The content of the request cannot be read as JSON.".into(),
        Problem::InvalidField { field, reason } => field_detail(field, *reason),
        Problem::MissingConsent => "To go on you have to agree to the text: the field \"agree\" must be true.".into(),
        Problem::ConsentVersionOld => "The text that you agreed to has changed. Read the new one and agree again.".into(),
        Problem::SignInState => "This sign-in was already used, has expired or began in another browser. Start to sign in again.".into(),
        Problem::SignInRefused => "You did not complete the sign-in at TAXISnet. To sign in, start again.".into(),
        Problem::ExchangeRefused => {
            "The app's sign-in code was already used, has expired or belongs to another sign-in. Start to sign in again from the app.".into()
        }
        Problem::TaxisnetUnavailable => "We cannot reach TAXISnet at the moment. Try again shortly.".into(),
        Problem::RegistersUnavailable => "We cannot reach the state's registers at the moment. Try again shortly.".into(),
        Problem::RegistersMismatch => {
            "The state's registers gave details that do not belong to the number we asked about, so we did not use them. Try again shortly.".into()
        }
        Problem::PersonUnknown => {
            "TAXISnet knows you, but the state's registers hold nothing for your AFM. Ask your tax office or a Citizens' Service Centre (KEP).".into()
        }
        Problem::NoConfirmedMobile => {
            "You have not confirmed a mobile number in the National Communications Register (EMEp), so we cannot send you a one-time password. \
             Register and confirm your mobile number at emep.gov.gr, then sign in again."
                .into()
        }
        Problem::OtpMalformed => format!("A one-time password has {OTP_LENGTH} digits. This does not count as a wrong try."),
        Problem::OtpWrong { left } => {
            let left = match left {
                0 => "No try is left".to_owned(),
                1 => "1 try is left".to_owned(),
                left => format!("{left} tries are left"),
            };
            format!("The one-time password is not right. {left}.")
        }
        Problem::OtpExpired => {
            format!("A one-time password is valid for {} minutes, and this one has expired. Ask for a new one.", OTP_VALID.as_seconds() / 60)
        }
        Problem::OtpExhausted => {
            format!("You entered a wrong one-time password {WRONG_OTPS_MAX} times, and the sign-in or the case has ended. Start again.")
        }
        Problem::OtpDailyLimit { renews_at } => format!(
            "A wrong one-time password was entered {} times today for this person. You can try again from {}.",
            Quota::WrongOtps.limit(),
            athens(*renews_at)
        ),
        Problem::OtpResendsExhausted => {
            format!("A one-time password is sent again {RESENDS_MAX} times at most in one sign-in or case. Start again.")
        }
        Problem::OtpMessagesDailyLimit { renews_at } => format!(
            "{} messages with a one-time password were sent to this person's mobile today. You can ask for another from {}.",
            Quota::OtpMessages.limit(),
            athens(*renews_at)
        ),
        Problem::OtpNotSent => "The SMS with the one-time password could not be sent. Try again shortly.".into(),
        Problem::NotAwaitingOtp => "In this session or case the one-time password was already given, or is not needed.".into(),
        Problem::RoleNotYours => "This role is not open to you. Choose one of the roles that the service shows you.".into(),
        Problem::StaffWithdrawn => {
            "The owner of the business has withdrawn your authorization. You can go on in another role, or ask the owner.".into()
        }
        Problem::NotOwner => "Only the owner of the business can see and change who its authorised employees are.".into(),
        Problem::StaffIsOwner => "The AFM that you gave is your own. Give the AFM of an employee; you act as the owner anyway.".into(),
        Problem::StaffExhausted { limit } => {
            format!("A business can authorise {limit} employees at a time. Withdraw the authorization of another one first.")
        }
        Problem::CaseOver => {
            "The case was closed or its time is over, and nothing more can be done for the person from here. Open a new case if it is needed.".into()
        }
        Problem::CaseOpen => "You serve one person at a time. First close the case that is open. If it is open in another browser, close it \
             there, or wait until its time is over."
            .into(),
        Problem::CaseLimit { renews_at } => format!(
            "You opened {} cases today, which is the day's limit. You can open another from {}.",
            Quota::Cases.limit(),
            athens(*renews_at)
        ),
        Problem::CasePersonUnknown => {
            "The state's registers have no adult with this number. Check the number. The search counts towards the day's limit.".into()
        }
        Problem::NoMobileAtKep => {
            "The person has not confirmed a mobile number in the National Communications Register (EMEp), so their presence cannot be proven. \
             They first have to register and confirm their mobile number at emep.gov.gr."
                .into()
        }
        Problem::OwnCase => "You cannot serve yourself. Continue as a citizen, or ask another clerk.".into(),
        Problem::PresenceNotProven => "First prove the person's presence, by the one-time password that they received on their mobile or, if none was sent, by your declaration.".into(),
        Problem::NotAtKep => "Only the person can do this, after signing in with their own credentials.".into(),
        Problem::SubjectUnknown => "This person has not been added in this session. Continue from the home page, or add the minor again. At a KEP, continue from the open case.".into(),
        Problem::CustodyNotConfirmed => {
            "The registers do not confirm custody today of a minor with this number. Check the number. If it is right, whoever has custody can ask \
             the registry office."
                .into()
        }
        Problem::MinorIsAdult => {
            "The person has turned 18. Since then they sign in with their own TAXISnet credentials and manage their photos alone.".into()
        }
        Problem::MinorAfmRequired => "The registers know an AFM of this minor. Give the AFM too.".into(),
        Problem::MinorNumbersDiffer => {
            "By the registers the AFM that you gave is not that of the person with this AMKA or PAAYPA. Check both numbers.".into()
        }
        Problem::TooManyMinors { limit } => format!("In one session you can add {limit} minors at most. For another, sign in again."),
        Problem::CodeMalformed(malformed) => {
            let what = match malformed {
                MalformedCode::Length(length) => {
                    format!("A code number has {CODE_LENGTH} characters, not counting blanks; you gave {length}.")
                }
                MalformedCode::Character => {
                    "There is a character that is not allowed. A code number has Latin letters and digits only.".to_owned()
                }
                MalformedCode::GreekLetter => "There is a Greek letter. A code number has Latin letters and digits only; change the language of the \
                                               keyboard and type it again."
                    .to_owned(),
                MalformedCode::Several => "There is more than one code number. Paste only one.".to_owned(),
                MalformedCode::LastCharacter => "The last character of every code number is A, Q, g or w, so there is a mistake somewhere. Mind capital \
                                                 and small letters."
                    .to_owned(),
            };
            format!("{what} This does not count against the day's limit.")
        }
        Problem::CodeNotActive => "The code number does not exist or has expired. Check that you typed it exactly, with the same capital and small \
                                   letters. If it has expired, ask the photographer for a new one."
            .into(),
        Problem::CodeTaken => "The code number has been associated with another person and cannot be used here. If you associated it before, for \
             yourself or for a minor, choose that person and enter it again. Otherwise ask the photographer for a new one."
            .into(),
        Problem::CodeAlreadyYours => "The photos of this code number are already associated with this person. There is nothing more to do.".into(),
        Problem::CodeLimitReached { limit: CodeLimit::Business, renews_at } => format!(
            "Your business has issued all the codes that it may issue in one day. The uploaded photos are kept for a day: you can issue the \
             next code from {}.",
            athens(*renews_at)
        ),
        Problem::CodeLimitReached { limit: CodeLimit::Recipient, renews_at } => format!(
            "{MESSAGES_PER_RECIPIENT_PER_DAY} messages with codes went to this mobile or email today, the most in one day. Give another mobile or email \
             of the person, or send it from {}.",
            athens(*renews_at)
        ),
        Problem::CodeLimitReached { limit: CodeLimit::Sms, renews_at } => format!(
            "The service has sent all the SMS with codes that it may send in one day. Give the person's email, or send the SMS from {}.",
            athens(*renews_at)
        ),
        Problem::SubmissionsExhausted { renews_at } => format!(
            "You submitted {} different code numbers today, which is the day's limit. You can submit another from {}.",
            Quota::Submissions.limit(),
            athens(*renews_at)
        ),
        Problem::NoSubmission => "You have not submitted a code number for this person, or it is no longer valid. Submit it.".into(),
        Problem::SubmissionNotConfirmed => "First look at the photos and confirm that they are the right ones.".into(),
        Problem::AssociationExists { associated_at, expires_at } => format!(
            "Other photos are already associated with this person, since {} and until {}. Dissociate those first.",
            athens(*associated_at),
            athens(*expires_at)
        ),
        Problem::NothingAssociated => "No photos are associated with this person. Submit a code number first.".into(),
        Problem::AssociationRaced => {
            "Somebody else has just associated the photos of this code number. If they are yours, ask the photographer for a new one.".into()
        }
        Problem::ReminderTooLate { expires_at } => {
            format!(
                "The photos expire on {}. The day on which the reminder would have gone out has already come.",
                time_text::athens(*expires_at, Language::En)
            )
        }
        Problem::ReminderWhenAdult => {
            "On the day on which the reminder would go out the person will have turned 18. From then on they manage their photos alone, and may give an \
             email of their own."
                .into()
        }
        Problem::ImageAbsent => "These photos do not include the image that you asked for.".into(),
        Problem::ApplicationUnknown { application } => {
            format!("No application \"{application}\" is in service. Choose from the list of applications.")
        }
        Problem::ProfileMismatch { application, needed, profile } => format!(
            "The application \"{application}\" needs photos for the {}, and those associated are for the {}. Ask a photographer for photos of the \
             specification that it needs.",
            profile_name(*needed),
            profile_name(*profile)
        ),
        Problem::FaceAbsent => "You have associated a signature alone, and every application needs a face photo. Ask a photographer for a face \
             photo, dissociate the signature, and submit the new code number."
            .into(),
        Problem::AuthorizationsExhausted { limit } => {
            format!("You can have {limit} authorised applications at a time. Withdraw an authorization first.")
        }
        Problem::RangeRequired { .. } => "The file is too large for one answer. Ask for it in parts with the Range header, beginning with bytes=0-.".into(),
        Problem::RangeNotSatisfiable { .. } => "The part that the Range header asks for lies outside the file.".into(),
        Problem::RequestUnsigned => {
            "This address is for applications of public bodies. Send the header Authorization: Bearer with a JWT signed by your key.".into()
        }
        Problem::SignatureRefused { fault } => signature_detail(*fault),
        Problem::PullRefused => {
            "For this person there is no photo that your application may pull: the person has associated none, or has not authorised your \
             application. Which of the two is not said."
                .into()
        }
        Problem::ImageNotAllowed { kind } => {
            format!("What your application is for gives no right to the {}, whatever the person has authorised.", the_image(*kind))
        }
        Problem::PullUnknown => {
            "No image was given to your application under this pull id, or its record has ended. A verdict is on an image that was given.".into()
        }
        Problem::PicturesMissing => "Declare a face photo, a signature image, or both.".into(),
        Problem::UploadUnknown => "The upload does not exist, has expired or belongs to another business. Start a new upload.".into(),
        Problem::UploadIncomplete { kind } => {
            format!("You declared a {}, but its file has not arrived. Send the file and try again.", the_image(*kind))
        }
        Problem::UploadAltered { kind } => format!("The file of the {} is not the one that was declared. Start a new upload.", the_image(*kind)),
        Problem::BadPicture { kind, fault } => picture_detail(*kind, fault),
        Problem::UploadIssued => {
            "A code number has been issued of this upload, so its pictures are not checked any more. See it in your history.".into()
        }
        Problem::UploadRefused => "This upload was refused because one of its images did not meet the specification. Start a new upload.".into(),
        Problem::IssuanceConflict => {
            "A code number was already issued for this upload, with another recipient or language. You find it in your history.".into()
        }
        Problem::WithoutFaceTooEarly => format!(
            "A code number can be issued without a recognised face only after {REJECTIONS_NEEDED} uploads of this session were rejected within {} hours because no face \
             was found. Take the picture again with the whole face visible, from the front, and upload it.",
            REJECTION_VALID.as_seconds() / 3600
        ),
        Problem::ResendAssociated => {
            "The photos of this code number have been associated with a person, so it is not sent again. The citizen finds it in the file that they downloaded.".into()
        }
        Problem::ResendTooLate => format!(
            "A code number can be sent again within {} hours of its issue, and those are over. Upload the photos again to issue a new code number.",
            RESEND_PERIOD.as_seconds() / 3600
        ),
        Problem::ResendExhausted { limit } => format!(
            "A code number can be sent again {limit} times, and this one has been. Upload the photos again to issue a new code number."
        ),
        Problem::ResendInProgress => {
            "The message with this code number is on its way at this very moment. Look at your history in two minutes, and send it again then if need be.".into()
        }
        Problem::ResendUndeliverable { reason } => format!(
            "{}. The code number is not sent to this address again. Correct the address, or send the code number to another email address or a mobile.",
            delivery::failure(*reason, Language::En)
        ),
        Problem::Conflict => "Something else was done with the same data at the same moment. Try again.".into(),
        Problem::Throttled => "There are many requests at the moment. Try again shortly.".into(),
        Problem::Internal => "Something went wrong in the service. Try again shortly.".into(),
        Problem::Timeout => "The service could not answer in time. Try again: repeating does no harm.".into(),
    }
}

fn signature_detail(fault: SignatureFault) -> String {
    match fault {
        SignatureFault::Malformed => format!(
            "The request is not of the expected form: a JWT of {REQUEST_BYTES_MAX} bytes at most, in the header Authorization alone, its own header with \
             alg, kid and typ at most, and an empty body."
        ),
        SignatureFault::Algorithm => "The JWT's algorithm is not one of ES256, RS256 and EdDSA.".into(),
        SignatureFault::Signature => {
            "The signature is not accepted. Check the application's id (iss), the key's id (kid), and that the key is registered for this application \
             with this algorithm. Which of them is wrong is not said."
                .into()
        }
        SignatureFault::Expired => "The time until which the request was valid (exp) has passed. Sign a new one and check your clock.".into(),
        SignatureFault::NotYetValid => "The request was issued in the future (iat), by our clock. Check yours.".into(),
        SignatureFault::Audience => "The request is meant for another address (aud). It must be the exact address that it is sent to.".into(),
        SignatureFault::Claims { claim: "exp" } => {
            format!("The claim exp must be a number of seconds, {} after iat at most.", REQUEST_VALID.as_seconds())
        }
        SignatureFault::Claims { claim } => format!("The claim {claim} is missing, or is not of the expected form."),
        SignatureFault::Replayed => "This request was used before (jti). Sign a new one for each call, also to try again.".into(),
    }
}

fn field_detail(field: &str, reason: FieldReason) -> String {
    match reason {
        FieldReason::Unknown => format!("This request has no field \"{field}\"."),
        FieldReason::Missing => format!("The field \"{field}\" is missing."),
        FieldReason::WrongType => format!("The field \"{field}\" is of the wrong type."),
        FieldReason::NotAllowed => format!("The value of the field \"{field}\" is not one of those allowed."),
        FieldReason::InvalidMobile => {
            format!("The field \"{field}\" must be a Greek mobile number: ten digits that begin with 69, with or without +30.")
        }
        FieldReason::InvalidEmail => format!("The field \"{field}\" must be an email address, such as name@example.gr."),
        FieldReason::InvalidNumber => format!("The field \"{field}\" is not a valid number."),
        FieldReason::SeveralValues => format!("The field \"{field}\" has more than one value. Paste only one."),
        FieldReason::TooLong { limit } => format!("The field \"{field}\" may have {limit} characters at most."),
        FieldReason::NeedsDayOrMonth => {
            format!("The field \"{field}\" can be used only together with a day (\"day\") or a month (\"month\").")
        }
        FieldReason::InvalidText { limit } => {
            format!("The field \"{field}\" must be a text of 1 to {limit} characters, without characters that are not allowed in it.")
        }
    }
}

fn picture_detail(kind: ImageKind, fault: &PictureFault) -> String {
    let image = the_image(kind);
    match *fault {
        PictureFault::NotJpeg => format!("The {image} is not a JPEG file. Save it as JPEG; changing the file's name is not enough."),
        PictureFault::Damaged => format!(
            "The file of the {image} is damaged or incomplete. Copy it again from the camera, or open the picture and save it again as JPEG."
        ),
        PictureFault::Unsupported(_) => format!(
            "The {image} is a kind of JPEG that not all programs show correctly. Open it in an image editor and save it again as JPEG."
        ),
        PictureFault::ColourProfile => format!(
            "The {image} has a colour profile that cannot be kept. Open it in an image editor, convert it to sRGB and save it again as JPEG."
        ),
        PictureFault::TooManyBytes { measured, limit } => {
            format!(
                "The file of the {image} has {} bytes; {} are allowed at most.",
                group_thousands(measured, ','),
                group_thousands(limit, ',')
            )
        }
        PictureFault::TooManyPixels { measured, limit } => {
            format!("The {image} has {} pixels; {} are allowed at most.", group_thousands(measured, ','), group_thousands(limit, ','))
        }
        PictureFault::TooSmall { width, height, min_width, min_height } => {
            format!("The {image} is {width} × {height} pixels (width × height); it must be at least {min_width} × {min_height}.")
        }
        PictureFault::TooLarge { width, height, edge_max } => {
            format!(
                "The {image} is {width} × {height} pixels (width × height); each edge may have {edge_max} at most. Make a smaller copy of it."
            )
        }
        PictureFault::Proportion { width, height, expected: (across, up) } => format!(
            "The {image} is {width} × {height} pixels (width × height); width to height must be {across}:{up}, within {TOLERANCE_PERCENT}%."
        ),
        PictureFault::Turned { orientation } => format!(
            "The {image} has EXIF orientation {orientation}: it is stored rotated; only 1 or none is allowed. Rotate it in an image editor and save it \
             again: if we rotated it, it would change."
        ),
        PictureFault::Shown(finding) => picture_report::failed(kind, &finding, Language::En),
    }
}
