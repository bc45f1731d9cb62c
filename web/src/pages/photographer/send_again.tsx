import { useRoute } from "preact-iso";
import { useState } from "preact/hooks";

import { answer, api, Refused } from "../../api/client";
import { useAction, useLoad } from "../../parts/action";
import { Button, ButtonLink } from "../../parts/button";
import { FailureNote } from "../../parts/failure";
import { Form, sorted } from "../../parts/form";
import { Notice, Summary } from "../../parts/notice";
import { Loaded, Page } from "../../parts/page";
import { moment } from "../../words/dates";
import type { Recipient } from "./draft";
import { StateTag, imagesText, resendsText } from "./issuance_parts";
import { business, find, mayResend, remember, resendUntil, seen, useFollowing, type Issuance } from "./issuances";
import { words } from "./issued_words";
import { RECIPIENT_FIELDS, RecipientFields, wrongRecipient } from "./recipient_fields";
import { words as common } from "./words";

/** One code number that did not arrive, or went to a wrong address. */
export function SendAgain() {
  const t = words().again;
  const upload = useRoute().params.upload ?? "";
  const load = useLoad(async () => (await find(upload)) ?? null, [upload, business()]);
  return (
    <Page title={t.title} back="/photographer">
      <Loaded of={load}>
        {/* What was found, as it has become since. */}
        {(found) => (found === null ? <Unknown /> : <OfOne one={seen(upload) ?? found} />)}
      </Loaded>
    </Page>
  );
}

function Unknown() {
  return (
    <>
      <p class="govgr-body">{words().again.unknown}</p>
      <ButtonLink href="/photographer">{words().list.title}</ButtonLink>
    </>
  );
}

function OfOne({ one }: { one: Issuance }) {
  const t = words().again;
  const c = common();
  const [said, setSaid] = useState<string>();
  useFollowing(one.state === "queued", () => find(one.upload_id));
  const same = useAction(async () => {
    setSaid(undefined);
    await resend(one, {});
    setSaid(words().again.sent);
    scrollTo(0, 0);
  });
  const may = mayResend(one);
  return (
    <>
      {said !== undefined && (
        <Notice kind="success" live>
          <p>{said}</p>
        </Notice>
      )}
      <Summary
        rows={[
          [c.to, one.recipient.masked],
          [c.delivery, <StateTag key="state" state={one.state} />],
          [c.recipient.language, c.language[one.language]],
          [c.issuedAt, moment(one.issued_at)],
          [c.expiresAt, moment(one.expires_at)],
          [words().columns.what, imagesText(one)],
          [words().columns.again, resendsText(one)],
        ]}
      />
      {one.resends.list.length > 0 && (
        <>
          <h2 class="govgr-heading-s">{t.history}</h2>
          <ul class="govgr-list govgr-list--bullet">
            {one.resends.list.map(({ at, corrected }) => (
              <li key={at}>
                {moment(at)}: {corrected ? t.wasCorrected : t.wasSame}
              </li>
            ))}
          </ul>
        </>
      )}
      {!may && (
        <Notice kind={one.associated ? "info" : "warning"}>
          <p>{one.associated ? t.associated : one.resends.left === 0 ? t.exhausted : t.tooLate(moment(resendUntil(one)))}</p>
        </Notice>
      )}
      {may && (
        <>
          <h2 class="govgr-heading-m">{t.sameTitle}</h2>
          <p class="govgr-body">{t.same(one.recipient.masked)}</p>
          <FailureNote failure={same.failure} />
          <Button look="secondary" busy={same.busy} onClick={() => same.run()}>
            {t.sameButton}
          </Button>
          <h2 class="govgr-heading-m">{t.correctTitle}</h2>
          <p class="govgr-body">{t.correct}</p>
          <Correct
            one={one}
            onDone={(now) => {
              same.setFailure(undefined);
              setSaid(isCorrected(now) ? words().again.corrected(now.recipient.masked) : words().again.sent);
              scrollTo(0, 0);
            }}
          />
        </>
      )}
    </>
  );
}

/** Whoever gives the same address and language again has the same message sent again. */
const isCorrected = ({ resends }: Issuance) => resends.list.reduce((last, one) => (one.at > last.at ? one : last), { at: "", corrected: false }).corrected;

type To = Pick<Recipient, "kind" | "mobile" | "email" | "language">;

function Correct({ one, onDone }: { one: Issuance; onDone: (now: Issuance) => void }) {
  const t = words().again;
  const empty = (language: To["language"]): To => ({ kind: one.recipient.kind, mobile: "", email: "", language });
  const [to, setTo] = useState(empty(one.language));
  const [pressed, setPressed] = useState(false);
  const send = useAction(async () => {
    const now = await resend(one, { recipient: { kind: to.kind, value: to[to.kind] }, language: to.language });
    setPressed(false);
    setTo(empty(now.language));
    onDone(now);
  });
  const mine = pressed ? wrongRecipient(to) : {};
  const hasMine = Object.keys(mine).length > 0;
  const { errors, other } = sorted(send.failure, RECIPIENT_FIELDS(to.kind));
  const shown = hasMine ? mine : errors;
  return (
    <Form
      errors={shown}
      failure={hasMine ? undefined : other}
      label={t.correctTitle}
      onSubmit={() => {
        setPressed(true);
        if (Object.keys(wrongRecipient(to)).length === 0) void send.run();
      }}
    >
      <RecipientFields
        value={to}
        errors={shown}
        onChange={(value) => {
          setTo(value);
          setPressed(false);
          send.setFailure(undefined);
        }}
      />
      <Button submit busy={send.busy}>
        {t.correctButton}
      </Button>
    </Form>
  );
}

/** Why it may not be sent again may be news: then the page shows how it stands. */
async function resend(one: Issuance, body: { recipient?: { kind: Recipient["kind"]; value: string }; language?: Recipient["language"] }): Promise<Issuance> {
  const of = business();
  try {
    const now = await answer(api.POST("/v1/photographer/issuances/{upload}/resend", { params: { path: { upload: one.upload_id } }, body }));
    remember([now], of);
    return now;
  } catch (error) {
    if (error instanceof Refused && error.problem.code.startsWith("resend_")) await find(one.upload_id).catch(() => undefined);
    throw error;
  }
}
