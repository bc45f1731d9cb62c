import { useEffect, useState } from "preact/hooks";

import { answer, api } from "../../api/client";
import { end, keep, refresh, session } from "../../api/session";
import { useAction } from "../../parts/action";
import { Button } from "../../parts/button";
import { Dialog } from "../../parts/dialog";
import { FailureNote } from "../../parts/failure";
import { Summary } from "../../parts/notice";
import { Loading, Page } from "../../parts/page";
import { words as parts } from "../../parts/words";
import { day } from "../../words/dates";
import { language } from "../../words/language";
import { words } from "./words";

/** Who the state says you are, and the text on personal data: agreed to, or the visit ends. */
export function Consent() {
  const t = words().consent;
  const here = session.value;
  const [refusing, setRefusing] = useState(false);
  const spoken = language.value;
  const [shownIn, setShownIn] = useState(spoken);
  const text = useAction(async () => {
    await refresh();
    setShownIn(language.value);
  });
  // The text comes in the language of the call that brought it.
  useEffect(() => {
    if (here?.consent === undefined || shownIn !== spoken) void text.run();
  }, [spoken, here?.consent === undefined]);
  const agree = useAction(async (version: string) => {
    const agreed = await answer(api.POST("/v1/session/consent", { body: { version, agree: true } }));
    if (agreed !== undefined) keep(agreed);
  });
  const refuse = useAction(async (version: string) => {
    await answer(api.POST("/v1/session/consent", { body: { version, agree: false } }));
    end("consent_refused");
  });
  const consent = here?.consent;
  if (here?.person === undefined || consent === undefined) return text.failure === undefined ? <Loading /> : <FailureNote failure={text.failure} onRetry={() => void text.run()} />;
  const { person } = here;
  return (
    <Page title={t.welcome}>
      <h2 class="govgr-heading-m">{t.yours}</h2>
      <Summary
        rows={[
          [t.firstName, person.first_name],
          [t.lastName, person.last_name],
          [t.afm, person.afm],
          [t.birthDate, day(person.birth_date)],
        ]}
      />
      <p class="govgr-hint">{t.from}</p>
      <h2 class="govgr-heading-m">{consent.title}</h2>
      {consent.paragraphs.map((paragraph) => (
        <p class="govgr-body" key={paragraph}>
          {paragraph}
        </p>
      ))}
      <FailureNote failure={agree.failure} />
      <div class="govgr-button-group">
        <Button busy={agree.busy} onClick={() => agree.run(consent.version)}>
          {consent.agreement}
        </Button>
        <Button look="secondary" onClick={() => setRefusing(true)}>
          {t.refuse}
        </Button>
      </div>
      {refusing && (
        <Dialog title={t.refuseTitle} onClose={() => setRefusing(false)}>
          <p class="govgr-body">{t.refuseText}</p>
          <FailureNote failure={refuse.failure} />
          <div class="govgr-button-group">
            <Button look="warning" busy={refuse.busy} onClick={() => refuse.run(consent.version)}>
              {t.refuseYes}
            </Button>
            <Button look="secondary" onClick={() => setRefusing(false)}>
              {parts().cancel}
            </Button>
          </div>
        </Dialog>
      )}
    </Page>
  );
}
