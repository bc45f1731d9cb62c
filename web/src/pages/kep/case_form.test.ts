import { describe, expect, it } from "vitest";
import { caseRequest, EMPTY, typedApplicationNumber, typedLastFour, type CaseForm } from "./case_form";

describe("the number of an application", () => {
  it.each(["777/2026", " ΑΠ-Ζήτα_44 71 ", "Αρ. 12/30.11.2026", "ω".repeat(40)])("is accepted as %s", (text) => {
    expect(typedApplicationNumber(text)).toBe(text.trim());
  });

  it.each(["", " ", "evil.example/x", "1 evil1.gr", "https://evil1", "a@evil", "evil\u3002gr", "12\u200b3", "1\n2", "ω".repeat(41)])("is rejected as %j", (text) => {
    expect(typedApplicationNumber(text)).toBeUndefined();
  });
});

describe("the end of a document's number", () => {
  it.each([
    ["3456", "3456"],
    [" ab 12 ", "AB12"],
    ["αχ\u200b12", "ΑΧ12"],
  ])("%j is read as %s", (text, expected) => {
    expect(typedLastFour(text)).toBe(expected);
  });

  it.each(["", "123", "12345", "ΑΒ 123456", "12-4"])("%j is rejected", (text) => {
    expect(typedLastFour(text)).toBeUndefined();
  });
});

describe("the request for a case", () => {
  const form: CaseForm = { kind: "afm", number: "068933130", document: "passport", lastFour: "ab12", applicationNumber: " 12/2026 ", language: "el" };
  const person = (kind: CaseForm["kind"], number: string) => {
    const result = caseRequest({ ...form, kind, number });
    return "request" in result ? result.request.person : result.faults;
  };

  it("has the cleaned values", () => {
    expect(caseRequest(form)).toEqual({
      request: { person: { kind: "afm", value: "068933130" }, document: { kind: "passport", last_four: "AB12" }, application_number: "12/2026", language: "el" },
    });
  });

  it("has the language of the SMS, which is Greek in a new form", () => {
    const languageOf = (form: CaseForm) => {
      const result = caseRequest(form);
      return "request" in result ? result.request.language : undefined;
    };
    expect(languageOf({ ...form, language: EMPTY.language })).toBe("el");
    expect(languageOf({ ...form, language: "en" })).toBe("en");
  });

  it("has the number without what was pasted around it", () => {
    expect(person("afm", "ΑΦΜ: 068 933-130\n")).toEqual({ kind: "afm", value: "068933130" });
    expect(person("amka", "ΑΜΚΑ 12038501420")).toEqual({ kind: "amka", value: "12038501420" });
    expect(person("paaypa", "19059070012")).toEqual({ kind: "paaypa", value: "19059070012" });
  });

  it("is not made of a number of another kind", () => {
    expect(person("amka", "068933130")).toEqual(["number"]);
    expect(person("afm", "12038501420")).toEqual(["number"]);
  });

  it("names every field that has to be corrected, in the order of the form", () => {
    expect(caseRequest(EMPTY)).toEqual({ faults: ["number", "document", "lastFour", "applicationNumber"] });
  });
});
