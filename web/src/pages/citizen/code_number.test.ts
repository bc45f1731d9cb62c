import { describe, expect, it } from "vitest";

import { normalizeCode, faultOf, codeFromScan } from "./code_number";

const CODE = "adEC3wlknv5LcQn5W65twA";
const ORIGIN = "https://myphoto.example.gr";

describe("a code number as it is typed", () => {
  it("is the state's own example", () => {
    expect(faultOf(CODE)).toBeUndefined();
  });

  it("loses blanks of all kinds, also those that cannot be seen", () => {
    expect(normalizeCode(" adEC 3wlk nv5L\tcQn5\nW65t\u00a0wA\u200b\ufeff ")).toBe(CODE);
  });

  it("is read out of the link that somebody pastes", () => {
    expect(normalizeCode(`${ORIGIN}/#code=${CODE}`)).toBe(CODE);
    expect(normalizeCode(`${ORIGIN}/#code=%2B%2FEC3wlknv5LcQn5W65twA`)).toBe("+/EC3wlknv5LcQn5W65twA");
    expect(normalizeCode(`${ORIGIN}/#code=+/EC3wlknv5LcQn5W65twA`)).toBe("+/EC3wlknv5LcQn5W65twA");
  });

  it("is taken in either base64 alphabet", () => {
    expect(faultOf("-_EC3wlknv5LcQn5W65twA")).toBeUndefined();
    expect(faultOf("+/EC3wlknv5LcQn5W65twA")).toBeUndefined();
  });

  it("ends in A, Q, g or w", () => {
    for (const last of "AQgw") expect(faultOf(CODE.slice(0, 21) + last)).toBeUndefined();
    for (const last of "aqGWB1-") expect(faultOf(CODE.slice(0, 21) + last)).toBe("last_character");
  });

  it("has 22 characters of those that there are", () => {
    expect(faultOf("")).toBe("short");
    expect(faultOf(CODE.slice(1))).toBe("short");
    expect(faultOf(`${CODE}A`)).toBe("long");
    expect(faultOf("adEC3!")).toBe("character");
    expect(faultOf("αdEC3wlknv5LcQn5W65twA")).toBe("greek");
  });
});

describe("what a camera sees", () => {
  it("is our link or a bare code", () => {
    expect(codeFromScan(`${ORIGIN}/#code=${CODE}`, ORIGIN)).toBe(CODE);
    expect(codeFromScan(` ${CODE}\n`, ORIGIN)).toBe(CODE);
  });

  it("is nothing of ours otherwise", () => {
    expect(codeFromScan("https://example.com/", ORIGIN)).toBeUndefined();
    expect(codeFromScan(`https://elsewhere.example/#code=${CODE}`, ORIGIN)).toBeUndefined();
    expect(codeFromScan(`${ORIGIN}.elsewhere.example/#code=${CODE}`, ORIGIN)).toBeUndefined();
    expect(codeFromScan("WIFI:S:home;;", ORIGIN)).toBeUndefined();
  });
});
