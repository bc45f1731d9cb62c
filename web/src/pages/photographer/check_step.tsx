import { useEffect } from "preact/hooks";

import { ConnectionError, ProblemError } from "../../api/client";
import { Button } from "../../parts/button";
import { FailureNote } from "../../parts/failure";
import { Notice } from "../../parts/notice";
import { Page } from "../../parts/page";
import { language } from "../../words/language";
import { FileChooser, useFileChoice } from "./chooser";
import { currentReport, job, pictures, uploadAndCheck, uploadId } from "./draft";
import { words } from "./new_words";
import type { Kind } from "./picture/profiles";
import { LateReport } from "./late_report";
import { STEPS, useSteps } from "./step";
import { GoOnWithoutCheck } from "./stored/later";
import { UploadProgress } from "./upload_progress";
import { mayIssueWithoutFace } from "./without_face";
import { WithoutFaceForm } from "./without_face_form";
import { words as common } from "./words";

/** Step 2: uploads the pictures and shows the service's report on each picture. */
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
      <UploadProgress onCancel={() => go("pictures", { replace: true })} />
      {currentJob.phase === "failed" && (
        <FailureNote failure={currentJob.failure} onRetry={() => void uploadAndCheck()}>
          {currentJob.failure instanceof ConnectionError && (
            <>
              <p class="govgr-body">{t.check.uploadOffline}</p>
              <GoOnWithoutCheck />
            </>
          )}
          {/* The response of `issue_code` was lost, so the upload may already have a code. Another upload would get a second code. */}
          {currentJob.failure instanceof ProblemError && currentJob.failure.problem.code === "upload_issued" && (
            <p class="govgr-body">
              <a class="govgr-link" href={`/photographer/issued/${uploadId.value ?? ""}`}>
                {t.recipient.conflict}
              </a>
            </p>
          )}
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

function ImageSection({ image }: { image: Parameters<typeof LateReport>[0]["image"] }) {
  const t = words();
  const { go } = useSteps();
  const kind: Kind = image.kind;
  const name = common().image[kind];
  const choice = useFileChoice(kind, () => go(kind, { after: "check" }));
  const finished = pictures.value[kind]?.finished;
  return (
    <LateReport image={image} url={finished?.url} size={finished?.size}>
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
    </LateReport>
  );
}
