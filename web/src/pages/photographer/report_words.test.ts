import { expect, test, vi } from "vitest";

import openapi from "../../../../infra/openapi.yaml?raw";
import { language } from "../../words/language";
import type { Finding } from "./api_types";
import { formatLimit, formatMeasure, formatMeasured, words } from "./report_words";

// Stubs of the browser's objects that words/language.ts reads when it is loaded.
vi.hoisted(() => {
  vi.stubGlobal("navigator", { languages: ["el"] });
  vi.stubGlobal("document", { documentElement: { lang: "" } });
});

const enumOf = (schema: string, property: string) =>
  new RegExp(`^    ${schema}:[\\s\\S]*?^        ${property}:[\\s\\S]*?enum: \\[([^\\]]+)\\]`, "m").exec(openapi)?.[1]?.split(", ") ?? [];

test("every rule and severity of the API has a name in both languages", () => {
  const [rules, severities] = [enumOf("PictureFinding", "rule"), enumOf("PictureFinding", "severity")];
  expect(rules).toContain("eyes_open");
  expect(severities).toEqual(["error", "warning", "hint"]);
  for (const chosen of ["el", "en"] as const) {
    language.value = chosen;
    const { rules: names, ...others } = words();
    expect(Object.keys(names).sort()).toEqual([...rules].sort());
    expect(new Set(Object.values(names)).size).toBe(rules.length);
    for (const severity of severities) expect(others).toHaveProperty(severity);
  }
});

test("angles are shown in degrees, and the light of the two sides as a decimal number", () => {
  language.value = "en";
  expect(formatMeasure({ rule: "head_nodding", unit: "degrees" }, -12)).toBe("-12°");
  expect(formatLimit({ rule: "head_nodding", measured: -12, unit: "degrees", limit: { least: -18, most: 18 } })).toBe("-18° to 18°");
  expect(formatMeasure({ rule: "eyes_open", unit: "ratio" }, 0.31)).toBe("31%");
  expect(formatMeasure({ rule: "side_light", unit: "ratio" }, 1.25)).toBe("1.3");
  language.value = "el";
  expect(formatMeasure({ rule: "side_light", unit: "ratio" }, 1.7)).toBe("1,7");
});

const finding = (rule: Finding["rule"], unit: NonNullable<Finding["unit"]>, measured: number, limit: NonNullable<Finding["limit"]>): Finding => ({ rule, unit, measured, limit, ok: false, severity: "error" });
const both = (value: Finding) =>
  Object.fromEntries(
    (["en", "el"] as const).map((now) => {
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
