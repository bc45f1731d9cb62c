import { signal } from "@preact/signals";
import { useState } from "preact/hooks";

import { setCase } from "../../api/case";
import { api, ProblemError, responseData } from "../../api/client";
import { onEnd, refreshSession, session } from "../../api/session";
import { useAction } from "../../parts/action";
import { Button } from "../../parts/button";
import { Field, Form, Radios, splitFailure, type Errors } from "../../parts/form";
import { Page } from "../../parts/page";
import { ReadNote } from "../../typed/notes";
import { words as typedWords } from "../../typed/words";
import { words as visitWords } from "../citizen/words/visits";
import { caseRequest, DOCUMENT_KINDS, EMPTY, FIELD_OF, IDENTIFIER_KINDS, SMS_LANGUAGES, typedIdentifier, type CaseForm, type CaseRequest, type FormField } from "./case_form";
import { words } from "./words";

/** True if the clerk tried to open a case while another case was already open. The page then shows the open case. */
export const wasAlreadyOpen = signal(false);
onEnd.push(() => {
  wasAlreadyOpen.value = false;
});

/** The form that opens a case. Enter submits it from every field. */
export function OpenCase() {
  const t = words().open;
  const [form, setForm] = useState(EMPTY);
  const [faults, setFaults] = useState<readonly FormField[]>([]);
  const open = useAction(async (request: CaseRequest) => {
    try {
      wasAlreadyOpen.value = false;
      setCase(await responseData(api.POST("/v1/kep/cases", { body: request })));
    } catch (error) {
      if (!(error instanceof ProblemError) || error.problem.code !== "case_open") throw error;
      wasAlreadyOpen.value = true;
      await refreshSession();
      if (session.value?.case) return;
      // The case is open in another browser of the clerk, so this page cannot show it.
      wasAlreadyOpen.value = false;
      throw error;
    }
  });
  const change = (part: Partial<CaseForm>) => setForm((before) => ({ ...before, ...part }));
  const read = typedIdentifier(form.kind, form.number);
  const service = splitFailure(open.failure, FIELD_OF);
  const wrong: Readonly<Record<FormField, string>> = {
    number: "error" in read && read.error === "several" ? typedWords().several : t.wrongNumber[form.kind],
    document: t.wrongDocument,
    lastFour: t.wrongLastFour,
    applicationNumber: t.wrongApplicationNumber,
  };
  // A submit shows the error of each invalid field. The error is hidden while the field is valid. A field that becomes invalid after the
  // submit shows no error before the next submit. Errors of the service stay until the next submit.
  const result = caseRequest(form);
  const current = "faults" in result ? result.faults : [];
  const errors: Errors = faults.length > 0 ? Object.fromEntries(faults.filter((field) => current.includes(field)).map((field) => [field, wrong[field]])) : service.errors;
  return (
    <Page title={t.title}>
      <p class="govgr-body">{t.lead}</p>
      <Form
        errors={errors}
        failure={faults.length > 0 ? undefined : service.other}
        onSubmit={() => {
          setFaults(current);
          if ("request" in result) void open.run(result.request);
        }}
      >
        <Radios id="kind" legend={t.kind} value={form.kind} onChange={(kind) => change({ kind })} choices={IDENTIFIER_KINDS.map((kind) => ({ value: kind, label: t.kinds[kind], hint: t.kindHints[kind] }))} />
        <Field
          id="number"
          label={t.number(t.kinds[form.kind])}
          hint={t.numberHints[form.kind]}
          error={errors.number}
          value={form.number}
          onInput={(number) => change({ number })}
          inputMode="numeric"
          autocomplete="off"
          spellcheck={false}
          width={20}
          after={<ReadNote read={read} />}
        />
        <Radios id="document" legend={t.document} value={form.document} onChange={(document) => change({ document })} error={errors.document} choices={DOCUMENT_KINDS.map((kind) => ({ value: kind, label: visitWords().documents[kind] }))} />
        <Field id="lastFour" label={t.lastFour} hint={t.lastFourHint} error={errors.lastFour} value={form.lastFour} onInput={(lastFour) => change({ lastFour })} autocomplete="off" spellcheck={false} width={5} />
        <Field id="applicationNumber" label={t.applicationNumber} hint={t.applicationNumberHint} error={errors.applicationNumber} value={form.applicationNumber} onInput={(applicationNumber) => change({ applicationNumber })} autocomplete="off" spellcheck={false} width={20} />
        <Radios id="language" legend={t.language} value={form.language} onChange={(language) => change({ language })} error={errors.language} choices={SMS_LANGUAGES.map((language) => ({ value: language, label: t.languages[language] }))} />
        <Button submit busy={open.busy}>
          {t.submit}
        </Button>
      </Form>
    </Page>
  );
}
