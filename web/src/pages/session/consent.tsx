import { useEffect, useState } from "preact/hooks";

import { responseData, api } from "../../api/client";
import { endSession, setSession, refreshSession, session } from "../../api/session";
import { useAction } from "../../parts/action";
import { Button } from "../../parts/button";
import { Dialog } from "../../parts/dialog";
import { FailureNote } from "../../parts/failure";
import { Summary } from "../../parts/notice";
import { Loading, Page } from "../../parts/page";
import { words as parts } from "../../parts/words";
import { day } from "../../words/dates";
import { language, languageOf } from "../../words/language";
import { words } from "./words";

/**
 * Shows the person's details from the registers, and the text on personal data. The person accepts or rejects the text. Rejecting it ends
 * the session.
 */
export function Consent() {
  const t = words().consent;
  const current = session.value;
  const [refusing, setRefusing] = useState(false);
  const currentLanguage = language.value;
  const loadText = useAction(refreshSession);
  // The service sends the text in the language of the request, so the text must be loaded again after a language change.
  const isInCurrentLanguage = current?.consent !== undefined && languageOf(current.consent.title) === currentLanguage;
  useEffect(() => {
    if (!isInCurrentLanguage) void loadText.run();
  }, [currentLanguage, isInCurrentLanguage]);
  const agree = useAction(async (version: string) => {
    const updated = await responseData(api.POST("/v1/session/consent", { body: { version, agree: true } }));
    if (updated !== undefined) setSession(updated);
  });
  const refuse = useAction(async (version: string) => {
    await responseData(api.POST("/v1/session/consent", { body: { version, agree: false } }));
    endSession("consent_refused");
  });
  const consent = current?.consent;
  if (current?.person === undefined || consent === undefined) return loadText.failure === undefined ? <Loading /> : <FailureNote failure={loadText.failure} onRetry={() => void loadText.run()} />;
  const { person } = current;
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
        <Button variant="secondary" onClick={() => setRefusing(true)}>
          {t.refuse}
        </Button>
      </div>
      {refusing && (
        <Dialog title={t.refuseTitle} onClose={() => setRefusing(false)}>
          <p class="govgr-body">{t.refuseText}</p>
          <FailureNote failure={refuse.failure} />
          <div class="govgr-button-group">
            <Button variant="warning" busy={refuse.busy} onClick={() => refuse.run(consent.version)}>
              {t.refuseYes}
            </Button>
            <Button variant="secondary" onClick={() => setRefusing(false)}>
              {parts().cancel}
            </Button>
          </div>
        </Dialog>
      )}
    </Page>
  );
}
