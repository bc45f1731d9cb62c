import { useLocation } from "preact-iso";
import { useEffect, useState } from "preact/hooks";

import { responseData, api, ProblemError } from "../../api/client";
import { clearPendingCode, setTypedCode, pendingCode } from "../../api/pending_code";
import { rememberUrl, useAction } from "../../parts/action";
import { Button, ButtonLink } from "../../parts/button";
import { Field, Form, splitFailure } from "../../parts/form";
import { Notice } from "../../parts/notice";
import { Page } from "../../parts/page";
import { typedCode } from "../../typed/code";
import { ReadNote } from "../../typed/notes";
import { day, moment } from "../../words/dates";
import { useAssociation } from "./association";
import { faultOf, CODE_LENGTH } from "./code_number";
import { storePreviews } from "./previews";
import { ScanButtons } from "./scan_buttons";
import { patchVisit, refreshVisit, useVisit, type Subject } from "./subject";
import { StatusMessage } from "./status_message";
import { nextStepFor, NextStep } from "./error_message";
import { words } from "./words/code";
import { words as common } from "./words/common";

const FIELDS = { code: "code", code_malformed: "code", code_not_active: "code", code_taken: "code" };
/** Problem codes after which the submitted code is removed from `pendingCode`, because the service would reject the same code again. */
const FINAL_CODES = new Set(["code_not_active", "code_taken", "code_already_yours", "code_malformed"]);

export function Code({ subject }: { subject: Subject }) {
  const t = words();
  const { route } = useLocation();
  const visit = useVisit();
  const [typed, setTyped] = useState(pendingCode.value ?? "");
  const [prefill, setPrefill] = useState<"filled" | "scanned" | undefined>(pendingCode.value === undefined ? undefined : "filled");
  const [wasSubmitted, setWasSubmitted] = useState(false);
  const read = typedCode(typed);
  const code = "value" in read ? read.value : "";
  const fault = faultOf(read);
  useEffect(() => {
    // Loads the number of submissions left. The responses of show_session and show_case contain this number, but the responses of the steps
    // before this page do not.
    if (visit.submissionsLeft === undefined) refreshVisit().catch(() => undefined);
  }, []);
  useEffect(() => {
    // A link with a code was opened in this tab while the page was open.
    if (pendingCode.value !== undefined && typedValue(pendingCode.value) !== code) {
      setTyped(pendingCode.value);
      setPrefill("filled");
    }
  }, [pendingCode.value]);
  useEffect(() => {
    // Runs after the scanner's dialog is closed, because closing the dialog moves the focus to the button that opened it.
    if (prefill === "scanned") document.getElementById("code")?.focus();
  }, [prefill]);
  const submit = useAction(async () => {
    const isSameUrl = rememberUrl();
    // While the request ran, a link may have brought another code. The page keeps the code of the link.
    const clearSubmitted = () => {
      if (pendingCode.value !== undefined && typedValue(pendingCode.value) === code) clearPendingCode();
    };
    try {
      const submission = await responseData(api.POST("/v1/subjects/{subject}/submissions", { params: { path: { subject: subject.handle } }, body: { code } }));
      patchVisit({ submission: storePreviews(submission), submissions_left: submission.submissions_left });
      clearSubmitted();
      if (isSameUrl()) route(`${subject.home}/photos`);
    } catch (error) {
      if (error instanceof ProblemError && FINAL_CODES.has(error.problem.code)) clearSubmitted();
      if (error instanceof ProblemError && error.problem.code === "submissions_exhausted") patchVisit({ submissions_left: 0 });
      throw error;
    }
  });
  const setCode = (text: string) => {
    setTyped(text);
    setPrefill(undefined);
    setWasSubmitted(false);
    if (submit.failure !== undefined) submit.setFailure(undefined);
    // A complete code stays in memory while the user visits other pages.
    const entered = typedValue(text);
    if (entered !== undefined) setTypedCode(entered);
    else if (pendingCode.value !== undefined) clearPendingCode();
  };
  const serviceErrors = splitFailure(submit.failure, FIELDS);
  const errors = wasSubmitted && fault !== undefined ? { code: t.faults[fault] } : serviceErrors.errors;
  const nextStep = submit.failure === undefined ? undefined : nextStepFor(submit.failure, subject);
  return (
    <Page title={t.title} caption={t.forWhom(subject.name)} back={subject.home}>
      <StatusMessage />
      <ExistingPhotos subject={subject} />
      {prefill !== undefined && (
        <Notice kind="success" live>
          <p>{t[prefill]}</p>
        </Notice>
      )}
      <Form
        errors={errors}
        failure={wasSubmitted && fault !== undefined ? undefined : serviceErrors.other}
        onSubmit={() => {
          setWasSubmitted(true);
          if (fault === undefined) void submit.run();
        }}
      >
        {serviceErrors.other !== undefined && nextStep !== undefined && <NextStep {...nextStep} />}
        <div class="code-field">
          <Field
            id="code"
            label={t.label}
            hint={t.hint}
            error={errors.code}
            value={typed}
            onInput={setCode}
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            after={
              errors.code === undefined && (
                <>
                  <CodeCheck read={read} />
                  <ReadNote read={read} />
                </>
              )
            }
          />
        </div>
        <SubmissionsLeft renewsAt={submit.failure instanceof ProblemError ? submit.failure.problem.renews_at : undefined} left={visit.submissionsLeft} />
        <Button submit busy={submit.busy}>
          {t.submit}
        </Button>
      </Form>
      <h2 class="govgr-heading-m">{t.ways}</h2>
      <p class="govgr-body">{t.waysHint}</p>
      <ScanButtons
        onCode={(found) => {
          setCode(found);
          setPrefill("scanned");
        }}
      />
    </Page>
  );
}

/** Returns the code number in the text, if the text contains exactly one. */
function typedValue(text: string): string | undefined {
  const read = typedCode(text);
  return "value" in read ? read.value : undefined;
}

/** Shows how many characters are typed, and an error as soon as one can be detected. */
function CodeCheck({ read }: { read: ReturnType<typeof typedCode> }) {
  const t = words();
  const fault = faultOf(read);
  const isMistake = fault !== undefined && fault !== "short";
  return (
    <p class={isMistake ? "code-check code-check-bad" : fault === undefined ? "code-check code-check-good" : "code-check"} id="code-check">
      {/* Screen readers announce only errors and the completion of the code, not the count. */}
      {!isMistake && fault !== undefined && <span>{t.count(Math.min("fault" in read ? read.length : CODE_LENGTH, CODE_LENGTH))}</span>}
      <span role="status">{isMistake ? t.faults[fault] : fault === undefined ? t.complete : ""}</span>
    </p>
  );
}

function SubmissionsLeft({ left, renewsAt }: { left: number | undefined; renewsAt: string | undefined }) {
  const t = words();
  if (left === undefined) return null;
  if (left > 0) return <p class="govgr-hint">{t.left(left)}</p>;
  return (
    <Notice kind="warning" title={t.noneLeftTitle}>
      <p>{t.noneLeft(renewsAt === undefined ? t.midnight : t.at(moment(renewsAt)))}</p>
    </Notice>
  );
}

/** Tells the user about associated photos, which block a new association, and about a pending submission. */
function ExistingPhotos({ subject }: { subject: Subject }) {
  const t = words();
  const association = useAssociation(subject.handle).data;
  const hasPending = useVisit().submission?.subject === subject.handle;
  return (
    <>
      {association !== undefined && association !== null && (
        <Notice kind="warning" title={t.existsTitle}>
          <p>{t.exists(day(association.expires_at))}</p>
          <p>
            <a class="govgr-link" href={`${subject.home}/dissociation`}>
              {common().toDissociation}
            </a>
          </p>
        </Notice>
      )}
      {hasPending && (
        <Notice title={t.pendingTitle}>
          <p>{t.pending}</p>
          <ButtonLink href={`${subject.home}/photos`} variant="secondary">
            {t.goOn}
          </ButtonLink>
        </Notice>
      )}
    </>
  );
}
