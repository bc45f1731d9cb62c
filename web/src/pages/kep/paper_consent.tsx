import { useEffect, useState } from "preact/hooks";

import { loadCase, openCase, type Case } from "../../api/case";
import { api, ConnectionError, responseData } from "../../api/client";
import { setSession } from "../../api/session";
import { useAction } from "../../parts/action";
import { Button } from "../../parts/button";
import { FailureNote } from "../../parts/failure";
import { Checkbox, Form } from "../../parts/form";
import { Loading, Page } from "../../parts/page";
import { language, languageOf } from "../../words/language";
import { CloseButton } from "./close_case";
import { PrintedText } from "./printed_text";
import { words } from "./words";

/** The text on personal data, which the person signs on paper. */
export function PaperConsent({ current }: { current: Case }) {
  const t = words().consent;
  const currentLanguage = language.value;
  const [isSigned, setSigned] = useState(false);
  const [isUnchecked, setIsUnchecked] = useState(false);
  const text = current.consent;
  const isInCurrentLanguage = text !== undefined && languageOf(text.title) === currentLanguage;
  const load = useAction(async () => {
    await loadCase();
    const loaded = openCase.value;
    if (loaded?.stage === "consent" && loaded.consent === undefined) throw new ConnectionError("broken");
  });
  // The service sends the text in the language of the request, so the text must be loaded again after a language change.
  useEffect(() => {
    if (!isInCurrentLanguage) void load.run();
  }, [currentLanguage, isInCurrentLanguage]);
  const agree = useAction(async (version: string) => {
    const updated = await responseData(api.POST("/v1/session/consent", { body: { version, agree: true, case: current.handle } }));
    if (updated !== undefined) setSession(updated);
    await loadCase();
  });
  const errors: Record<string, string> = isUnchecked && !isSigned ? { signed: t.signedMissing } : {};
  if (text === undefined) {
    return <Page title={t.title}>{load.failure === undefined ? <Loading /> : <FailureNote failure={load.failure} onRetry={() => void load.run()} />}</Page>;
  }
  return (
    <Page title={t.title}>
      <p class="govgr-body">{t.lead}</p>
      <Button variant="secondary" onClick={() => print()}>
        {t.print}
      </Button>
      <PrintedText current={current} text={text} />
      <Form
        errors={errors}
        failure={isUnchecked && !isSigned ? undefined : agree.failure}
        onSubmit={() => {
          setIsUnchecked(!isSigned);
          if (isSigned) void agree.run(text.version);
        }}
      >
        <Checkbox id="signed" label={t.signed} hint={t.signedHint} checked={isSigned} onChange={setSigned} error={errors.signed} />
        <Button submit busy={agree.busy}>
          {t.submit}
        </Button>
      </Form>
      <CloseButton current={current}>{t.refuse}</CloseButton>
    </Page>
  );
}
