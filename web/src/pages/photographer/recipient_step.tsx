import { useState } from "preact/hooks";

import { ProblemError, ConnectionError } from "../../api/client";
import { useAction } from "../../parts/action";
import { Button } from "../../parts/button";
import { Checkbox, Form, splitFailure } from "../../parts/form";
import { Notice } from "../../parts/notice";
import { Page } from "../../parts/page";
import { ConfirmDialog } from "../../typed/confirm_dialog";
import { issueCode, issued, recipient, uploadId } from "./draft";
import { currentBusiness, cacheIssuances } from "./issuances";
import { words } from "./new_words";
import { readRecipient, recipientFieldIds, RecipientFields, recipientErrors } from "./recipient_fields";
import { STEPS } from "./step";

/** Step 3: the recipient. It is shown once more before the code is issued. */
export function RecipientStep() {
  const t = words();
  const [wasSubmitted, setWasSubmitted] = useState(false);
  const [isConfirming, setIsConfirming] = useState(false);
  const submit = useAction(async () => {
    const business = currentBusiness();
    await issueCode();
    if (issued.value !== undefined) cacheIssuances([issued.value], business);
  });
  const to = recipient.value;
  const read = readRecipient(to);
  const inputErrors = wasSubmitted ? recipientErrors(to) : {};
  const hasInputErrors = Object.keys(inputErrors).length > 0;
  const { errors, other } = splitFailure(submit.failure, recipientFieldIds(to.kind));
  const shownErrors = hasInputErrors ? inputErrors : errors;
  const hasConflict = submit.failure instanceof ProblemError && submit.failure.problem.code === "issuance_conflict";
  return (
    <Page title={t.recipient.title} caption={t.step(3, STEPS.length)} back="/photographer/new?step=check">
      <Notice>
        <p>{t.recipient.never}</p>
      </Notice>
      <Form
        errors={shownErrors}
        failure={hasInputErrors ? undefined : other}
        onSubmit={() => {
          setWasSubmitted(true);
          setIsConfirming("value" in read);
        }}
      >
        {submit.failure instanceof ConnectionError && <p class="govgr-body">{t.recipient.lost}</p>}
        {hasConflict && (
          <p class="govgr-body">
            <a class="govgr-link" href={`/photographer/issued/${uploadId.value ?? ""}`}>
              {t.recipient.conflict}
            </a>
          </p>
        )}
        <RecipientFields
          value={to}
          errors={shownErrors}
          onChange={(value) => {
            recipient.value = value;
            submit.setFailure(undefined);
            setWasSubmitted(false);
          }}
        />
        <Checkbox id="reminder" label={t.recipient.reminder} hint={t.recipient.reminderHint} checked={to.reminder} onChange={(reminder) => (recipient.value = { ...to, reminder })} />
        <Button submit busy={submit.busy}>
          {t.recipient.submit}
        </Button>
      </Form>
      {isConfirming && "value" in read && (
        <ConfirmDialog
          purpose="confirm"
          value={read.value}
          onYes={() => {
            setIsConfirming(false);
            // What was shown is sent.
            recipient.value = { ...to, [to.kind]: read.value };
            void submit.run();
          }}
          onUse={(email) => {
            setIsConfirming(false);
            recipient.value = { ...to, email };
          }}
          onClose={() => setIsConfirming(false)}
        />
      )}
    </Page>
  );
}
