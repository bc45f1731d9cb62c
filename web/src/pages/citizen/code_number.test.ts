import { describe, expect, it } from "vitest";

import { normalizeCode, faultOf } from "./code_number";

const CODE = "adEC3wlknv5LcQn5W65twA";
const ORIGIN = "https://myphoto.example.gr";

describe("a typed code number", () => {
  it("like the state's own example is valid", () => {
    expect(faultOf(CODE)).toBeUndefined();
  });

  it("loses whitespace and invisible characters", () => {
    expect(normalizeCode(" adEC 3wlk nv5L\tcQn5\nW65t\u00a0wA\u200b\ufeff ")).toBe(CODE);
  });

  it("is extracted from a pasted link", () => {
    expect(normalizeCode(`${ORIGIN}/#code=${CODE}`)).toBe(CODE);
    expect(normalizeCode(`${ORIGIN}/#code=%2B%2FEC3wlknv5LcQn5W65twA`)).toBe("+/EC3wlknv5LcQn5W65twA");
    expect(normalizeCode(`${ORIGIN}/#code=+/EC3wlknv5LcQn5W65twA`)).toBe("+/EC3wlknv5LcQn5W65twA");
  });

  it("is valid in both base64 alphabets", () => {
    expect(faultOf("-_EC3wlknv5LcQn5W65twA")).toBeUndefined();
    expect(faultOf("+/EC3wlknv5LcQn5W65twA")).toBeUndefined();
  });

  it("ends in A, Q, g or w", () => {
    for (const last of "AQgw") expect(faultOf(CODE.slice(0, 21) + last)).toBeUndefined();
    for (const last of "aqGWB1-") expect(faultOf(CODE.slice(0, 21) + last)).toBe("last_character");
  });

  it("has exactly 22 base64 characters", () => {
    expect(faultOf("")).toBe("short");
    expect(faultOf(CODE.slice(1))).toBe("short");
    expect(faultOf(`${CODE}A`)).toBe("long");
    expect(faultOf("adEC3!")).toBe("character");
    expect(faultOf("αdEC3wlknv5LcQn5W65twA")).toBe("greek");
  });
});
