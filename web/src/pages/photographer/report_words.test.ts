import { expect, test, vi } from "vitest";

import openapi from "../../../../infra/openapi.yaml?raw";
import { language } from "../../words/language";
import { formatLimit, formatMeasure, words } from "./report_words";

// What words/language.ts reads from the browser.
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
  expect(formatLimit({ rule: "head_nodding", severity: "warning", ok: true, measured: -12, unit: "degrees", limit: { least: -18, most: 18 } })).toBe("-18° to 18°");
  expect(formatMeasure({ rule: "eyes_open", unit: "ratio" }, 0.31)).toBe("31%");
  expect(formatMeasure({ rule: "side_light", unit: "ratio" }, 1.25)).toBe("1.3");
  language.value = "el";
  expect(formatMeasure({ rule: "side_light", unit: "ratio" }, 1.7)).toBe("1,7");
});
