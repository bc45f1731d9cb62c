import { describe, expect, it } from "vitest";

import { typedCode } from "../../typed/code";
import { codeFromScan, faultOf } from "./code_number";

const CODE = "adEC3wlknv5LcQn5W65twA";
const ORIGIN = "https://myphoto.example.gr";

it("a typed code number has a fault until it is complete and right", () => {
  const faults = { "": "short", adEC3: "short", [CODE.slice(1)]: "short", [`${CODE}A`]: "long", "adEC3!lk": "character", αdEC3wlknv5LcQn5W65twA: "greek", [`${CODE.slice(0, 21)}B`]: "last_character", [`${CODE} Hk7mPq2Rt9vXzB4cNd8wfQ`]: "several" };
  for (const [text, fault] of Object.entries(faults)) expect(faultOf(typedCode(text)), text).toBe(fault);
  for (const text of [CODE, ` ${CODE} `, `Κωδικάριθμος: ${CODE}`, `${ORIGIN}/#code=${CODE}`]) expect(faultOf(typedCode(text)), text).toBeUndefined();
});

it("a Greek text without a code number is not blamed on the keyboard", () => {
  for (const text of ["Κωδικάριθμος:", "Δεν τον βρίσκω"]) expect(faultOf(typedCode(text)), text).not.toBe("greek");
});

describe("a scanned QR code", () => {
  it("is accepted if it is a link of the service or a bare code", () => {
    expect(codeFromScan(`${ORIGIN}/#code=${CODE}`, ORIGIN)).toBe(CODE);
    expect(codeFromScan(`HTTPS://MYPHOTO.EXAMPLE.GR/#code=${CODE}`, ORIGIN)).toBe(CODE);
    expect(codeFromScan(`https://MyPhoto.Example.gr:443/#code=${CODE}`, ORIGIN)).toBe(CODE);
    expect(codeFromScan(` ${CODE}\n`, ORIGIN)).toBe(CODE);
  });

  it("is ignored if it is anything else", () => {
    expect(codeFromScan("https://example.com/", ORIGIN)).toBeUndefined();
    expect(codeFromScan(`https://elsewhere.example/#code=${CODE}`, ORIGIN)).toBeUndefined();
    expect(codeFromScan(`${ORIGIN}.elsewhere.example/#code=${CODE}`, ORIGIN)).toBeUndefined();
    expect(codeFromScan(`https://elsewhere.example/?to=${encodeURIComponent(`${ORIGIN}/#code=${CODE}`)}`, ORIGIN)).toBeUndefined();
    expect(codeFromScan("WIFI:S:home;;", ORIGIN)).toBeUndefined();
  });
});
