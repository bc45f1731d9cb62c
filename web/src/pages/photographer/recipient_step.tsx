import { useState } from "preact/hooks";

import { Refused, Unanswered } from "../../api/client";
import { useAction } from "../../parts/action";
import { Button } from "../../parts/button";
import { Checkbox, Form, sorted } from "../../parts/form";
import { Notice } from "../../parts/notice";
import { Page } from "../../parts/page";
import { issue, issued, recipient, uploadId } from "./draft";
import { business, remember } from "./issuances";
import { words } from "./new_words";
import { RECIPIENT_FIELDS, RecipientFields, wrongRecipient } from "./recipient_fields";
import { STEPS } from "./step";

/** To whom, and off it goes. */
export function RecipientStep() {
  const t = words();
  const [pressed, setPressed] = useState(false);
  const send = useAction(async () => {
    const of = business();
    await issue();
    if (issued.value !== undefined) remember([issued.value], of);
  });
  const to = recipient.value;
  const mine = pressed ? wrongRecipient(to) : {};
  const hasMine = Object.keys(mine).length > 0;
  const { errors, other } = sorted(send.failure, RECIPIENT_FIELDS(to.kind));
  const shown = hasMine ? mine : errors;
  const hasConflict = send.failure instanceof Refused && send.failure.problem.code === "issuance_conflict";
  return (
    <Page title={t.recipient.title} caption={t.step(3, STEPS.length)} back="/photographer/new?step=check">
      <Notice>
        <p>{t.recipient.never}</p>
      </Notice>
      <Form
        errors={shown}
        failure={hasMine ? undefined : other}
        onSubmit={() => {
          setPressed(true);
          if (Object.keys(wrongRecipient(to)).length === 0) void send.run();
        }}
      >
        {send.failure instanceof Unanswered && <p class="govgr-body">{t.recipient.lost}</p>}
        {hasConflict && (
          <p class="govgr-body">
            <a class="govgr-link" href={`/photographer/issued/${uploadId.value ?? ""}`}>
              {t.recipient.conflict}
            </a>
          </p>
        )}
        <RecipientFields
          value={to}
          errors={shown}
          onChange={(value) => {
            recipient.value = value;
            send.setFailure(undefined);
            setPressed(false);
          }}
        />
        <Checkbox id="reminder" label={t.recipient.reminder} hint={t.recipient.reminderHint} checked={to.reminder} onChange={(reminder) => (recipient.value = { ...to, reminder })} />
        <Button submit busy={send.busy}>
          {t.recipient.submit}
        </Button>
      </Form>
    </Page>
  );
}
