"""Tests of ses_report.py, and of the rule in template.yaml that it applies. Runs in the environment of the AWS tools."""

import json
import unittest

import ses_report

EMAIL = {
    "to": "maria@example.gr",
    "ses": {
        "message_id": "0100018c-000000",
        "configuration_set": "codes",
        "tags": {"message": ["019aa8f2-4b6a-7c1d-9e2f-3a4b5c6d7e8f"], "sending": ["019aa8f2-5c7b-7d2e-8f30-4b5c6d7e8f90"]},
    },
}


class Rule(unittest.TestCase):
    def test_the_sample_events_are_what_the_rule_makes_of_events_of_ses(self):
        for kind, file in (("unknown", "bounce"), ("complaint", "complaint"), ("reject", "reject")):
            sample = json.loads((ses_report.ROOT / f"events/record_bounce/{file}.json").read_text(encoding="utf-8"))
            self.assertEqual(ses_report.payload(kind, EMAIL, "codes"), sample, kind)

    def test_nothing_about_the_recipient_passes_the_rule(self):
        for kind in ses_report.KINDS:
            event = json.dumps(ses_report.event_about(kind, EMAIL))
            self.assertIn("maria@example.gr", event)
            report = json.dumps(ses_report.payload(kind, EMAIL, "codes"))
            self.assertNotRegex(report, r"maria|example|@|smtp", kind)

    def test_a_field_that_the_event_lacks_is_an_empty_text(self):
        report = ses_report.payload("permanent", EMAIL, "codes")
        self.assertEqual((report["bounce_type"], report["bounce_status"], report["complaint_feedback"]), ("Permanent", "", ""))

    def test_only_failures_of_tagged_emails_of_the_configuration_set_match(self):
        self.assertIsNone(ses_report.payload("delay", EMAIL, "codes"))
        self.assertIsNone(ses_report.payload("unknown", EMAIL, "others"))
        for tag in ("message", "sending"):
            tags = {name: values for name, values in EMAIL["ses"]["tags"].items() if name != tag}
            self.assertIsNone(ses_report.payload("unknown", {**EMAIL, "ses": {**EMAIL["ses"], "tags": tags}}, "codes"), tag)


if __name__ == "__main__":
    unittest.main()
