import { useState } from "preact/hooks";

import { responseData, api, ProblemError } from "../../api/client";
import { patchSession, endSession, setSession, refreshSession, session, signIn } from "../../api/session";
import { useAction } from "../../parts/action";
import { Button } from "../../parts/button";
import { Field, Form, splitFailure, type Errors } from "../../parts/form";
import { Notice } from "../../parts/notice";
import { Page } from "../../parts/page";
import { typedOtp } from "../../typed/otp";
import { words as typedWords } from "../../typed/words";
import { time } from "../../words/dates";
import { words } from "./words";

export function Otp() {
  const t = words().otp;
  const [typed, setTyped] = useState("");
  const [wasIncomplete, setWasIncomplete] = useState(false);
  const [wasResent, setWasResent] = useState(false);
  const awaited = session.value?.otp;
  const read = typedOtp(typed);
  const verify = useAction(async (otp: string) => {
    setWasResent(false);
    try {
      setSession(await responseData(api.POST("/v1/session/otp", { body: { otp } })));
    } catch (error) {
      if (error instanceof ProblemError) setTyped("");
      if (error instanceof ProblemError && error.problem.code === "otp_wrong" && awaited !== undefined && error.problem.left !== undefined) {
        patchSession({ otp: { ...awaited, tries_left: error.problem.left } });
      }
      if (error instanceof ProblemError && error.problem.code === "otp_exhausted") setIsExhausted(true);
      if (error instanceof ProblemError && error.problem.code === "not_awaiting_otp") await refreshSession();
      throw error;
    }
  });
  const resend = useAction(async () => {
    patchSession({ otp: await responseData(api.POST("/v1/session/otp/resend", { body: {} })) });
    setTyped("");
    verify.setFailure(undefined);
    setWasResent(true);
  });
  const [isExhausted, setIsExhausted] = useState(false);
  if (awaited === undefined) return null;
  const { errors, other } = splitFailure(verify.failure ?? resend.failure, { otp: "otp", otp_wrong: "otp", otp_expired: "otp", otp_malformed: "otp" });
  const inputErrors = wasIncomplete && "error" in read ? { otp: read.error === "several" ? typedWords().several : t.six } : undefined;
  const shownErrors: Errors = inputErrors ?? errors;
  return (
    <Page title={t.title}>
      <p class="govgr-body">{t.sent(awaited.mobile_ending)}</p>
      {wasResent && (
        <Notice kind="success" live>
          <p>{t.sentAgain}</p>
        </Notice>
      )}
      <Form
        errors={shownErrors}
        failure={inputErrors === undefined ? other : undefined}
        onSubmit={() => {
          setWasIncomplete("error" in read);
          if ("value" in read) void verify.run(read.value);
        }}
      >
        <Field id="otp" label={t.label} hint={`${t.hint}. ${t.until(time(awaited.expires_at))} ${t.triesLeft(awaited.tries_left)}`} error={shownErrors.otp} value={typed} onInput={(text) => setTyped(shownText(text))} inputMode="numeric" autocomplete="one-time-code" width={10} />
        {isExhausted ? (
          <Button
            onClick={() => {
              endSession("expired");
              signIn();
            }}
          >
            {t.restart}
          </Button>
        ) : (
          <Button submit busy={verify.busy}>
            {t.submit}
          </Button>
        )}
      </Form>
      {!isExhausted && (
        <>
          <p class="govgr-body">{awaited.resends_left > 0 ? t.againLeft(awaited.resends_left) : t.noneLeft}</p>
          {awaited.resends_left > 0 && (
            <Button variant="secondary" busy={resend.busy} onClick={() => resend.run()}>
              {t.again}
            </Button>
          )}
        </>
      )}
      <p class="govgr-hint">{t.wrongNumber}</p>
    </Page>
  );
}

/**
 * Returns a pasted password without the label or message around it, so that its digits are visible in the field. Returns other texts
 * unchanged.
 */
function shownText(text: string): string {
  const read = typedOtp(text);
  return "value" in read && (read.dropped.includes("text") || read.dropped.includes("label")) ? read.value : text;
}
