import { expect, test, vi } from "vitest";

import type { Finding } from "./api_types";
import { formatLimit, formatMeasured } from "./report_words";

// The real module reads the browser's language, and tests have no browser.
const language = vi.hoisted(() => ({ value: "el" }));
vi.mock("../../words/language", () => ({ language }));

const finding = (rule: Finding["rule"], unit: NonNullable<Finding["unit"]>, measured: number, limit: NonNullable<Finding["limit"]>): Finding => ({ rule, unit, measured, limit, ok: false, severity: "error" });
const both = (value: Finding) =>
  Object.fromEntries(
    ["en", "el"].map((now) => {
      language.value = now;
      return [now, `${formatMeasured(value) ?? ""}; ${formatLimit(value) ?? ""}`];
    }),
  );

test("a value has as many digits as tell it apart from the limits", () => {
  expect(both(finding("proportion", "ratio", 0.6595, { least: 0.66, most: 0.6733 }))).toEqual({ en: "0.6595; 0.6600 to 0.6733", el: "0,6595; 0,6600 έως 0,6733" });
  expect(both(finding("proportion", "ratio", 0.6667, { least: 0.66, most: 0.6733 }))).toEqual({ en: "0.667; 0.660 to 0.673", el: "0,667; 0,660 έως 0,673" });
  expect(both(finding("eye_line", "ratio", 0.520004, { least: 0.33, most: 0.52 }))).toEqual({ en: "52.0004%; 33.0000% to 52.0000%", el: "52,0004%; 33,0000% έως 52,0000%" });
  expect(both(finding("eye_line", "ratio", 0.5261, { least: 0.33, most: 0.52 }))).toEqual({ en: "52.61%; 33% to 52%", el: "52,61%; 33% έως 52%" });
  expect(both(finding("bytes", "bytes", 3_000_001, { most: 3_000_000 }))).toEqual({ en: "3.000001 MB; at most 3 MB", el: "3,000001 MB; έως 3 MB" });
});

test("a value that equals its limit has the usual digits", () => {
  expect(both(finding("proportion", "ratio", 0.66, { least: 0.66, most: 0.6733 }))).toEqual({ en: "0.660; 0.660 to 0.673", el: "0,660; 0,660 έως 0,673" });
  expect(both(finding("faces", "faces", 1, { least: 1, most: 1 }))).toEqual({ en: "1 face; 1 face", el: "1 πρόσωπο; 1 πρόσωπο" });
});
