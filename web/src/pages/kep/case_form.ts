/* Checks what the clerk typed to open a case. The rules of documents and application numbers are in shared/domain/src/kep.rs. */
import type { Result } from "../../typed/characters";
import { typedAfm, typedAmka, typedPaaypa } from "../../typed/numbers";
import type { paths } from "../../api/schema";

export type CaseRequest = paths["/v1/kep/cases"]["post"]["requestBody"]["content"]["application/json"];
export type IdentifierKind = CaseRequest["person"]["kind"];
export type DocumentKind = CaseRequest["document"]["kind"];
export type SmsLanguage = CaseRequest["language"];

export const IDENTIFIER_KINDS: readonly IdentifierKind[] = ["afm", "amka", "paaypa"];
export const DOCUMENT_KINDS: readonly DocumentKind[] = ["identity_card", "passport", "driving_licence", "residence_permit", "other"];

export const SMS_LANGUAGES: readonly SmsLanguage[] = ["el", "en"];

export const APPLICATION_NUMBER_LENGTH_MAX = 40;

export type CaseForm = { kind: IdentifierKind; number: string; document: DocumentKind | undefined; lastFour: string; applicationNumber: string; language: SmsLanguage };
/** A field that the clerk may have to correct. */
export type FormField = "number" | "document" | "lastFour" | "applicationNumber";

/** The form of a new case. It does not keep the language of the last case, because that was another person's language. */
export const EMPTY: CaseForm = { kind: "afm", number: "", document: undefined, lastFour: "", applicationNumber: "", language: "el" };

const TYPED: Readonly<Record<IdentifierKind, (text: string) => Result>> = { afm: typedAfm, amka: typedAmka, paaypa: typedPaaypa };

export function typedIdentifier(kind: IdentifierKind, text: string): Result {
  return TYPED[kind](text);
}

/**
 * Parses the last four letters or digits of a document's number, and returns them in capitals. Returns undefined for any other length. A
 * longer number is an error, because the clerk should not type the whole number.
 */
export function typedLastFour(text: string): string | undefined {
  const compact = text.replace(/[\s\p{Cf}]/gu, "").toUpperCase();
  return /^[\p{L}\p{N}]{4}$/u.test(compact) ? compact : undefined;
}

/**
 * Parses the number that the office gave to the signed application. Returns undefined if the number is empty or too long, contains a
 * character that is not allowed, or could look like a link.
 */
export function typedApplicationNumber(text: string): string | undefined {
  const trimmed = text.trim();
  const length = Array.from(trimmed).length;
  return length >= 1 && length <= APPLICATION_NUMBER_LENGTH_MAX && /^(?:(?!\.\p{L})[A-Za-z0-9\u0370-\u03ff\u1f00-\u1fff /_.-])+$/u.test(trimmed) ? trimmed : undefined;
}

/** Returns the request, or the fields that have to be corrected. */
export function caseRequest(form: CaseForm): { request: CaseRequest } | { faults: readonly FormField[] } {
  const { kind, document, number, language } = form;
  const identifier = typedIdentifier(kind, number);
  const lastFour = typedLastFour(form.lastFour);
  const applicationNumber = typedApplicationNumber(form.applicationNumber);
  if ("value" in identifier && document !== undefined && lastFour !== undefined && applicationNumber !== undefined) {
    return { request: { person: { kind, value: identifier.value }, document: { kind: document, last_four: lastFour }, application_number: applicationNumber, language } };
  }
  const checks: readonly (readonly [FormField, boolean])[] = [
    ["number", "value" in identifier],
    ["document", document !== undefined],
    ["lastFour", lastFour !== undefined],
    ["applicationNumber", applicationNumber !== undefined],
  ];
  return { faults: checks.filter(([, isRight]) => !isRight).map(([field]) => field) };
}

/** The field of the form at which an error is shown. A key is a field path of the API, or the code of a problem that concerns one field. */
export const FIELD_OF: Readonly<Record<string, FormField | "language">> = {
  "person.value": "number",
  "document.kind": "document",
  "document.last_four": "lastFour",
  application_number: "applicationNumber",
  language: "language",
  case_person_unknown: "number",
  own_case: "number",
};
