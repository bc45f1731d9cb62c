import { useState } from "preact/hooks";

import { responseData, api } from "../../api/client";
import { pendingCode } from "../../api/pending_code";
import { patchSession } from "../../api/session";
import { rememberUrl, useAction } from "../../parts/action";
import { Button } from "../../parts/button";
import { Field, Form, Radios, splitFailure, type Errors } from "../../parts/form";
import { Notice } from "../../parts/notice";
import { Page } from "../../parts/page";
import { useSession } from "../../shell/gate";
import { digits, isAfm, isAmka, isElevenDigits } from "./identifiers";
import { storeMinorNumbers, type MinorNumbers } from "./minor_numbers";
import { homeOf } from "./subject";
import { useRouteWithMessage } from "./status_message";
import { words } from "./words/people";

const FIELDS = { "identifier.kind": "kind", "identifier.value": "number", afm: "afm", minor_afm_required: "afm" };

export function AddMinor() {
  const t = words().minor;
  const session = useSession();
  const routeWithMessage = useRouteWithMessage();
  const [kind, setKind] = useState<MinorNumbers["kind"]>();
  const [number, setNumber] = useState("");
  const [afm, setAfm] = useState("");
  const [wasSubmitted, setWasSubmitted] = useState(false);
  const add = useAction(async (numbers: MinorNumbers) => {
    const isSameUrl = rememberUrl();
    const { kind, value, afm } = numbers;
    const minor = await responseData(api.POST("/v1/minors", { body: { identifier: { kind, value }, ...(afm === undefined ? {} : { afm }) } }));
    storeMinorNumbers(minor.subject, numbers);
    patchSession({ minors: [...session.minors.filter(({ subject }) => subject !== minor.subject), minor] });
    const home = homeOf(minor.subject);
    if (isSameUrl()) routeWithMessage(pendingCode.value === undefined ? home : `${home}/code`, "minorAdded", true);
  });
  const inputErrors: Errors = {
    ...(kind === undefined ? { kind: t.wrongKind } : {}),
    ...(kind === "amka" && !isAmka(number) ? { number: t.wrongAmka } : {}),
    ...(kind === "paaypa" && !isElevenDigits(number) ? { number: t.wrongPaaypa } : {}),
    ...(digits(afm) !== "" && !isAfm(afm) ? { afm: t.wrongAfm } : {}),
  };
  const hasInputErrors = Object.keys(inputErrors).length > 0;
  const serviceErrors = splitFailure(add.failure, FIELDS);
  // Input errors appear after the first submit. Errors from the service stay until there is an input error.
  const errors = wasSubmitted && hasInputErrors ? inputErrors : serviceErrors.errors;
  return (
    <Page title={t.title} back="/people">
      <Notice>
        <p>{t.lead}</p>
      </Notice>
      <Form
        errors={errors}
        failure={wasSubmitted && hasInputErrors ? undefined : serviceErrors.other}
        onSubmit={() => {
          // After a valid submit, later edits are not checked until the next submit.
          setWasSubmitted(hasInputErrors);
          if (kind !== undefined && !hasInputErrors) {
            void add.run({ kind, value: digits(number), ...(digits(afm) === "" ? {} : { afm: digits(afm) }) });
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
        <Field id="number" label={t.numberOf(kind === undefined ? `${t.amka} / ${t.paaypa}` : t[kind])} hint={t.eleven} error={errors.number} value={number} onInput={setNumber} inputMode="numeric" autocomplete="off" maxLength={20} width={20} />
        <Field id="afm" label={t.afm} hint={t.afmHint} error={errors.afm} value={afm} onInput={setAfm} inputMode="numeric" autocomplete="off" maxLength={16} width={10} />
        <Button submit busy={add.busy}>
          {t.submit}
        </Button>
      </Form>
    </Page>
  );
}
