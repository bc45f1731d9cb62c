import { useState } from "preact/hooks";

import { responseData, api } from "../../api/client";
import { useAction } from "../../parts/action";
import { Button } from "../../parts/button";
import { Field, Form, splitFailure } from "../../parts/form";
import { Notice } from "../../parts/notice";
import { Loading, Page } from "../../parts/page";
import { ConfirmDialog } from "../../typed/confirm_dialog";
import { typedEmail } from "../../typed/email";
import { ReadNote, SuggestionNote } from "../../typed/notes";
import { suggestEmail } from "../../typed/suggestion";
import { words as typedWords } from "../../typed/words";
import { day, daysLeft } from "../../words/dates";
import { language } from "../../words/language";
import { URGENT_DAYS, useAssociation } from "./association";
import type { Subject } from "./subject";
import { RedirectWithMessage } from "./status_message";
import { ErrorMessage } from "./error_message";
import { words } from "./words/records";

/** Sets the email address for the reminder. There is only one reminder, which is sent before the photos expire. */
export function Reminder({ subject }: { subject: Subject }) {
  const t = words().reminder;
  const association = useAssociation(subject.handle);
  const [email, setEmail] = useState("");
  const [isInvalid, setIsInvalid] = useState(false);
  const [isConfirming, setIsConfirming] = useState(false);
  const [done, setDone] = useState<"saved" | "removed">();
  const params = { path: { subject: subject.handle } };
  const read = typedEmail(email);
  const save = useAction(async (typed: string) => {
    setDone(undefined);
    association.setData(await responseData(api.PUT("/v1/subjects/{subject}/association/reminder", { params, body: { email: typed, language: language.value } })));
    setEmail("");
    setDone("saved");
  });
  const remove = useAction(async () => {
    setDone(undefined);
    // The OpenAPI description declares a string, although the service also accepts null.
    const body = { email: null } as unknown as { email: string };
    association.setData(await responseData(api.PUT("/v1/subjects/{subject}/association/reminder", { params, body })));
    setDone("removed");
  });
  if (association.data === null) return <RedirectWithMessage path={subject.home} messageKey="nothingAssociated" />;
  const reminder = association.data?.reminder;
  const isTooLate = association.data !== undefined && daysLeft(association.data.expires_at) < URGENT_DAYS;
  const serviceErrors = splitFailure(save.failure, { email: "email" });
  const errors = isInvalid && "error" in read ? { email: read.error === "several" ? typedWords().several : t.wrong } : serviceErrors.errors;
  const useSuggestion = (suggested: string) => {
    setEmail(suggested);
    setIsInvalid(false);
    setIsConfirming(false);
  };
  return (
    <Page title={t.title} caption={subject.name} back={subject.home}>
      <p class="govgr-body">{t.lead}</p>
      {subject.minor !== undefined && <p class="govgr-body">{t.leadMinor(day(subject.minor.adult_on))}</p>}
      {association.failure !== undefined && <ErrorMessage failure={association.failure} onRetry={association.reload} subject={subject} />}
      {association.data === undefined && association.failure === undefined && <Loading />}
      <div role="status">
        {done !== undefined && (
          <Notice kind="success">
            <p>{t[done]}</p>
          </Notice>
        )}
      </div>
      {reminder !== undefined && (
        <>
          <h2 class="govgr-heading-m">{t.nowTitle}</h2>
          <p class="govgr-body">{t.now(reminder.masked, day(reminder.on), t[reminder.language])}</p>
          <ErrorMessage failure={remove.failure} subject={subject} />
          <Button variant="secondary" busy={remove.busy} onClick={() => remove.run()}>
            {t.remove}
          </Button>
          {!isTooLate && <h2 class="govgr-heading-m">{t.other}</h2>}
        </>
      )}
      {isTooLate && (
        <Notice kind="warning">
          <p>{t.late}</p>
        </Notice>
      )}
      {association.data !== undefined && !isTooLate && (
        <Form
          errors={errors}
          failure={isInvalid ? undefined : serviceErrors.other}
          onSubmit={() => {
            setIsInvalid("error" in read);
            if (!("value" in read)) return;
            if (suggestEmail(read.value) === undefined) void save.run(read.value);
            else setIsConfirming(true);
          }}
        >
          <Field
            id="email"
            label={t.email}
            hint={t.hint}
            error={errors.email}
            value={email}
            onInput={setEmail}
            inputMode="email"
            autocomplete="email"
            autocapitalize="none"
            spellcheck={false}
            after={
              <>
                <ReadNote read={read} />
                <SuggestionNote email={"value" in read ? read.value : email} onUse={useSuggestion} />
              </>
            }
          />
          <Button submit busy={save.busy}>
            {t.submit}
          </Button>
        </Form>
      )}
      {isConfirming && "value" in read && (
        <ConfirmDialog
          purpose="confirmReminder"
          value={read.value}
          onYes={() => {
            setIsConfirming(false);
            void save.run(read.value);
          }}
          onUse={useSuggestion}
          onClose={() => setIsConfirming(false)}
        />
      )}
    </Page>
  );
}
