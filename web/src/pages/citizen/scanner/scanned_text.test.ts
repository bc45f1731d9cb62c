import { describe, expect, it } from "vitest";

import { recognizeText, recognizeTexts } from "./scanned_text";

const CODE = "adEC3wlknv5LcQn5W65twA";
const HOST = "myphoto.example.gr";
const ORIGIN = `https://${HOST}`;

describe("a scanned code number", () => {
  it.each([
    CODE,
    ` ${CODE}\n`,
    `${CODE}\0\0`,
    `${CODE}.`,
    `«${CODE}»`,
    "adEC3wlk nv5LcQn5 W65twA",
    `${ORIGIN}/#code=${CODE}`,
    `HTTPS://MYPHOTO.EXAMPLE.GR/#code=${CODE}`,
    `Https://MyPhoto.Example.gr/#code=${CODE}`,
    `http://${HOST}/#code=${CODE}`,
    `${ORIGIN}:443/#code=${CODE}`,
    `${ORIGIN}:8443/#code=${CODE}`,
    `${ORIGIN}./#code=${CODE}`,
    `${ORIGIN}#code=${CODE}`,
    `${ORIGIN}/?utm=mail#code=${CODE}`,
    `${ORIGIN}/people/self/code#code=${CODE}`,
    `${ORIGIN}/#CODE=${CODE}`,
    `${ORIGIN}/#lang=el&code=${CODE}&x=y`,
    `${ORIGIN}/%23code=${CODE}`,
    `${ORIGIN}/#code=${CODE}.`,
    `${ORIGIN}/#code=${CODE}/`,
    `${ORIGIN}/#code=${CODE})`,
    `<${ORIGIN}/#code=${CODE}>`,
    `${ORIGIN}/#code=${CODE}\r\n`,
    `${ORIGIN}/#code=${CODE} myPhoto`,
    `${ORIGIN}/#code=${CODE}\u200b`,
    `${HOST}/#code=${CODE}`,
    `MYPHOTO.EXAMPLE.GR/#code=${CODE}`,
  ])("is read from %j", (text) => {
    expect(recognizeText(text, ORIGIN)).toEqual({ kind: "code", code: CODE });
  });

  it.each(["+/EC3wlknv5LcQn5W65twA", "-_EC3wlknv5LcQn5W65twA"])("may be %s, in either base64 alphabet", (code) => {
    expect(recognizeText(`${ORIGIN}/#code=${code}`, ORIGIN)).toEqual({ kind: "code", code: "+/EC3wlknv5LcQn5W65twA" });
    expect(recognizeText(`${ORIGIN}/#code=${encodeURIComponent(code)}`, ORIGIN)).toEqual({ kind: "code", code: "+/EC3wlknv5LcQn5W65twA" });
  });

  it("is also read with the local stack's port", () => {
    expect(recognizeText(`http://MYPHOTO.localhost:4566/#code=${CODE}`, "http://myphoto.localhost:4566")).toEqual({ kind: "code", code: CODE });
  });
});

describe("another QR code", () => {
  it.each([
    [`https://elsewhere.example/#code=${CODE}`, "elsewhere.example"],
    [`${ORIGIN}.elsewhere.example/#code=${CODE}`, `${HOST}.elsewhere.example`],
    [`https://${HOST}@elsewhere.example/#code=${CODE}`, "elsewhere.example"],
    [`https://elsewhere.example/?next=${ORIGIN}/#code=${CODE}`, "elsewhere.example"],
    [`HTTP://ELSEWHERE.EXAMPLE`, "elsewhere.example"],
  ])("%s is a link to another site", (text, host) => {
    expect(recognizeText(text, ORIGIN)).toEqual({ kind: "link", host });
  });

  it.each([
    ["WIFI:S:home;T:WPA;P:secret;;", "wifi"],
    ["BEGIN:VCARD\nVERSION:3.0\nEND:VCARD", "contact"],
    ["MECARD:N:Maria;;", "contact"],
    ["tel:+302101234567", "message"],
    ["SMSTO:6912345678:hello", "message"],
    ["mailto:maria@example.gr", "message"],
    ["BEGIN:VEVENT\nEND:VEVENT", "event"],
    ["geo:37.97,23.72", "place"],
    ["BCD\n002\n1\nSCT", "payment"],
    ["bitcoin:1BoatSLRHtKNngkdXEeobR76b53LETtpyT", "payment"],
    ["HC1:6BF+70790T9WJWG", "certificate"],
    ["otpauth://totp/x?secret=y", "password"],
    ["hello", "text"],
    ["5201234567890", "text"],
    ["", "text"],
    ["javascript:alert(1)", "text"],
  ])("%j is recognised as %s", (text, kind) => {
    expect(recognizeText(text, ORIGIN)).toEqual({ kind });
  });

  it.each([`${ORIGIN}/`, `${ORIGIN}/about`, `${ORIGIN}/#code=`, `${ORIGIN}/#code=${CODE.slice(1)}`, `${ORIGIN}/#code=${CODE}A`, `${ORIGIN}/#code=${CODE.toUpperCase()}B`])("%s is a link of ours without a valid code", (text) => {
    expect(recognizeText(text, ORIGIN)).toEqual({ kind: "damaged" });
  });
});

describe("several QR codes in one image", () => {
  const OTHER = "bdEC3wlknv5LcQn5W65twA";

  it("the only code number is used, also if it appears twice", () => {
    expect(recognizeTexts(["WIFI:S:x;;", `${ORIGIN}/#code=${CODE}`, CODE], ORIGIN)).toEqual({ kind: "code", code: CODE });
  });

  it("two different code numbers are not guessed between", () => {
    expect(recognizeTexts([CODE, OTHER], ORIGIN)).toEqual({ kind: "several" });
  });

  it("nothing is found without texts", () => {
    expect(recognizeTexts([], ORIGIN)).toBeUndefined();
  });
});
