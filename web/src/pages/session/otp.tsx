import { useState } from "preact/hooks";

import { answer, api, Refused } from "../../api/client";
import { amend, end, keep, refresh, session, signIn } from "../../api/session";
import { useAction } from "../../parts/action";
import { Button } from "../../parts/button";
import { Field, Form, sorted } from "../../parts/form";
import { Notice } from "../../parts/notice";
import { Page } from "../../parts/page";
import { time } from "../../words/dates";
import { words } from "./words";

export function Otp() {
  const t = words().otp;
  const [typed, setTyped] = useState("");
  const [missing, setMissing] = useState(false);
  const [sentAgain, setSentAgain] = useState(false);
  const otp = session.value?.otp;
  const verify = useAction(async () => {
    setSentAgain(false);
    try {
      keep(await answer(api.POST("/v1/session/otp", { body: { otp: typed } })));
    } catch (error) {
      setTyped("");
      if (error instanceof Refused && error.problem.code === "otp_wrong" && otp !== undefined && error.problem.left !== undefined) {
        amend({ otp: { ...otp, tries_left: error.problem.left } });
      }
      if (error instanceof Refused && error.problem.code === "otp_exhausted") setOver(true);
      if (error instanceof Refused && error.problem.code === "not_awaiting_otp") await refresh();
      throw error;
    }
  });
  const resend = useAction(async () => {
    amend({ otp: await answer(api.POST("/v1/session/otp/resend", { body: {} })) });
    setTyped("");
    verify.setFailure(undefined);
    setSentAgain(true);
  });
  const [over, setOver] = useState(false);
  if (otp === undefined) return null;
  const { errors, other } = sorted(verify.failure ?? resend.failure, { otp: "otp", otp_wrong: "otp", otp_expired: "otp", otp_malformed: "otp" });
  const shown = missing ? { otp: t.six } : errors;
  return (
    <Page title={t.title}>
      <p class="govgr-body">{t.sent(otp.mobile_ending)}</p>
      {sentAgain && (
        <Notice kind="success" live>
          <p>{t.sentAgain}</p>
        </Notice>
      )}
      <Form
        errors={shown}
        failure={missing ? undefined : other}
        onSubmit={() => {
          const complete = /^\d{6}$/.test(typed.replace(/\s/g, ""));
          setMissing(!complete);
          if (complete) void verify.run();
        }}
      >
        <Field id="otp" label={t.label} hint={`${t.hint}. ${t.until(time(otp.expires_at))} ${t.triesLeft(otp.tries_left)}`} error={shown.otp} value={typed} onInput={setTyped} inputMode="numeric" autocomplete="one-time-code" maxLength={12} width={10} />
        {over ? (
          <Button
            onClick={() => {
              end("expired");
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
      {!over && (
        <>
          <p class="govgr-body">{otp.resends_left > 0 ? t.againLeft(otp.resends_left) : t.noneLeft}</p>
          {otp.resends_left > 0 && (
            <Button look="secondary" busy={resend.busy} onClick={() => resend.run()}>
              {t.again}
            </Button>
          )}
        </>
      )}
      <p class="govgr-hint">{t.wrongNumber}</p>
    </Page>
  );
}
