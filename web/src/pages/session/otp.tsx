import { useState } from "preact/hooks";

import { responseData, api, ProblemError } from "../../api/client";
import { patchSession, endSession, setSession, refreshSession, session, signIn } from "../../api/session";
import { useAction } from "../../parts/action";
import { Button } from "../../parts/button";
import { Field, Form, splitFailure } from "../../parts/form";
import { Notice } from "../../parts/notice";
import { Page } from "../../parts/page";
import { time } from "../../words/dates";
import { words } from "./words";

export function Otp() {
  const t = words().otp;
  const [typed, setTyped] = useState("");
  const [isIncomplete, setIsIncomplete] = useState(false);
  const [wasResent, setWasResent] = useState(false);
  const otp = session.value?.otp;
  const verify = useAction(async () => {
    setWasResent(false);
    try {
      setSession(await responseData(api.POST("/v1/session/otp", { body: { otp: typed } })));
    } catch (error) {
      if (error instanceof ProblemError) setTyped("");
      if (error instanceof ProblemError && error.problem.code === "otp_wrong" && otp !== undefined && error.problem.left !== undefined) {
        patchSession({ otp: { ...otp, tries_left: error.problem.left } });
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
  if (otp === undefined) return null;
  const { errors, other } = splitFailure(verify.failure ?? resend.failure, { otp: "otp", otp_wrong: "otp", otp_expired: "otp", otp_malformed: "otp" });
  const shownErrors = isIncomplete ? { otp: t.six } : errors;
  return (
    <Page title={t.title}>
      <p class="govgr-body">{t.sent(otp.mobile_ending)}</p>
      {wasResent && (
        <Notice kind="success" live>
          <p>{t.sentAgain}</p>
        </Notice>
      )}
      <Form
        errors={shownErrors}
        failure={isIncomplete ? undefined : other}
        onSubmit={() => {
          const complete = /^\d{6}$/.test(typed.replace(/\s/g, ""));
          setIsIncomplete(!complete);
          if (complete) void verify.run();
        }}
      >
        <Field id="otp" label={t.label} hint={`${t.hint}. ${t.until(time(otp.expires_at))} ${t.triesLeft(otp.tries_left)}`} error={shownErrors.otp} value={typed} onInput={setTyped} inputMode="numeric" autocomplete="one-time-code" maxLength={12} width={10} />
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
          <p class="govgr-body">{otp.resends_left > 0 ? t.againLeft(otp.resends_left) : t.noneLeft}</p>
          {otp.resends_left > 0 && (
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
