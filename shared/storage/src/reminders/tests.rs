use super::*;

fn subject() -> SubjectId {
    SubjectId::from_random([7; 16])
}

#[test]
fn the_subject_of_a_reminder_survives_writing_and_parsing() {
    for about in [About::Code { code_id: "a-b_c".to_owned() }, About::Association { subject: subject() }] {
        assert_eq!(About::parse(&about.name()).unwrap(), about);
    }
    for name in ["", "code", "person#1"] {
        assert!(About::parse(name).is_err(), "{name}");
    }
}

#[test]
fn reminders_are_spread_over_all_partition_keys_of_their_day() {
    let expires_at = Moment::from_epoch_seconds(1_800_000_000);
    let mut used = std::collections::BTreeSet::new();
    for byte in 0..100 {
        let about = About::Association { subject: SubjectId::from_random([byte; 16]) };
        let slot = about.slot(expires_at);
        assert!(slots(ReminderKind::Association.due_on(expires_at)).contains(&slot), "{slot}");
        used.insert(slot);
    }
    assert_eq!(used.len(), SHARDS, "not every key is used");
}

#[test]
fn a_reminder_whose_claim_has_expired_may_have_been_sent() {
    let at = Moment::from_epoch_seconds(1_000);
    let listed = |claimed_until| Listed {
        slot: String::new(),
        about: String::new(),
        set_id: String::new(),
        attempts: 0,
        claimed_until,
        expires_at: at,
    };
    let now = |seconds| Moment::from_epoch_seconds(seconds);
    for (claimed, seconds, is_claimed, may_have_been_sent) in
        [(None, 500, false, false), (Some(at), 999, true, false), (Some(at), 1_000, false, true)]
    {
        let reminder = listed(claimed);
        assert_eq!((reminder.is_claimed(now(seconds)), reminder.may_have_been_sent(now(seconds))), (is_claimed, may_have_been_sent));
    }
    assert!(!listed(None).is_over(now(999)) && listed(None).is_over(at));
}
