import { expect, test } from "vitest";

import type { Finding, PictureReport } from "./api_types";
import { mayIssueWithoutFace } from "./without_face";

const NO_FACE: Finding = { rule: "faces", severity: "error", ok: false, measured: 0 };
const report = (findings: readonly Finding[], allowed = true): PictureReport => ({ upload_id: "u", profile: "standard", ok: false, images: [{ kind: "face", ok: false, findings }], ...(allowed ? { may_issue_without_face: true } : {}) });

test("issuing without a face is offered only if the service allows it and no other error remains", () => {
  expect(mayIssueWithoutFace(report([NO_FACE]))).toBe(true);
  expect(mayIssueWithoutFace(report([NO_FACE, { rule: "colour", severity: "warning", ok: false }]))).toBe(true);
  expect(mayIssueWithoutFace(report([NO_FACE], false))).toBe(false);
  expect(mayIssueWithoutFace(report([NO_FACE, { rule: "tones", severity: "error", ok: false }]))).toBe(false);
  expect(mayIssueWithoutFace(report([{ ...NO_FACE, measured: 2 }]))).toBe(false);
  expect(mayIssueWithoutFace(report([{ ...NO_FACE, ok: true, measured: 1 }]))).toBe(false);
});
