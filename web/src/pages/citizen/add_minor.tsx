import { useState } from "preact/hooks";

import { responseData, api } from "../../api/client";
import { pendingCode } from "../../api/pending_code";
import { rememberUrl, useAction } from "../../parts/action";
import { Button } from "../../parts/button";
import { Field, Form, Radios, splitFailure, type Errors } from "../../parts/form";
import { Notice } from "../../parts/notice";
import { Page } from "../../parts/page";
import { typedAfm, typedAmka, typedPaaypa } from "../../typed/numbers";
import { ReadNote } from "../../typed/notes";
import { words as typedWords } from "../../typed/words";
import { storeMinorNumbers, type MinorNumbers } from "./minor_numbers";
import { homeOf, patchVisit, useVisit } from "./subject";
import { useRouteWithMessage } from "./status_message";
import { words } from "./words/people";

const FIELDS = { "identifier.kind": "kind", "identifier.value": "number", afm: "afm", minor_afm_required: "afm" };

export function AddMinor() {
  const t = words().minor;
  const visit = useVisit();
  const routeWithMessage = useRouteWithMessage();
  const [kind, setKind] = useState<MinorNumbers["kind"]>();
  const [number, setNumber] = useState("");
  const [afm, setAfm] = useState("");
  const [wasSubmitted, setWasSubmitted] = useState(false);
  const add = useAction(async (numbers: MinorNumbers) => {
    const isSameUrl = rememberUrl();
    const { kind, value, afm } = numbers;
    const minor = await responseData(api.POST("/v1/minors", { body: { identifier: { kind, value }, ...(afm === undefined ? {} : { afm }), ...(visit.caseHandle === undefined ? {} : { case: visit.caseHandle }) } }));
    storeMinorNumbers(minor.subject, numbers);
    patchVisit({ minors: [...visit.minors.filter(({ subject }) => subject !== minor.subject), minor] });
    const home = homeOf(minor.subject);
    if (isSameUrl()) routeWithMessage(pendingCode.value === undefined ? home : `${home}/code`, "minorAdded", true);
  });
  const readNumber = kind === "paaypa" ? typedPaaypa(number) : typedAmka(number);
  const readAfm = typedAfm(afm);
  const hasAfm = afm.trim() !== "";
  const errorText = (result: typeof readNumber, invalid: string) => ("error" in result && result.error === "several" ? typedWords().several : invalid);
  const inputErrors: Errors = {
    ...(kind === undefined ? { kind: t.wrongKind } : "error" in readNumber ? { number: errorText(readNumber, kind === "amka" ? t.wrongAmka : t.wrongPaaypa) } : {}),
    ...(hasAfm && "error" in readAfm ? { afm: errorText(readAfm, t.wrongAfm) } : {}),
  };
  const hasInputErrors = Object.keys(inputErrors).length > 0;
  const serviceErrors = splitFailure(add.failure, FIELDS);
  // If the user submitted the form with input errors, shows the remaining input errors. Otherwise shows the errors from the service.
  const errors = wasSubmitted && hasInputErrors ? inputErrors : serviceErrors.errors;
  return (
    <Page title={t.title} back={visit.adult.people}>
      <Notice>
        <p>{visit.adult.isAtKep ? t.leadAtKep : t.lead}</p>
      </Notice>
      <Form
        errors={errors}
        failure={wasSubmitted && hasInputErrors ? undefined : serviceErrors.other}
        onSubmit={() => {
          // After a valid submit, later edits are not checked until the next submit.
          setWasSubmitted(hasInputErrors);
          if (kind !== undefined && "value" in readNumber && !hasInputErrors) {
            void add.run({ kind, value: readNumber.value, ...(hasAfm && "value" in readAfm ? { afm: readAfm.value } : {}) });
          }
        }}
      >
        <Radios
          id="kind"
          legend={t.kind}
          value={kind}
          onChange={setKind}
          error={errors.kind}
          choices={[
            { value: "amka", label: t.amka, hint: t.amkaHint },
            { value: "paaypa", label: t.paaypa, hint: t.paaypaHint },
          ]}
        />
        <Field id="number" label={t.numberOf(kind === undefined ? `${t.amka} / ${t.paaypa}` : t[kind])} hint={t.eleven} error={errors.number} value={number} onInput={setNumber} inputMode="numeric" autocomplete="off" width={20} after={kind !== undefined && <ReadNote read={readNumber} />} />
        <Field id="afm" label={t.afm} hint={t.afmHint} error={errors.afm} value={afm} onInput={setAfm} inputMode="numeric" autocomplete="off" width={10} after={<ReadNote read={readAfm} />} />
        <Button submit busy={add.busy}>
          {t.submit}
        </Button>
      </Form>
    </Page>
  );
}
