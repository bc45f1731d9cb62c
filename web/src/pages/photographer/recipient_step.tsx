import { useState } from "preact/hooks";

import { ProblemError, ConnectionError } from "../../api/client";
import { useAction } from "../../parts/action";
import { Button } from "../../parts/button";
import { Checkbox, Form, splitFailure, type Errors } from "../../parts/form";
import { Notice } from "../../parts/notice";
import { Page } from "../../parts/page";
import { ConfirmDialog } from "../../typed/confirm_dialog";
import { issueCode, issued, mayIssue, recipient, uploadId } from "./draft";
import { currentBusiness, cacheIssuances } from "./issuances";
import { words } from "./new_words";
import { readRecipient, recipientFieldIds, RecipientFields, recipientErrors } from "./recipient_fields";
import { referenceErrors, ReferenceField } from "./reference_field";
import { STEPS } from "./step";
import { useKeepForLater } from "./stored/later";
import { words as storedWords } from "./stored/words";

/** Step 3: the recipient. A dialog shows the recipient once more before the code is issued. */
export function RecipientStep() {
  const t = words();
  const [wasSubmitted, setWasSubmitted] = useState(false);
  const [isConfirming, setIsConfirming] = useState(false);
  const submit = useAction(async () => {
    const business = currentBusiness();
    await issueCode();
    if (issued.value !== undefined) cacheIssuances([issued.value], business);
  });
  const later = useKeepForLater();
  const isUnchecked = !mayIssue.value;
  const to = recipient.value;
  const read = readRecipient(to);
  const inputErrors: Errors = wasSubmitted ? { ...recipientErrors(to), ...referenceErrors(to.reference) } : {};
  const hasInputErrors = Object.keys(inputErrors).length > 0;
  const { errors, other } = splitFailure(submit.failure, { ...recipientFieldIds(to.kind), reference: "reference" });
  const shownErrors = hasInputErrors ? inputErrors : errors;
  const hasConflict = submit.failure instanceof ProblemError && (submit.failure.problem.code === "issuance_conflict" || submit.failure.problem.code === "upload_issued");
  return (
    <Page title={t.recipient.title} caption={t.step(3, STEPS.length)} back="/photographer/new?step=check">
      <Notice>
        <p>{t.recipient.never}</p>
      </Notice>
      {isUnchecked && (
        <Notice kind="warning">
          <p>{storedWords().later.unchecked}</p>
        </Notice>
      )}
      {later.failure}
      <Form
        errors={shownErrors}
        failure={hasInputErrors ? undefined : other}
        onSubmit={() => {
          setWasSubmitted(true);
          setIsConfirming("value" in read && Object.keys(referenceErrors(to.reference)).length === 0);
        }}
      >
        {submit.failure instanceof ConnectionError && (
          <>
            <p class="govgr-body">{t.recipient.lost}</p>
            <Button variant="secondary" busy={later.busy} onClick={later.keep}>
              {storedWords().later.keep}
            </Button>
          </>
        )}
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
        <ReferenceField
          value={to.reference}
          error={shownErrors.reference}
          onInput={(reference) => {
            recipient.value = { ...to, reference };
            submit.setFailure(undefined);
            setWasSubmitted(false);
          }}
        />
        <Checkbox id="reminder" label={t.recipient.reminder} hint={t.recipient.reminderHint} checked={to.reminder} onChange={(reminder) => (recipient.value = { ...to, reminder })} />
        <Button submit busy={submit.busy || later.busy}>
          {isUnchecked ? storedWords().later.keep : t.recipient.submit}
        </Button>
      </Form>
      {isConfirming && "value" in read && (
        <ConfirmDialog
          purpose={isUnchecked ? "confirmLater" : "confirm"}
          value={read.value}
          onYes={() => {
            setIsConfirming(false);
            // Sends the recipient exactly as the dialog showed it.
            recipient.value = { ...to, [to.kind]: read.value };
            void (isUnchecked ? later.keep() : submit.run());
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
