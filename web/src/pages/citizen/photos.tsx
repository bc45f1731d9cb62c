import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";

import { responseData, api, type Schemas } from "../../api/client";
import { rememberUrl, useAction } from "../../parts/action";
import { Button, ButtonLink } from "../../parts/button";
import { Dialog } from "../../parts/dialog";
import { FailureNote } from "../../parts/failure";
import { Notice, Summary } from "../../parts/notice";
import { Page } from "../../parts/page";
import { words as parts } from "../../parts/words";
import { bytes, day, moment } from "../../words/dates";
import { clearPreviews, previewsOf } from "./previews";
import { patchVisit, useVisit, type Subject } from "./subject";
import { RedirectWithMessage, StatusMessage, useRouteWithMessage } from "./status_message";
import { ErrorMessage } from "./error_message";
import { words as common } from "./words/common";
import { words } from "./words/photos";

type Submission = Schemas["Submission"];

/** The photos of a submitted code, to confirm or reject. */
export function Photos({ subject }: { subject: Subject }) {
  const { submission } = useVisit();
  const [rejected, setRejected] = useState(false);
  // Show nothing, because the `reject` action opens another page.
  if (rejected) return null;
  if (submission?.subject !== subject.handle) return <RedirectWithMessage path={`${subject.home}/code`} messageKey="noSubmission" />;
  return <PendingPhotos subject={subject} submission={submission} onRejected={() => setRejected(true)} />;
}

function PendingPhotos({ subject, submission, onRejected }: { subject: Subject; submission: Submission; onRejected: () => void }) {
  const t = words();
  const { route } = useLocation();
  const routeWithMessage = useRouteWithMessage();
  const [rejecting, setRejecting] = useState(false);
  const params = { path: { subject: subject.handle } };
  const confirm = useAction(async () => {
    const isSameUrl = rememberUrl();
    patchVisit({ submission: await responseData(api.POST("/v1/subjects/{subject}/submissions/current/confirmation", { params, body: {} })) });
    if (isSameUrl()) route(`${subject.home}/association`);
  });
  const reject = useAction(async () => {
    const isSameUrl = rememberUrl();
    await responseData(api.DELETE("/v1/subjects/{subject}/submissions/current", { params }));
    onRejected();
    clearPreviews();
    patchVisit({ submission: undefined });
    if (isSameUrl()) routeWithMessage(`${subject.home}/code`, "rejected", true);
  });
  const previews = previewsOf(submission);
  const hasPreviews = submission.images.every(({ kind }) => previews[kind] !== undefined);
  return (
    <Page {...headingOf(subject)} back={`${subject.home}/code`}>
      <StatusMessage />
      {submission.confirmed ? (
        <Notice kind="success">
          <p>{t.confirmed}</p>
        </Notice>
      ) : hasPreviews ? (
        <p class="govgr-body">{t.look}</p>
      ) : (
        <Notice kind="warning" title={t.noPreviewTitle}>
          <p>{t.noPreview}</p>
          <ButtonLink href={`${subject.home}/code`} variant="secondary">
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
      <ErrorMessage failure={confirm.failure} subject={subject} />
      <div class="govgr-button-group">
        {submission.confirmed ? (
          <ButtonLink href={`${subject.home}/association`}>{t.goOn}</ButtonLink>
        ) : (
          hasPreviews && (
            <Button busy={confirm.busy} onClick={() => confirm.run()}>
              {subject.isSelf ? t.mine : subject.minor === undefined ? t.theirs : t.minesMinor}
            </Button>
          )
        )}
        <Button variant="secondary" disabled={confirm.busy} onClick={() => setRejecting(true)}>
          {t.notMine}
        </Button>
      </div>
      {rejecting && (
        <Dialog title={t.rejectTitle} onClose={() => setRejecting(false)}>
          <p class="govgr-body">{t.reject}</p>
          <FailureNote failure={reject.failure} />
          <div class="govgr-button-group">
            <Button variant="warning" busy={reject.busy} onClick={() => reject.run()}>
              {t.rejectYes}
            </Button>
            <Button variant="secondary" onClick={() => setRejecting(false)}>
              {parts().cancel}
            </Button>
          </div>
        </Dialog>
      )}
    </Page>
  );
}

/** Returns the page's title. In a clerk's case the title contains no name, because the browser's history stores the titles of pages. */
function headingOf(subject: Subject): { title: string; caption?: string } {
  const t = words();
  if (subject.isAtKep) return { title: t.titleAtKep, caption: subject.name };
  return { title: subject.isSelf ? t.title : t.titleMinor(subject.name) };
}
