/* Issuing a code without a recognised face: the conditions, and the reasons that the photographer can give. */
import type { PictureReport } from "./api_types";

/** Returns whether the service allows issuing a code without a face, and the missing face is the only error in the report. */
export function mayIssueWithoutFace(report: PictureReport): boolean {
  const errors = report.images.flatMap(({ findings }) => findings.filter(({ ok, severity }) => !ok && severity === "error"));
  return report.may_issue_without_face === true && errors.length > 0 && errors.every(({ rule, measured }) => rule === "faces" && measured === 0);
}
