import { useState } from "preact/hooks";

import { answer, api } from "../../api/client";
import { useAction } from "../../parts/action";
import { Button } from "../../parts/button";
import { Field, Form, sorted } from "../../parts/form";
import { Notice } from "../../parts/notice";
import { Loading, Page } from "../../parts/page";
import { day, daysLeft } from "../../words/dates";
import { language } from "../../words/language";
import { URGENT_DAYS, useAssociation } from "./association";
import type { Who } from "./subject";
import { Elsewhere } from "./told";
import { Trouble } from "./trouble";
import { words } from "./words/records";

/** An email address to be reminded at, once, before the photos expire. */
export function Reminder({ who }: { who: Who }) {
  const t = words().reminder;
  const association = useAssociation(who.subject);
  const [email, setEmail] = useState("");
  const [wrong, setWrong] = useState(false);
  const [done, setDone] = useState<"saved" | "removed">();
  const params = { path: { subject: who.subject } };
  const saving = useAction(async () => {
    setDone(undefined);
    association.setData(await answer(api.PUT("/v1/subjects/{subject}/association/reminder", { params, body: { email: email.trim(), language: language.value } })));
    setEmail("");
    setDone("saved");
  });
  const removing = useAction(async () => {
    setDone(undefined);
    // The description cannot say "a text or null".
    const body = { email: null } as unknown as { email: string };
    association.setData(await answer(api.PUT("/v1/subjects/{subject}/association/reminder", { params, body })));
    setDone("removed");
  });
  if (association.data === null) return <Elsewhere path={who.home} word="nothingAssociated" />;
  const reminder = association.data?.reminder;
  const late = association.data !== undefined && daysLeft(association.data.expires_at) < URGENT_DAYS;
  const refused = sorted(saving.failure, { email: "email" });
  const errors = wrong ? { email: t.wrong } : refused.errors;
  return (
    <Page title={t.title} back={who.home}>
      <p class="govgr-body">{t.lead}</p>
      {association.failure !== undefined && <Trouble failure={association.failure} onRetry={association.reload} who={who} />}
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
          <Trouble failure={removing.failure} who={who} />
          <Button look="secondary" busy={removing.busy} onClick={() => removing.run()}>
            {t.remove}
          </Button>
          {!late && <h2 class="govgr-heading-m">{t.other}</h2>}
        </>
      )}
      {late && (
        <Notice kind="warning">
          <p>{t.late}</p>
        </Notice>
      )}
      {association.data !== undefined && !late && (
        <Form
          errors={errors}
          failure={wrong ? undefined : refused.other}
          onSubmit={() => {
            const isAddress = /^\S+@\S+\.\S+$/.test(email.trim());
            setWrong(!isAddress);
            if (isAddress) void saving.run();
          }}
        >
          <Field id="email" label={t.email} hint={t.hint} error={errors.email} value={email} onInput={setEmail} type="email" inputMode="email" autocomplete="email" autocapitalize="none" spellcheck={false} maxLength={254} />
          <Button submit busy={saving.busy}>
            {t.submit}
          </Button>
        </Form>
      )}
    </Page>
  );
}
