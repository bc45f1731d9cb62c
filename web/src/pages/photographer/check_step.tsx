import { useEffect, useState } from "preact/hooks";

import { ConnectionError } from "../../api/client";
import { Button } from "../../parts/button";
import { FailureNote } from "../../parts/failure";
import { Notice } from "../../parts/notice";
import { Loading, Page } from "../../parts/page";
import { language } from "../../words/language";
import { FileChooser, useFileChoice } from "./chooser";
import { currentReport, job, pictures, finishedPictures, uploadAndCheck } from "./draft";
import { words } from "./new_words";
import type { Kind } from "./picture/profiles";
import { ImageReport } from "./report";
import { formatPercent } from "./report_words";
import { STEPS, useSteps } from "./step";
import { mayIssueWithoutFace } from "./without_face";
import { WithoutFaceForm } from "./without_face_form";
import { words as common } from "./words";

/** Step 2: uploads the pictures and shows the service's report on each. */
export function CheckStep() {
  const t = words();
  const { go } = useSteps();
  const currentJob = job.value;
  const loadedReport = currentReport.value;
  const currentLanguage = language.value;
  const isOutdated = loadedReport === undefined || loadedReport.language !== currentLanguage;
  useEffect(() => {
    if (isOutdated && (currentJob.phase === "idle" || currentJob.phase === "done")) void uploadAndCheck();
  }, [isOutdated, currentJob.phase]);
  const report = loadedReport?.report;
  const hasWarnings = report?.images.some(({ findings }) => findings.some(({ ok, severity }) => !ok && severity !== "hint")) === true;
  return (
    <Page title={t.check.title} caption={t.step(2, STEPS.length)} back="/photographer/new" wide>
      <Progress />
      {currentJob.phase === "failed" && (
        <FailureNote failure={currentJob.failure} onRetry={() => void uploadAndCheck()}>
          {currentJob.failure instanceof ConnectionError && <p class="govgr-body">{t.check.uploadOffline}</p>}
        </FailureNote>
      )}
      {report !== undefined && (
        <>
          <div role="status">
            <Notice kind={!report.ok ? "warning" : hasWarnings ? "info" : "success"}>
              <p>{!report.ok ? t.check.errors : hasWarnings ? t.check.warnings : t.check.good}</p>
            </Notice>
          </div>
          <div class="reports">
            {report.images.map((image) => (
              <ImageSection key={image.kind} image={image} />
            ))}
          </div>
          {mayIssueWithoutFace(report) && <WithoutFaceForm onDone={() => go("recipient")} />}
          {report.ok && (
            <div class="govgr-button-group">
              <Button onClick={() => go("recipient")}>{t.check.next}</Button>
            </div>
          )}
        </>
      )}
    </Page>
  );
}

function ImageSection({ image }: { image: Parameters<typeof ImageReport>[0]["image"] }) {
  const t = words();
  const { go } = useSteps();
  const kind: Kind = image.kind;
  const name = common().image[kind];
  const choice = useFileChoice(kind, () => go(kind, { after: "check" }));
  const finished = pictures.value[kind]?.finished;
  return (
    <ImageReport image={image} url={finished?.url} size={finished?.size}>
      {choice.error !== undefined && (
        <p class="govgr-error-message" role="alert">
          {choice.error}
        </p>
      )}
      <div class="govgr-button-group">
        <Button variant={image.ok ? "secondary" : "primary"} label={t.pictures.forImage(t.pictures.cropAgain, name)} onClick={() => go(kind, { after: "check" })}>
          {t.pictures.cropAgain}
        </Button>
        <FileChooser kind={kind} choice={choice} replaces camera={!image.ok} />
      </div>
    </ImageReport>
  );
}

/** Time in milliseconds after which a text says that the upload is still running. */
const SLOW_AFTER_MS = 10_000;

function Progress() {
  const t = words().check;
  const currentJob = job.value;
  const names = common().image;
  const [isSlow, setSlow] = useState(false);
  useEffect(() => {
    setSlow(false);
    const timer = setTimeout(() => setSlow(true), SLOW_AFTER_MS);
    return () => clearTimeout(timer);
  }, [currentJob.phase]);
  if (currentJob.phase === "preparing") return <Loading text={t.preparing} />;
  if (currentJob.phase === "checking") return <Loading text={t.checking} />;
  if (currentJob.phase !== "sending") return null;
  return (
    <div class="uploads">
      {finishedPictures.value.map(({ kind, picture }) => {
        const share = (currentJob.sent[kind] ?? 0) / picture.file.size;
        const text = t.sending(names[kind], formatPercent(Math.floor(share * 100) / 100));
        return currentJob.sent[kind] === undefined ? null : (
          <p key={kind} class="upload">
            <label for={`upload-${kind}`}>{text}</label>
            <progress id={`upload-${kind}`} max={1} value={share} />
          </p>
        );
      })}
      <p role="status">{isSlow && t.slow}</p>
    </div>
  );
}
