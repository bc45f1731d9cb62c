import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";

import { answer, api, type Schemas } from "../../api/client";
import { amend } from "../../api/session";
import { staying, useAction } from "../../parts/action";
import { Button, ButtonLink } from "../../parts/button";
import { Dialog } from "../../parts/dialog";
import { FailureNote } from "../../parts/failure";
import { Notice, Summary } from "../../parts/notice";
import { Page } from "../../parts/page";
import { words as parts } from "../../parts/words";
import { useSession } from "../../shell/gate";
import { bytes, day, moment } from "../../words/dates";
import { forgetPreviews, previewsOf } from "./previews";
import type { Who } from "./subject";
import { Elsewhere, Told, useTell } from "./told";
import { Trouble } from "./trouble";
import { words as common } from "./words/common";
import { words } from "./words/photos";

type Submission = Schemas["Submission"];

/** The photos of a submitted code, to confirm or reject. */
export function Photos({ who }: { who: Who }) {
  const submission = useSession().submission;
  const [rejected, setRejected] = useState(false);
  // The rejection leads on by itself.
  if (rejected) return null;
  if (submission?.subject !== who.subject) return <Elsewhere path={`${who.home}/code`} word="noSubmission" />;
  return <InHand who={who} submission={submission} onRejected={() => setRejected(true)} />;
}

function InHand({ who, submission, onRejected }: { who: Who; submission: Submission; onRejected: () => void }) {
  const t = words();
  const { route } = useLocation();
  const tell = useTell();
  const [rejecting, setRejecting] = useState(false);
  const params = { path: { subject: who.subject } };
  const confirm = useAction(async () => {
    const isHere = staying();
    amend({ submission: await answer(api.POST("/v1/subjects/{subject}/submissions/current/confirmation", { params, body: {} })) });
    if (isHere()) route(`${who.home}/association`);
  });
  const reject = useAction(async () => {
    const isHere = staying();
    await answer(api.DELETE("/v1/subjects/{subject}/submissions/current", { params }));
    onRejected();
    forgetPreviews();
    amend({ submission: undefined });
    if (isHere()) tell(`${who.home}/code`, "rejected", true);
  });
  const previews = previewsOf(submission);
  const seen = submission.images.every(({ kind }) => previews[kind] !== undefined);
  return (
    <Page title={who.isSelf ? t.title : t.titleMinor(who.name)} back={`${who.home}/code`}>
      <Told />
      {submission.confirmed ? (
        <Notice kind="success">
          <p>{t.confirmed}</p>
        </Notice>
      ) : seen ? (
        <p class="govgr-body">{t.look}</p>
      ) : (
        <Notice kind="warning" title={t.noPreviewTitle}>
          <p>{t.noPreview}</p>
          <ButtonLink href={`${who.home}/code`} look="secondary">
            {t.again}
          </ButtonLink>
        </Notice>
      )}
      <ul class="pictures">
        {submission.images.map((image) => (
          <li class={`picture picture-${image.kind}`} key={image.kind}>
            {previews[image.kind] !== undefined && <img src={previews[image.kind]} alt={t.previewOf(common()[image.kind])} width={image.width} height={image.height} />}
            <p class="picture-name">{common()[image.kind]}</p>
            <p class="quiet">
              {t.pixels(image.width, image.height)}, {bytes(image.bytes)}
            </p>
          </li>
        ))}
      </ul>
      <Summary
        rows={[
          [t.issued, day(submission.issued_at)],
          [t.expires, moment(submission.expires_at)],
          [t.profile, common().profiles[submission.profile]],
        ]}
      />
      <Trouble failure={confirm.failure} who={who} />
      <div class="govgr-button-group">
        {submission.confirmed ? (
          <ButtonLink href={`${who.home}/association`}>{t.goOn}</ButtonLink>
        ) : (
          seen && (
            <Button busy={confirm.busy} onClick={() => confirm.run()}>
              {who.isSelf ? t.mine : t.minesMinor}
            </Button>
          )
        )}
        <Button look="secondary" disabled={confirm.busy} onClick={() => setRejecting(true)}>
          {t.notMine}
        </Button>
      </div>
      {rejecting && (
        <Dialog title={t.rejectTitle} onClose={() => setRejecting(false)}>
          <p class="govgr-body">{t.reject}</p>
          <FailureNote failure={reject.failure} />
          <div class="govgr-button-group">
            <Button look="warning" busy={reject.busy} onClick={() => reject.run()}>
              {t.rejectYes}
            </Button>
            <Button look="secondary" onClick={() => setRejecting(false)}>
              {parts().cancel}
            </Button>
          </div>
        </Dialog>
      )}
    </Page>
  );
}
