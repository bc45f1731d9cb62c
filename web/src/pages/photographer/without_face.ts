/* Issuing without a recognised face: when it is allowed, and which reasons can be given. */
import type { PictureReport } from "./api_types";

/** Returns whether the service allows to issue without a face, and that would mend every error of the report. */
export function mayIssueWithoutFace(report: PictureReport): boolean {
  const errors = report.images.flatMap(({ findings }) => findings.filter(({ ok, severity }) => !ok && severity === "error"));
  return report.may_issue_without_face === true && errors.length > 0 && errors.every(({ rule, measured }) => rule === "faces" && measured === 0);
}
