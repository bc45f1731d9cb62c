import { useRoute } from "preact-iso";
import { useState } from "preact/hooks";

import { responseData, api, ProblemError } from "../../api/client";
import { useAction, useLoad } from "../../parts/action";
import { Button, ButtonLink } from "../../parts/button";
import { FailureNote } from "../../parts/failure";
import { Form, splitFailure } from "../../parts/form";
import { Notice, Summary } from "../../parts/notice";
import { Loaded, Page } from "../../parts/page";
import { ConfirmDialog } from "../../typed/confirm_dialog";
import { moment } from "../../words/dates";
import type { Recipient } from "./draft";
import { words as failureWords } from "./failure_words";
import { StateTag, failureText, imagesText, resendsText } from "./issuance_parts";
import { currentBusiness, findIssuance, mayCorrect, mayResend, mayResendSame, cacheIssuances, resendUntil, cachedIssuance, mayChange, type Issuance } from "./issuances";
import { words } from "./issued_words";
import { usePolling } from "./polling";
import { readRecipient, recipientFieldIds, RecipientFields, recipientErrors } from "./recipient_fields";
import { words as referenceWords } from "./reference_words";
import { words as common } from "./words";

/** Sends a code number again, or corrects its recipient. */
export function SendAgain() {
  const t = words().again;
  const upload = useRoute().params.upload ?? "";
  const load = useLoad(async () => (await findIssuance(upload)) ?? null, [upload, currentBusiness()]);
  return (
    <Page title={t.title} back="/photographer">
      <Loaded load={load}>
        {/* If polling has updated the cached issuance, it is newer than the loaded one. */}
        {(found) => (found === null ? <NotFound /> : <IssuanceDetails issuance={cachedIssuance(upload) ?? found} />)}
      </Loaded>
    </Page>
  );
}

function NotFound() {
  return (
    <>
      <p class="govgr-body">{words().again.unknown}</p>
      <ButtonLink href="/photographer">{words().list.title}</ButtonLink>
    </>
  );
}

function IssuanceDetails({ issuance }: { issuance: Issuance }) {
  const t = words().again;
  const c = common();
  const [successText, setSuccessText] = useState<string>();
  usePolling(mayChange(issuance), () => findIssuance(issuance.upload_id));
  const resendSame = useAction(async () => {
    setSuccessText(undefined);
    await resend(issuance, {});
    setSuccessText(words().again.sent);
    scrollTo(0, 0);
  });
  const canResend = mayResend(issuance);
  return (
    <>
      {successText !== undefined && (
        <Notice kind="success" live>
          <p>{successText}</p>
        </Notice>
      )}
      <Summary
        rows={[
          [c.to, issuance.recipient.masked],
          [c.delivery, <StateTag key="state" state={issuance.state} failure={issuance.failure} />],
          ...(issuance.reference === undefined ? [] : [[referenceWords().name, issuance.reference] as const]),
          [c.recipient.language, c.language[issuance.language]],
          [c.issuedAt, moment(issuance.issued_at)],
          [c.expiresAt, moment(issuance.expires_at)],
          [words().columns.what, imagesText(issuance)],
          [words().columns.again, resendsText(issuance)],
        ]}
      />
      {issuance.resends.list.length > 0 && (
        <>
          <h2 class="govgr-heading-s">{t.history}</h2>
          <ul class="govgr-list govgr-list--bullet">
            {issuance.resends.list.map(({ at, corrected }) => (
              <li key={at}>
                {moment(at)}: {corrected ? t.wasCorrected : t.wasSame}
              </li>
            ))}
          </ul>
        </>
      )}
      {issuance.state === "failed" && issuance.failure !== undefined && (
        <Notice kind="warning" live>
          <p>
            {failureText(issuance.failure)} {canResend && (mayCorrect(issuance) ? failureWords().next[issuance.recipient.kind] : failureWords().again)}
          </p>
        </Notice>
      )}
      {!canResend && (
        <Notice kind={issuance.associated ? "info" : "warning"}>
          <p>{issuance.associated ? t.associated : issuance.resends.left === 0 ? t.exhausted : t.tooLate(moment(resendUntil(issuance)))}</p>
        </Notice>
      )}
      {canResend && (
        <>
          {mayResendSame(issuance) && (
            <>
              <h2 class="govgr-heading-m">{t.sameTitle}</h2>
              <p class="govgr-body">{t.same(issuance.recipient.masked)}</p>
              <FailureNote failure={resendSame.failure} />
              <Button variant="secondary" busy={resendSame.busy} onClick={() => resendSame.run()}>
                {t.sameButton}
              </Button>
            </>
          )}
          <h2 class="govgr-heading-m">{t.correctTitle}</h2>
          <p class="govgr-body">{t.correct}</p>
          <CorrectionForm
            issuance={issuance}
            onDone={(now) => {
              resendSame.setFailure(undefined);
              setSuccessText(isLastResendCorrected(now) ? words().again.corrected(now.recipient.masked) : words().again.sent);
              scrollTo(0, 0);
            }}
          />
        </>
      )}
    </>
  );
}

/**
 * Returns whether the last resend issued a new code. If neither the address nor the language was changed, the service only repeats the
 * message.
 */
const isLastResendCorrected = ({ resends }: Issuance) => resends.list.reduce((last, attempt) => (attempt.at > last.at ? attempt : last), { at: "", corrected: false }).corrected;

type Correction = Pick<Recipient, "kind" | "mobile" | "email" | "language">;

function CorrectionForm({ issuance, onDone }: { issuance: Issuance; onDone: (now: Issuance) => void }) {
  const t = words().again;
  const empty = (language: Correction["language"]): Correction => ({ kind: issuance.recipient.kind, mobile: "", email: "", language });
  const [to, setTo] = useState(empty(issuance.language));
  const [wasSubmitted, setWasSubmitted] = useState(false);
  const [isConfirming, setIsConfirming] = useState(false);
  const read = readRecipient(to);
  const submit = useAction(async (value: string) => {
    const updated = await resend(issuance, { recipient: { kind: to.kind, value }, language: to.language });
    setWasSubmitted(false);
    setTo(empty(updated.language));
    onDone(updated);
  });
  const inputErrors = wasSubmitted ? recipientErrors(to) : {};
  const hasInputErrors = Object.keys(inputErrors).length > 0;
  const { errors, other } = splitFailure(submit.failure, recipientFieldIds(to.kind));
  const shownErrors = hasInputErrors ? inputErrors : errors;
  return (
    <Form
      errors={shownErrors}
      failure={hasInputErrors ? undefined : other}
      label={t.correctTitle}
      onSubmit={() => {
        setWasSubmitted(true);
        setIsConfirming("value" in read);
      }}
    >
      <RecipientFields
        value={to}
        errors={shownErrors}
        onChange={(value) => {
          setTo(value);
          setWasSubmitted(false);
          submit.setFailure(undefined);
        }}
      />
      <Button submit busy={submit.busy}>
        {t.correctButton}
      </Button>
      {isConfirming && "value" in read && (
        <ConfirmDialog
          purpose="confirm"
          value={read.value}
          onYes={() => {
            setIsConfirming(false);
            void submit.run(read.value);
          }}
          onUse={(email) => {
            setIsConfirming(false);
            setTo({ ...to, email });
          }}
          onClose={() => setIsConfirming(false)}
        />
      )}
    </Form>
  );
}

/**
 * Sends the code again. If the service responds that the code may not be sent again, loads the issuance, so that the page shows its current
 * state.
 */
async function resend(issuance: Issuance, body: { recipient?: { kind: Recipient["kind"]; value: string }; language?: Recipient["language"] }): Promise<Issuance> {
  const business = currentBusiness();
  try {
    const updated = await responseData(api.POST("/v1/photographer/issuances/{upload}/resend", { params: { path: { upload: issuance.upload_id } }, body }));
    cacheIssuances([updated], business);
    return updated;
  } catch (error) {
    if (error instanceof ProblemError && error.problem.code.startsWith("resend_")) await findIssuance(issuance.upload_id).catch(() => undefined);
    throw error;
  }
}
