import { useEffect, useRef, useState } from "preact/hooks";

import { TRIES } from "../../api/retry";
import { Button } from "../../parts/button";
import { Notice } from "../../parts/notice";
import { Loading } from "../../parts/page";
import { cancelUpload, finishedPictures, isUploading, job } from "./draft";
import type { Kind } from "./picture/profiles";
import { formatPercent } from "./numbers";
import type { Wait } from "./send_pictures";
import { nextAnnouncement, roundedTime, type Announced } from "./transfer";
import { words } from "./upload_words";
import { words as common } from "./words";

/** If a phase of the upload shows no remaining time for this long, in milliseconds, a text says that the upload is still running. */
const SLOW_AFTER_MS = 10_000;

/** Shows the uploaded fraction of the pictures and the remaining time. The user can cancel the upload. */
export function UploadProgress({ onCancel }: { onCancel: () => void }) {
  const t = words();
  const current = job.value;
  const wait = "wait" in current ? current.wait : undefined;
  if (!isUploading.value) return null;
  return (
    <div class="uploads">
      {current.phase === "preparing" && wait === undefined && <Loading text={t.preparing} />}
      {current.phase === "checking" && wait === undefined && <Loading text={t.checking} />}
      {current.phase === "sending" && <Bars sent={current.sent} />}
      <p class="upload-time">{current.phase === "sending" && current.secondsLeft !== undefined && t.timeLeft(roundedTime(current.secondsLeft))}</p>
      <div role="status">
        <UploadStatus wait={wait} isStalled={current.phase === "sending" && current.secondsLeft === undefined} />
      </div>
      <Button
        variant="secondary"
        onClick={() => {
          cancelUpload();
          onCancel();
        }}
      >
        {t.cancel}
      </Button>
    </div>
  );
}

function Bars({ sent }: { sent: Readonly<Partial<Record<Kind, number>>> }) {
  const t = words();
  const names = common().image;
  return (
    <>
      {finishedPictures.value.map(({ kind, picture }) => {
        const bytes = sent[kind];
        if (bytes === undefined) return null;
        const share = bytes / picture.file.size;
        return (
          <p key={kind} class="upload">
            <label for={`upload-${kind}`}>{t.sending(names[kind], formatPercent(Math.floor(share * 100) / 100))}</label>
            <progress id={`upload-${kind}`} max={1} value={share} />
          </p>
        );
      })}
    </>
  );
}

/** The text that screen readers announce: the upload waits for its next try, another quarter is uploaded, or the upload takes long. */
function UploadStatus({ wait, isStalled }: { wait: Wait | undefined; isStalled: boolean }) {
  const t = words();
  const current = job.value;
  const share = current.phase === "sending" ? Object.values(current.sent).reduce((sum, bytes) => sum + bytes, 0) / current.total : 0;
  const announced = useRef<Announced>({ quarter: 0, at: performance.now() });
  announced.current = nextAnnouncement(announced.current, share, performance.now());
  const [isSlow, setSlow] = useState(false);
  useEffect(() => {
    setSlow(false);
    const timer = setTimeout(() => setSlow(true), SLOW_AFTER_MS);
    return () => clearTimeout(timer);
  }, [current.phase, isStalled]);
  if (wait !== undefined) {
    return (
      <Notice kind="warning">
        <p>{t.waiting[wait.for](wait.nextTry, TRIES)}</p>
      </Notice>
    );
  }
  if (isSlow && (isStalled || current.phase !== "sending")) return <p>{t.slow}</p>;
  return announced.current.quarter === 0 ? null : <p class="govgr-visually-hidden">{t.announced(formatPercent(announced.current.quarter / 4))}</p>;
}
