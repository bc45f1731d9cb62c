import { useLocation } from "preact-iso";
import { useEffect, useState } from "preact/hooks";

import { answer, api, Refused } from "../../api/client";
import { forgetCode, keepTyped, pendingCode } from "../../api/pending_code";
import { amend, refresh } from "../../api/session";
import { staying, useAction } from "../../parts/action";
import { Button, ButtonLink } from "../../parts/button";
import { Field, Form, sorted } from "../../parts/form";
import { Notice } from "../../parts/notice";
import { Page } from "../../parts/page";
import { useSession } from "../../shell/gate";
import { day, moment } from "../../words/dates";
import { useAssociation } from "./association";
import { cleaned, faultOf, LENGTH } from "./code_number";
import { keepPreviews } from "./previews";
import { ScanButtons } from "./scan_buttons";
import type { Who } from "./subject";
import { Told } from "./told";
import { wayOn, WayOn } from "./trouble";
import { words } from "./words/code";
import { words as common } from "./words/common";

const FIELDS = { code: "code", code_malformed: "code", code_not_active: "code", code_taken: "code" };
/** Refusals after which the code need not be kept for another try. */
const USELESS = new Set(["code_not_active", "code_taken", "code_already_yours", "code_malformed"]);

export function Code({ who }: { who: Who }) {
  const t = words();
  const { route } = useLocation();
  const session = useSession();
  const [typed, setTyped] = useState(pendingCode.value ?? "");
  const [came, setCame] = useState<"filled" | "scanned" | undefined>(pendingCode.value === undefined ? undefined : "filled");
  const [tried, setTried] = useState(false);
  const code = cleaned(typed);
  const fault = faultOf(code);
  useEffect(() => {
    // Only show_session tells it, not the answers of signing in.
    if (session.submissions_left === undefined) refresh().catch(() => undefined);
  }, []);
  useEffect(() => {
    // A link was opened in this tab while the page is there.
    if (pendingCode.value !== undefined && pendingCode.value !== code) {
      setTyped(pendingCode.value);
      setCame("filled");
    }
  }, [pendingCode.value]);
  useEffect(() => {
    // Once the scanner's dialog is gone.
    if (came === "scanned") document.getElementById("code")?.focus();
  }, [came]);
  const submit = useAction(async () => {
    const isHere = staying();
    // Another one may have come by a link meanwhile.
    const forget = () => {
      if (pendingCode.value === code) forgetCode();
    };
    try {
      const answered = await answer(api.POST("/v1/subjects/{subject}/submissions", { params: { path: { subject: who.subject } }, body: { code } }));
      amend({ submission: keepPreviews(answered), submissions_left: answered.submissions_left });
      forget();
      if (isHere()) route(`${who.home}/photos`);
    } catch (error) {
      if (error instanceof Refused && USELESS.has(error.problem.code)) forget();
      if (error instanceof Refused && error.problem.code === "submissions_exhausted") amend({ submissions_left: 0 });
      throw error;
    }
  });
  const take = (text: string) => {
    setTyped(text);
    setCame(undefined);
    setTried(false);
    if (submit.failure !== undefined) submit.setFailure(undefined);
    // A whole one survives a look at another page.
    const now = cleaned(text);
    if (faultOf(now) === undefined) keepTyped(now);
    else if (pendingCode.value !== undefined) forgetCode();
  };
  const refused = sorted(submit.failure, FIELDS);
  const errors = tried && fault !== undefined ? { code: t.faults[fault] } : refused.errors;
  const next = submit.failure === undefined ? undefined : wayOn(submit.failure, who);
  return (
    <Page title={t.title} caption={t.forWhom(who.name)} back={who.home}>
      <Told />
      <Before who={who} />
      {came !== undefined && (
        <Notice kind="success" live>
          <p>{t[came]}</p>
        </Notice>
      )}
      <Form
        errors={errors}
        failure={tried && fault !== undefined ? undefined : refused.other}
        onSubmit={() => {
          setTried(true);
          if (fault === undefined) void submit.run();
        }}
      >
        {refused.other !== undefined && next !== undefined && <WayOn {...next} />}
        <div class="code-field">
          <Field
            id="code"
            label={t.label}
            hint={t.hint}
            error={errors.code}
            value={typed}
            onInput={take}
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            after={errors.code === undefined && <Check code={code} />}
          />
        </div>
        <Left at={submit.failure instanceof Refused ? submit.failure.problem.renews_at : undefined} left={session.submissions_left} />
        <Button submit busy={submit.busy}>
          {t.submit}
        </Button>
      </Form>
      <h2 class="govgr-heading-m">{t.ways}</h2>
      <p class="govgr-body">{t.waysHint}</p>
      <ScanButtons
        onCode={(found) => {
          take(found);
          setCame("scanned");
        }}
      />
    </Page>
  );
}

/** How far the code is, and a mistake as soon as it can be seen. */
function Check({ code }: { code: string }) {
  const t = words();
  const fault = faultOf(code);
  const isMistake = fault !== undefined && fault !== "short";
  return (
    <p class={isMistake ? "code-check code-check-bad" : fault === undefined ? "code-check code-check-good" : "code-check"} id="code-check">
      {/* Counting is for the eye; what is worth hearing is said once. */}
      {!isMistake && fault !== undefined && <span>{t.count(Math.min(code.length, LENGTH))}</span>}
      <span role="status">{isMistake ? t.faults[fault] : fault === undefined ? t.complete : ""}</span>
    </p>
  );
}

function Left({ left, at }: { left: number | undefined; at: string | undefined }) {
  const t = words();
  if (left === undefined) return null;
  if (left > 0) return <p class="govgr-hint">{t.left(left)}</p>;
  return (
    <Notice kind="warning" title={t.noneLeftTitle}>
      <p>{t.noneLeft(at === undefined ? t.midnight : t.at(moment(at)))}</p>
    </Notice>
  );
}

/** What stands in the way, or is begun already. */
function Before({ who }: { who: Who }) {
  const t = words();
  const association = useAssociation(who.subject).data;
  const inHand = useSession().submission?.subject === who.subject;
  return (
    <>
      {association !== undefined && association !== null && (
        <Notice kind="warning" title={t.existsTitle}>
          <p>{t.exists(day(association.expires_at))}</p>
          <p>
            <a class="govgr-link" href={`${who.home}/dissociation`}>
              {common().toDissociation}
            </a>
          </p>
        </Notice>
      )}
      {inHand && (
        <Notice title={t.inHandTitle}>
          <p>{t.inHand}</p>
          <ButtonLink href={`${who.home}/photos`} look="secondary">
            {t.goOn}
          </ButtonLink>
        </Notice>
      )}
    </>
  );
}
