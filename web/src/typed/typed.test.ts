/* Tests the parsers with the table of typed and pasted texts that also tests the service's parsers. */
import { describe, expect, it } from "vitest";

import table from "../../../shared/domain/tests/typed.json";
import type { Dropped, Result } from "./characters";
import { typedCode } from "./code";
import { typedEmail } from "./email";
import { typedAfm, typedAmka, typedMobile, typedPaaypa } from "./numbers";
import { typedOtp } from "./otp";
import { EMAIL_DOMAINS, suggestEmail } from "./suggestion";

type Case = { kind: string; input: string; value?: string | null; error?: string; dropped?: string[] };
type Outcome = { value?: string; error?: string; dropped?: readonly Dropped[] };

const ofCode = (text: string): Outcome => {
  const code = typedCode(text);
  return "value" in code ? code : { error: code.fault === "length" ? `length ${code.length}` : code.fault };
};
const PARSERS: Readonly<Record<string, (text: string) => Outcome | Result>> = { code: ofCode, mobile: typedMobile, afm: typedAfm, amka: typedAmka, paaypa: typedPaaypa, otp: typedOtp, email: typedEmail };
const parse = (kind: string, text: string) => PARSERS[kind]?.(text);
const cases: readonly Case[] = table.cases;

describe("a typed or pasted text", () => {
  for (const kind of Object.keys(PARSERS)) {
    it(`gives the value or the error of the table: ${kind}`, () => {
      const rows = cases.filter((row) => row.kind === kind);
      expect(rows.length).toBeGreaterThan(5);
      for (const { input, value, error, dropped } of rows) {
        expect(parse(kind, input), JSON.stringify(input)).toEqual(error === undefined ? { value, dropped } : { error });
      }
    });
  }

  it("loses every invisible character of the table", () => {
    const values: [string, string, string][] = [
      ["code", "adEC3wlknv5LcQn5W65twA", "adEC3wlknv5LcQn5W65twA"],
      ["mobile", "6912345678", "+306912345678"],
      ["afm", "094259216", "094259216"],
      ["otp", "057896", "057896"],
      ["email", "maria@example.gr", "maria@example.gr"],
    ];
    // Tests only every 64th character and the last one of a long range, because the longest range has 4,096 characters.
    const points = table.invisible.flatMap(([first = 0, last = 0]) => pointsOf([[first, last]]).filter((code) => code === last || (code - first) % 64 === 0 || last - first < 64));
    for (const code of points) {
      const c = String.fromCodePoint(code);
      for (const [kind, typed, value] of values) {
        expect(parse(kind, c + typed.slice(0, 5) + c + typed.slice(5) + c), `${kind} U+${code.toString(16)}`).toEqual({ value, dropped: ["invisible"] });
      }
    }
  });

  it("is read with every hyphen and digit of the table", () => {
    for (const code of pointsOf(table.hyphens)) {
      const c = String.fromCodePoint(code);
      expect(parse("mobile", `691${c}234${c}5678`), c).toEqual({ value: "+306912345678", dropped: ["punctuation"] });
      expect(parse("code", `${c}_EC3wlknv5LcQn5W65twA`), c).toEqual({ value: "+/EC3wlknv5LcQn5W65twA", dropped: [] });
    }
    for (const zero of table.zeros) {
      const digits = Array.from("094259216", (digit) => String.fromCodePoint(zero + Number(digit))).join("");
      expect(parse("afm", digits), digits).toEqual({ value: "094259216", dropped: [] });
    }
  });
});

function pointsOf(ranges: readonly number[][]): number[] {
  return ranges.flatMap(([first = 0, last = 0]) => Array.from({ length: last - first + 1 }, (_, index) => first + index));
}

describe("a suggestion for an email address", () => {
  it("is that of the table", () => {
    for (const { input, value } of cases.filter(({ kind }) => kind === "suggestion")) {
      expect(suggestEmail(input), input).toBe(value ?? undefined);
    }
  });

  it("is never made for a known domain", () => {
    expect(EMAIL_DOMAINS).toEqual(table.email_domains);
    for (const domain of EMAIL_DOMAINS) expect(suggestEmail(`maria@${domain}`), domain).toBeUndefined();
  });
});
