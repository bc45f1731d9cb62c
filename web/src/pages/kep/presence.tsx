import { useState } from "preact/hooks";

import { endCase, loadCase, patchCase, setCase, type Case } from "../../api/case";
import { api, ProblemError, responseData } from "../../api/client";
import { refreshSession } from "../../api/session";
import { useAction } from "../../parts/action";
import { Button } from "../../parts/button";
import { Checkbox, Field, Form, splitFailure, type Errors } from "../../parts/form";
import { Notice } from "../../parts/notice";
import { Page } from "../../parts/page";
import { typedOtp } from "../../typed/otp";
import { words as typedWords } from "../../typed/words";
import { day, time } from "../../words/dates";
import { CloseButton } from "./close_case";
import { words } from "./words";

/**
 * Asks the clerk to compare the person with the identity document, and to prove the person's presence with a one-time password or a
 * declaration.
 */
export function Presence({ current }: { current: Case }) {
  const t = words().presence;
  const { person } = current;
  return (
    <Page title={t.title}>
      <h2 class="govgr-heading-m">{t.compareTitle}</h2>
      <p class="govgr-body">{t.compare}</p>
      <dl class="compared">
        <div>
          <dt>{t.firstName}</dt>
          <dd>{person.first_name}</dd>
        </div>
        <div>
          <dt>{t.lastName}</dt>
          <dd>{person.last_name}</dd>
        </div>
        <div>
          <dt>{t.birthDate}</dt>
          <dd>{day(person.birth_date)}</dd>
        </div>
      </dl>
      <CloseButton current={current}>{t.mismatch}</CloseButton>
      {current.presence === "otp" ? <Password current={current} /> : <Declaration current={current} />}
    </Page>
  );
}

function useProof(current: Case) {
  return useAction(async (body: { otp: string } | { declare: boolean }) => {
    try {
      setCase(await responseData(api.PUT("/v1/kep/cases/{case}/presence", { params: { path: { case: current.handle } }, body })));
    } catch (error) {
      if (error instanceof ProblemError) await followProblem(current, error.problem);
      throw error;
    }
  });
}

async function followProblem(current: Case, { code, left }: ProblemError["problem"]): Promise<void> {
  if (code === "otp_wrong" && current.otp !== undefined && left !== undefined) patchCase({ otp: { ...current.otp, tries_left: left } });
  else if (code === "not_awaiting_otp") await loadCase();
  else if (code === "otp_exhausted") {
    // No tries are left, so the service has ended the case.
    endCase("password");
    await refreshSession();
  }
}

function Password({ current }: { current: Case }) {
  const t = words().presence;
  const [typed, setTyped] = useState("");
  const [wasIncomplete, setWasIncomplete] = useState(false);
  const [wasResent, setWasResent] = useState(false);
  const verify = useProof(current);
  const resend = useAction(async () => {
    setCase(await responseData(api.POST("/v1/kep/cases/{case}/presence/resend", { params: { path: { case: current.handle } }, body: {} })));
    setTyped("");
    verify.setFailure(undefined);
    setWasResent(true);
  });
  const read = typedOtp(typed);
  const { otp } = current;
  const { errors, other } = splitFailure(verify.failure ?? resend.failure, { otp: "otp", otp_wrong: "otp", otp_expired: "otp", otp_malformed: "otp" });
  const inputErrors = wasIncomplete && "error" in read ? { otp: read.error === "several" ? typedWords().several : t.six } : undefined;
  const shown: Errors = inputErrors ?? errors;
  return (
    <>
      <h2 class="govgr-heading-m">{t.passwordTitle}</h2>
      <p class="govgr-body">{t.sent((current.mobile_hint ?? "").replace(/\D/g, ""), current.language)}</p>
      {wasResent && (
        <Notice kind="success" live>
          <p>{t.sentAgain}</p>
        </Notice>
      )}
      <Form
        errors={shown}
        failure={inputErrors === undefined ? other : undefined}
        onSubmit={() => {
          setWasIncomplete("error" in read);
          setWasResent(false);
          if ("value" in read) void verify.run({ otp: read.value }).then(() => setTyped(""));
        }}
      >
        <Field id="otp" label={t.otp} hint={otp === undefined ? t.hint : `${t.hint}. ${t.until(time(otp.expires_at))} ${t.triesLeft(otp.tries_left)}`} error={shown.otp} value={typed} onInput={setTyped} inputMode="numeric" autocomplete="off" width={10} />
        <Button submit busy={verify.busy}>
          {t.submit}
        </Button>
      </Form>
      {otp !== undefined && (
        <>
          <p class="govgr-body">{otp.resends_left > 0 ? t.resendsLeft(otp.resends_left) : t.noResendsLeft}</p>
          {otp.resends_left > 0 && (
            <Button variant="secondary" busy={resend.busy} onClick={() => resend.run()}>
              {t.resend}
            </Button>
          )}
        </>
      )}
    </>
  );
}

function Declaration({ current }: { current: Case }) {
  const t = words().presence;
  const [isDeclared, setDeclared] = useState(false);
  const [isUnchecked, setIsUnchecked] = useState(false);
  const prove = useProof(current);
  const errors: Record<string, string> = isUnchecked && !isDeclared ? { declare: t.declareMissing } : {};
  return (
    <>
      <h2 class="govgr-heading-m">{t.declarationTitle}</h2>
      <p class="govgr-body">{t.declaration}</p>
      <Form
        errors={errors}
        failure={isUnchecked && !isDeclared ? undefined : prove.failure}
        onSubmit={() => {
          setIsUnchecked(!isDeclared);
          if (isDeclared) void prove.run({ declare: true });
        }}
      >
        <Checkbox id="declare" label={t.declare} checked={isDeclared} onChange={setDeclared} error={errors.declare} />
        <Button submit busy={prove.busy}>
          {t.submit}
        </Button>
      </Form>
    </>
  );
}
