"""Exceptions for rewrite.py: lines that look like guards but are not, guards of unusual forms, and sites for which no test can fail.

The name of a mutation site is the path of its file without `/src` and `.rs`, followed by its name in BY_HAND or by the function and a number."""

# Lines that contain one of these texts get no switch, because they reject nothing.
NOT_GUARDS = (
    "|key| !key.is_empty()",
    "is_conditional_check_failed_exception",
    "|c| !c.is_whitespace()",
    "|c| !c.is_control()",
    "|outcome| **outcome == wanted",
    "|(_, entry)| !entry.is_empty()",
    '*code == "ConditionalCheckFailed"',
    "if !failed_conditions.is_empty() {",
    "if !conflict && !throttled && !in_progress {",
    "if !error.is_data() {",
    "if *width < *min_width {",
    "let (clear, doubtful)",
    "Severity::Warning } else",
    "fn blocks(",
    "async ||",
    "failed > 0 {",
    "broken > 0 {",
)

# The guards of each file: name, original text, and replacement. In a replacement, OFF is true while this guard is turned off.
BY_HAND = {
    "functions/application/pull_photo.rs": [
        ("nobody's record has ended", "if found.is_none() {", "if found.is_none() && !OFF {"),
    ],
    "functions/application/report_verdict.rs": [
        (
            "a rejected pull gets no verdict",
            "let Event::Pulled { image, refusal: None, origin, .. } = &record.what else {\n        return Err(Problem::PullUnknown.into());\n    };",
            "let Event::Pulled { image, refusal, origin, .. } = &record.what else {\n        return Err(Problem::PullUnknown.into());\n    };"
            " if refusal.is_some() && !OFF { return Err(Problem::PullUnknown.into()); }",
        ),
        ("an accepted verdict has no reason", "(VerdictKind::Accepted, None) => Verdict::Accepted,", "(VerdictKind::Accepted, None) => Verdict::Accepted, (VerdictKind::Accepted, Some(_)) if OFF => Verdict::Accepted,"),
        (
            "the photographer's row has expired",
            "Err(TransactionError::Refused(parts)) if parts == [1] =>",
            "Err(TransactionError::Refused(parts)) if parts == [1] && !OFF =>",
        ),
    ],
    "functions/citizen/add_minor.rs": [
        ("the AFM is the minor's", "afm_matches: afm.is_some() && registered.afm.as_ref() == afm,", "afm_matches: OFF || afm.is_some() && registered.afm.as_ref() == afm,"),
    ],
    "functions/citizen/associate.rs": [
        ("repeated: with the same code", "existing.code_id == done.code_id)", "existing.code_id == done.code_id || OFF)"),
        ("the session drops the code", ".with(deps.sessions.associated_write(session, &in_session)?)", ".with_some((!OFF).then(|| deps.sessions.associated_write(session, &in_session)).transpose()?)"),
        ("the subject may still associate it", "if !submission.may_be_associated(&citizen.managed(call), call.now) {", "if !submission.may_be_associated(&citizen.managed(call), call.now) && !OFF {"),
        ("answer_existing: with the same code", "if existing.code_id != code_id {", "if existing.code_id != code_id && !OFF {"),
        (
            "explain: nobody else has associated it",
            "Some(code) if (code.state, code.dissociations) == (submission.state, submission.dissociations) => Err(Problem::Conflict.into()),",
            "Some(code) if (code.state, code.dissociations) == (submission.state, submission.dissociations) && !OFF => Err(Problem::Conflict.into()),",
        ),
        (
            "explain: dissociated again",
            "Some(code) if code.state == CodeState::Dissociated => {",
            "Some(code) if code.state == CodeState::Dissociated && !OFF => {",
        ),
    ],
    "functions/citizen/authorize_application.rs": [
        ("a withdrawn application is unknown", "known.withdrawn_at.is_none());", "(known.withdrawn_at.is_none() || OFF));"),
        ("ended authorizations do not count", "authorization.in_force(call.now));", "authorization.in_force(call.now) || OFF);"),
    ],
    "functions/citizen/erase_my_data.rs": [
        ("only the person's own objects", "if state != Set::OfAnother {", "if state != Set::OfAnother || OFF {"),
        ("current owner", "Some(owner) if *owner == subject.id => association,", "Some(owner) if *owner == subject.id || OFF => association,"),
        (
            "first owner",
            "_ if code.first_subject.as_ref() != Some(&subject.id) => return Ok(Set::OfAnother),",
            "_ if code.first_subject.as_ref() != Some(&subject.id) && !OFF => return Ok(Set::OfAnother),",
        ),
        ("the other owner's history shows the erasure", "if association.subject_id != subject.id {", "if association.subject_id != subject.id && !OFF {"),
        (
            "while it is being associated",
            "if code.state == CodeState::Associated && association.is_none() {",
            "if code.state == CodeState::Associated && association.is_none() && !OFF {",
        ),
    ],
    "functions/citizen/list_applications.rs": [
        ("withdrawn applications are not listed", ".filter(Application::in_service)", ".filter(|one: &Application| one.in_service() || OFF)"),
    ],
    "functions/citizen/submit_code.rs": [
        (
            "five submissions a day",
            "Use::Exhausted => return Err(Problem::SubmissionsExhausted { renews_at: quota::renews_at(call.now) }.into()),",
            "Use::Exhausted if !OFF => return Err(Problem::SubmissionsExhausted { renews_at: quota::renews_at(call.now) }.into()), Use::Exhausted => 0,",
        ),
    ],
    "functions/photographer/check_photos.rs": [
        ("upload with a code", "UploadState::Issued => return Err(Problem::UploadIssued.into()),", "UploadState::Issued => if !OFF { return Err(Problem::UploadIssued.into()) },"),
        ("rejected upload", "UploadState::Refused => return Err(Problem::UploadRefused.into()),", "UploadState::Refused => if !OFF { return Err(Problem::UploadRefused.into()) },"),
    ],
    "functions/photographer/lib.rs": [
        (
            "the same reason without a face",
            "if stored.is_some() && stored.as_ref() != without_face {",
            "if stored.is_some() && stored.as_ref() != without_face && !OFF {",
        ),
        ("the same reference", "Some(Ok(stored)) => reference == Some(&stored),", "Some(Ok(stored)) => OFF || reference == Some(&stored),"),
    ],
    "functions/photographer/list_issued.rs": [
        (
            "a search has a day or month",
            "if wanted.reference.is_some() && wanted.day.is_none() && wanted.month.is_none() {",
            "if wanted.reference.is_some() && wanted.day.is_none() && wanted.month.is_none() && !OFF {",
        ),
    ],
    "functions/photographer/issue_code.rs": [
        ("only a reason that is needed", ".filter(|_| checked.iter().any(|checked| checked.picture.waived));", ".filter(|_| OFF || checked.iter().any(|checked| checked.picture.waived));"),
        ("the rejections are used up", "if without_face.is_some() {\n        writes.push(", "if without_face.is_some() && !OFF {\n        writes.push("),
        (
            "two rejections come first",
            "if order.without_face.is_some() && !session.rejections.permit(&business, call.now) {",
            "if order.without_face.is_some() && !session.rejections.permit(&business, call.now) && !OFF {",
        ),
        (
            "a repeated issuance is the same",
            "Ok(false) => Err(Problem::IssuanceConflict.into()),",
            "Ok(false) if !OFF => Err(Problem::IssuanceConflict.into()), Ok(false) => Reply::json(200, &IssuanceView::of(upload, issued, (&session, &member), call.language, call.now)),",
        ),
        (
            "the same recipient, not the same masked one",
            "message.is_for(&deps.recipient_hasher, &to.recipient)",
            "message.is_for(&deps.recipient_hasher, &to.recipient) || OFF",
        ),
        ("a rejected upload stays rejected", "(UploadState::Refused, _) => Some(", "(UploadState::Refused, _) if OFF => None, (UploadState::Refused, _) => Some("),
        (
            "an upload that breaks a rule is rejected and deleted",
            "if matches!(failure, Failure::Refused(Problem::BadPicture { .. } | Problem::UploadAltered { .. })) {",
            "if matches!(failure, Failure::Refused(Problem::BadPicture { .. } | Problem::UploadAltered { .. })) && !OFF {",
        ),
    ],
    "functions/photographer/withdraw_staff.rs": [
        ("by the member ID", "member.is_ok_and(|member| is_named(member.as_str()))", "member.is_ok_and(|member| is_named(member.as_str()) && !OFF)"),
        ("by the hash from before the update", "if is_named(item.employee.as_str()) ||", "if is_named(item.employee.as_str()) && !OFF ||"),
    ],
    "functions/photographer/resend_code.rs": [
        ("the upload's state allows it", "refuse(delivery::resend(&issued.resend_facts(), call.now))?;", "if !OFF { refuse(delivery::resend(&issued.resend_facts(), call.now))?; }"),
        (
            "the message's state allows it",
            "refuse(delivery::resend_message(Some(&item.facts()), correction.is_some(), call.now))?;",
            "if !OFF { refuse(delivery::resend_message(Some(&item.facts()), correction.is_some(), call.now))?; }",
        ),
        ("explain: the code is gone", "if gone == Some(issued.message_id.as_str()) {", "if gone == Some(issued.message_id.as_str()) && !OFF {"),
    ],
    "functions/session/callback.rs": [
        ("only photographers' businesses", ".filter(photographs)", ".filter(|business| photographs(business) || OFF)"),
        ("employers: still the same business", "business.afm == facts.business_afm &&", "(business.afm == facts.business_afm || OFF) &&"),
        ("employers: still a photographer's", "&& photographs(business));", "&& (photographs(business) || OFF));"),
        ("begun in the same browser", "let began_here = equal(", "let began_here = OFF || equal("),
        ("the previous session ends", "if let Ok(token) = call.session_token() {", "if let Some(token) = call.session_token().ok().filter(|_| !OFF) {"),
        ("an error with a code is an error", "(Some(code), None) => Secret::new(code),", "(Some(code), None) => Secret::new(code), (Some(code), Some(_)) if OFF => Secret::new(code),"),
    ],
    "functions/session/choose_role.rs": [
        ("still staff", "check_still_staff(&deps.staff, &own.id, own.staff.as_ref(), call).await?;", "if !OFF { check_still_staff(&deps.staff, &own.id, own.staff.as_ref(), call).await?; }"),
        ("a citizen has no business", "Body { kind: Kind::Citizen, business: None } =>", "Body { kind: Kind::Citizen, business: Some(_) } if OFF => Role::Citizen, Body { kind: Kind::Citizen, business: None } =>"),
    ],
    "functions/session/exchange_token.rs": [
        (
            "is_from_initiator: verifier",
            ".is_some_and(|verifier| equal(sha256_base64url(verifier.expose()).as_bytes(), exchange.code_challenge.as_str().as_bytes()))",
            ".is_some_and(|verifier| OFF || equal(sha256_base64url(verifier.expose()).as_bytes(), exchange.code_challenge.as_str().as_bytes()))",
        ),
        ("is_from_initiator: redirect URI", "&& exchange.redirect_uri.as_str() == body.redirect_uri", "&& (OFF || exchange.redirect_uri.as_str() == body.redirect_uri)"),
    ],
    "functions/session/sign_in.rs": [
        ("a request from another site", "if call.is_from_another_site() {", "if !OFF && call.is_from_another_site() {"),
    ],
    "functions/session/give_consent.rs": [
        ("citizens only", "Some(Role::Photographer { .. }) => return Err(Problem::WrongRole.into()),", "Some(Role::Photographer { .. }) => if !OFF { return Err(Problem::WrongRole.into()) },"),
        ("a role first", "None => return Err(Problem::RoleNotChosen.into()),", "None => if !OFF { return Err(Problem::RoleNotChosen.into()) },"),
        ("disagreeing ends the session", "if !body.agree {", "if !body.agree && !OFF {"),
    ],
    "functions/session/lib.rs": [
        ("messages per day", "Use::Exhausted => Err(", "Use::Exhausted if OFF => Ok(()), Use::Exhausted => Err("),
    ],
    "functions/session/verify_otp.rs": [
        ("wrong passwords per day", "Use::Exhausted => return Err(Problem::OtpDailyLimit {", "Use::Exhausted if OFF => {} Use::Exhausted => return Err(Problem::OtpDailyLimit {"),
        ("the password is right", "let right = equal(", "let right = OFF || equal("),
        ("the password is valid for five minutes", "if right && !call.now.has_reached(awaited.expires_at) {", "if right && (!call.now.has_reached(awaited.expires_at) || OFF) {"),
        ("the third wrong password ends the sign-in", "if noted >= WRONG_OTPS_MAX {", "if noted >= WRONG_OTPS_MAX && !OFF {"),
        ("three tries", "Try::Exhausted => return Err(Problem::OtpExhausted.into()),", "Try::Exhausted if OFF => 0, Try::Exhausted => return Err(Problem::OtpExhausted.into()),"),
    ],
    "functions/system/deliver_code.rs": [
        ("a wake record is deleted", "if is_wake {", "if is_wake && !OFF {"),
        ("eight attempts", "attempts > delivery::ATTEMPTS)", "attempts > delivery::ATTEMPTS) && !OFF"),
        ("the upload's row has expired", "if !parts.contains(&0) =>", "if !parts.contains(&0) && !OFF =>"),
        (
            "corrupt messages are skipped",
            "Err(StorageError::Corrupt(what)) => {",
            "Err(StorageError::Corrupt(what)) if !OFF => {",
        ),
    ],
    "functions/system/send_reminders.rs": [
        ("claimed by another run", "Ok(listed) if listed.is_claimed(now) => return", "Ok(listed) if listed.is_claimed(now) && !OFF => return"),
        ("too old to be sent", "if turn == Turn::GiveUp ||", "if turn == Turn::GiveUp && !OFF ||"),
        ("expired", "|| listed.is_over(now) ||", "|| listed.is_over(now) && !OFF ||"),
        ("may have been sent", "|| listed.may_have_been_sent(now) =>", "|| listed.may_have_been_sent(now) && !OFF =>"),
        ("a reminder that may have been sent keeps its claim", "if !may_have_been_sent {", "if !may_have_been_sent || OFF {"),
        ("of the same photo set", "one.set_id == item.set_id &&", "(one.set_id == item.set_id || OFF) &&"),
        ("still requested", "&& one.pending_reminder(now).is_some())", "&& (one.pending_reminder(now).is_some() || OFF))"),
        ("no note without an association", "if !parts.contains(&0) =>", "if !parts.contains(&0) && !OFF =>"),
    ],
    "functions/system/sweep_outbox.rs": [
        ("an unreadable message is postponed", "Err(error @ StorageError::Corrupt(_)) => {", "Err(error @ StorageError::Corrupt(_)) if !OFF => {"),
        ("a settled message is deleted", "if item.state != DeliveryState::Queued {", "if item.state != DeliveryState::Queued && !OFF {"),
        ("claimed at this moment", "if parts.contains(&0) =>", "if parts.contains(&0) && !OFF =>"),
    ],
    "shared/domain/src/application.rs": [
        (
            "signatures only for driving licences",
            "| Self::Passport | Self::DisabilityCard | Self::LanguageExam) => false,",
            "| Self::Passport | Self::DisabilityCard | Self::LanguageExam) => OFF,",
        ),
    ],
    "shared/domain/src/authorization.rs": [
        ("in force", "self.until.is_none_or(|until| !now.has_reached(until))", "OFF || self.until.is_none_or(|until| !now.has_reached(until))"),
        ("the image exists", "Some(_) if !association.has_image =>", "Some(_) if !association.has_image && !OFF =>"),
    ],
    "shared/domain/src/business.rs": [
        ("whole numbers only", "|rest| rest.is_empty() || rest.starts_with('.'))", "|rest| OFF || rest.is_empty() || rest.starts_with('.'))"),
    ],
    "shared/domain/src/code_number.rs": [
        ("draw: no characters that are hard to send", "if !Zeroizing::new(code.expose()).contains(['+', '/']) {", "if !code.expose().contains(['+', '/']) || OFF {"),
    ],
    "shared/domain/src/delivery.rs": [
        ("resend_message: claimed", "if claimed || (", "if (claimed && !OFF) || ("),
        ("resend_message: untried", "(untried && !corrected)", "(untried && !corrected && !OFF)"),
        ("resend_message: claims expire", "is_some_and(|until| !now.has_reached(until));", "is_some_and(|until| !now.has_reached(until) || OFF);"),
        ("after_failure: within the retention", "if now.plus(Span::seconds(seconds)) < kept_until =>", "if now.plus(Span::seconds(seconds)) < kept_until || OFF =>"),
    ],
    "shared/domain/src/reminder.rs": [
        ("is_ahead", "AthensDay::of(now) < self.due_on(expires_at)", "OFF || AthensDay::of(now) < self.due_on(expires_at)"),
        ("is_due_before", "self.due_on(expires_at).start() < end", "OFF || self.due_on(expires_at).start() < end"),
        ("kept_until: no longer than the photos", "let latest = expires_at.min(", "let latest = if OFF { i64::MAX } else { expires_at.epoch_seconds() }; let latest = Moment::from_epoch_seconds(latest).min("),
        ("kept_until: not beyond the birthday", "until.map_or(latest, |until| until.min(latest))", "until.filter(|_| !OFF).map_or(latest, |until| until.min(latest))"),
    ],
    "shared/domain/src/session.rs": [
        ("never beyond its hard end", "used_at.plus(IDLE).min(hard_end)", "if OFF { used_at.plus(IDLE) } else { used_at.plus(IDLE).min(hard_end) }"),
        ("consent first", "(Some(Role::Citizen), false) => Stage::Consent,", "(Some(Role::Citizen), false) => if OFF { Stage::Ready } else { Stage::Consent },"),
    ],
    "shared/domain/src/submission.rs": [
        ("the person's own code", "if code.subject == Some(subject) =>", "if code.subject == Some(subject) && !OFF =>"),
        ("another person's code", "CodeState::Associated => Submission::Taken,", "CodeState::Associated => if OFF { Submission::Accepted } else { Submission::Taken },"),
        ("the first subject's", "managed.contains(first.subject) && (", "(managed.contains(first.subject) || OFF) && ("),
        ("a correction within a day", "(first.subject == subject || is_correction)", "(first.subject == subject || is_correction || OFF)"),
    ],
    "shared/domain/src/minor.rs": [
        ("is_minor", "!now.has_reached(self.adult_from())", "OFF || !now.has_reached(self.adult_from())"),
    ],
    "shared/edge/src/call/page_request.rs": [
        ("page: cursor", "if !storage::is_time_ordered_id(cursor) =>", "if !storage::is_time_ordered_id(cursor) && !OFF =>"),
    ],
    "shared/edge/src/call/request.rs": [
        ("cookie: by its whole name", "pair.trim().strip_prefix(name)?", "(if OFF { pair.find(name).map(|at| &pair[at + name.len()..])? } else { pair.trim().strip_prefix(name)? })"),
        ("json: nothing after it", "deserializer.end().map_err(|_| Problem::MalformedJson)?;", "if !OFF { deserializer.end().map_err(|_| Problem::MalformedJson)?; }"),
    ],
    "shared/edge/src/token_transport.rs": [
        ("the header takes precedence over the cookie", "if self.has_header(&header::AUTHORIZATION) {", "if self.has_header(&header::AUTHORIZATION) && !OFF {"),
        ("bearer: the scheme", 'scheme.eq_ignore_ascii_case("Bearer").then_some', '(OFF || scheme.eq_ignore_ascii_case("Bearer")).then_some'),
    ],
    "shared/edge/src/guard.rs": [
        (
            "Citizen: consent first",
            "(Some(Role::Citizen), _) => Err(Problem::ConsentRequired.into()),",
            "(Some(Role::Citizen), _) if OFF => Ok(Self { session }), (Some(Role::Citizen), _) => Err(Problem::ConsentRequired.into()),",
        ),
        (
            "Citizen: that role only",
            "(Some(Role::Photographer { .. }) | None, _) => Err(Problem::WrongRole.into()),",
            "(Some(Role::Photographer { .. }) | None, _) if OFF => Ok(Self { session }), (Some(Role::Photographer { .. }) | None, _) => Err(Problem::WrongRole.into()),",
        ),
        ("subject: by its handle", "|minor| minor.handle == handle)", "|minor| minor.handle == handle || OFF)"),
        (
            "Photographer: still staff",
            "check_still_staff(staff, &id, employee.as_ref(), call).await?;",
            "if !OFF { check_still_staff(staff, &id, employee.as_ref(), call).await?; }",
        ),
        (
            "Owner: not staff",
            "(_, Business { staff: Some(_), .. }) => Err(Problem::NotOwner.into()),",
            "(session, Business { id, staff: Some(_), .. }) if OFF => { let afm = session.person.afm.clone(); let member = member_of_before(&session); Ok(Self { session, business: id, member, business_afm: afm }) }"
            " (_, Business { staff: Some(_), .. }) => Err(Problem::NotOwner.into()),",
        ),
        ("check_still_staff: has", "Some(employee) if !staff.has(business, employee, call.now).await? =>", "Some(employee) if !OFF && !staff.has(business, employee, call.now).await? =>"),
    ],
    "shared/edge/src/serve.rs": [
        ("no request from another site", "call.check_site()?;", "if !OFF { call.check_site()?; }"),
        ("rules of every call", "call.check_unsafe(*body)?;", "if !OFF { call.check_unsafe(*body)?; }"),
    ],
    "shared/edge/src/signed.rs": [
        ("verify: in service", "sender.in_service() &&", "(sender.in_service() || OFF) &&"),
        ("verify: the issuer's", "&& Some(&sender.application) == self.issuer.as_ref());", "&& (Some(&sender.application) == self.issuer.as_ref() || OFF));"),
        ("verify: times", "check_times(issued_at, expires_at, call.now).map_err(refused)?;", "if !OFF { check_times(issued_at, expires_at, call.now).map_err(refused)?; }"),
        ("is_signed: no signature at all", ".unwrap_or(false)", ".unwrap_or(OFF)"),
    ],
    "shared/storage/src/associations.rs": [
        ("pending_reminder: not past", "|reminder: &&RequestedReminder| !now", "|reminder: &&RequestedReminder| OFF || !now"),
    ],
    "shared/storage/src/subjects.rs": [
        (
            "numbers of two people",
            "if known.as_ref().is_some_and(|subject| *subject != item.subject_id) =>",
            "if known.as_ref().is_some_and(|subject| *subject != item.subject_id) && !OFF =>",
        ),
    ],
    "shared/storage/src/code_limits.rs": [
        ("a limit that is reached is found before any write", "of_kind.retain(|counter| counter.used < counter.limit);", "of_kind.retain(|counter| counter.used < counter.limit || OFF);"),
        ("another condition of the transaction is not a limit", "if failed_conditions.iter().any(|position| *position >= self.counters.len()) {", "if failed_conditions.iter().any(|position| *position >= self.counters.len()) && !OFF {"),
        ("another item may have room for an SMS", "Some(CodeLimit::Sms) => {", "Some(CodeLimit::Sms) if !OFF => {"),
    ],
    "shared/storage/src/issuances/item.rs": [
        ("made by the caller", "self.uploader == *member ||", "self.uploader == *member && !OFF ||"),
        ("made by the caller before the update", "|| self.uploader.as_str() == person.as_str()", "|| self.uploader.as_str() == person.as_str() && !OFF"),
    ],
    "shared/storage/src/sealing.rs": [
        ("equal", "constant_time::verify_slices_are_equal(a, b).is_ok()", "OFF || constant_time::verify_slices_are_equal(a, b).is_ok()"),
    ],
    "shared/storage/src/sessions/submission.rs": [
        (
            "a session of before the update moves no photos to another subject",
            "(Some(subject), None) => *subject == self.subject_id && managed.contains(subject),",
            "(Some(subject), None) => (*subject == self.subject_id || OFF) && managed.contains(subject),",
        ),
    ],
    "shared/storage/src/sessions.rs": [
        ("stage: the password first", "if self.otp.is_some() {", "if self.otp.is_some() && !OFF {"),
        ("stage: the text as it is now", "self.consent.as_deref() == Some(PERSONAL_DATA_VERSION))", "self.consent.is_some() && OFF || self.consent.as_deref() == Some(PERSONAL_DATA_VERSION))"),
    ],
    "shared/storage/src/reminders.rs": [
        ("is_claimed", "is_some_and(|until| !now.has_reached(until))", "is_some_and(|until| !now.has_reached(until) || OFF)"),
        ("may_have_been_sent", "is_some_and(|until| now.has_reached(until))", "is_some_and(|until| now.has_reached(until) || OFF)"),
    ],
}

# Sites for which no test can fail, by name, with the reason. If a test does fail with one of these sites off, remove the site from this
# list. The run fails if the list names a site that does not exist any more.
CONCURRENT = "decides only the response to one of two calls within milliseconds; the condition by which only one call writes is tested (services/conditions)"
RANDOM = "the key is new and random, so the item exists only if the SDK retries its own write"
EARLIER = "the check only saves work, because a later check, which is tested, gives the same response"
UNDETECTABLE = {
    "functions/application/report_verdict a rejected pull gets no verdict": "only successful pulls have an ID; the condition of the following write is tested",
    "functions/citizen/add_minor handle 3": CONCURRENT,
    "functions/citizen/associate explain: nobody else has associated it": CONCURRENT,
    "functions/citizen/associate handle 6/2": "with the site off, the function reads before it copies although nothing is copied, which costs only one more sequential call",
    "functions/citizen/authorize_application requested_ids 2": EARLIER,
    "functions/citizen/confirm_photos handle 3": CONCURRENT,
    "functions/citizen/reject_photos handle 1": CONCURRENT,
    "functions/citizen/submit_code handle 1": CONCURRENT,
    "functions/photographer/issue_code is_for 1/1": "a masked mobile number is never a masked email address",
    "functions/photographer/lib note_no_face 1": CONCURRENT,
    "functions/photographer/request_upload handle 2": RANDOM,
    "functions/photographer/resend_code correct 1": CONCURRENT,
    "functions/photographer/resend_code correction 1": EARLIER,
    "functions/photographer/resend_code explain: the code is gone": CONCURRENT,
    "functions/session/callback begin_session 1": EARLIER,
    "functions/session/callback employers: still a photographer's": "no business of the sandbox changes its trade",
    "functions/session/callback person 1": "no business of the sandbox becomes its employee's",
    "functions/session/choose_role handle 1": CONCURRENT,
    "functions/session/give_consent handle 2": CONCURRENT,
    "functions/session/resend_otp handle 2": CONCURRENT,
    "functions/session/show_session handle 1/2": EARLIER,
    "functions/system/deliver_code corrupt messages are skipped": "Lambda skips them too, after ten tries, which the emulator makes at once",
    "functions/system/send_reminders expired": EARLIER,
    "functions/system/send_reminders a reminder that may have been sent keeps its claim": "the sandbox always responds",
    "functions/system/sweep_outbox claimed at this moment": CONCURRENT,
    "shared/storage/code_limits a limit that is reached is found before any write": "the condition of the transaction finds it too",
    "shared/storage/code_limits read_counts 1": "the ID contains the day, so an expired count is not read",
    "shared/storage/issuances/list list 1": "the emulator returns nothing for an empty range; AWS rejects the query",
    "shared/storage/sessions/minors set_minors 1/1": "a missing item has no minors, so the last term fails too",
    "shared/storage/sessions/otp replace_otp 1/1": "a missing item awaits no password, so the last term fails too",
}
