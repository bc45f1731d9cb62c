/* The code number as people type, paste or scan it: the same rule as shared/domain/src/code_number.rs, told while typing. */

export const CODE_LENGTH = 22;

/** Blanks of all kinds, and what emails and messages hide between letters. */
const WHITESPACE = /[\s\u0085\u200b-\u200d\u2060\ufeff]/gu;
const ALLOWED_CHARACTERS = /^[A-Za-z0-9+/_-]*$/;
/** The last character carries two bits alone. */
const LAST_CHARACTERS = "AQgw";

/** Without blanks; of our link, its code. */
export function normalizeCode(text: string): string {
  return codeFromLink(text) ?? text.replace(WHITESPACE, "");
}

function codeFromLink(text: string): string | undefined {
  const start = text.indexOf("#code=");
  return start < 0 ? undefined : (new URLSearchParams(text.slice(start + 1)).get("code") ?? "").replace(/ /g, "+").replace(WHITESPACE, "");
}

export type Fault = "short" | "long" | "character" | "greek" | "last_character";

/** What is wrong with a cleaned text; `short` is no mistake yet while somebody types. */
export function faultOf(code: string): Fault | undefined {
  if (!ALLOWED_CHARACTERS.test(code)) return /\p{Script=Greek}/u.test(code) ? "greek" : "character";
  if (code.length < CODE_LENGTH) return "short";
  if (code.length > CODE_LENGTH) return "long";
  return LAST_CHARACTERS.includes(code.charAt(CODE_LENGTH - 1)) ? undefined : "last_character";
}

/** What a QR code says, if it is a code number: the service's link at `origin`, or the bare code. Another site's link is none. */
export function codeFromScan(text: string, origin: string): string | undefined {
  const trimmed = text.trim();
  if (trimmed.includes("#") && !trimmed.startsWith(`${origin}/`)) return undefined;
  const code = normalizeCode(trimmed);
  return faultOf(code) === undefined ? code : undefined;
}
