/* The code number as people type, paste or scan it: the same rule as shared/domain/src/code_number.rs, told while typing. */

export const LENGTH = 22;

/** Blanks of all kinds, and what emails and messages hide between letters. */
const BLANK = /[\s\u0085\u200b-\u200d\u2060\ufeff]/gu;
const CHARACTERS = /^[A-Za-z0-9+/_-]*$/;
/** The last character carries two bits alone. */
const LAST = "AQgw";

/** Without blanks; of our link, its code. */
export function cleaned(text: string): string {
  return codeOfLink(text) ?? text.replace(BLANK, "");
}

function codeOfLink(text: string): string | undefined {
  const begin = text.indexOf("#code=");
  return begin < 0 ? undefined : (new URLSearchParams(text.slice(begin + 1)).get("code") ?? "").replace(/ /g, "+").replace(BLANK, "");
}

export type Fault = "short" | "long" | "character" | "greek" | "last_character";

/** What is wrong with a cleaned text; `short` is no mistake yet while somebody types. */
export function faultOf(code: string): Fault | undefined {
  if (!CHARACTERS.test(code)) return /\p{Script=Greek}/u.test(code) ? "greek" : "character";
  if (code.length < LENGTH) return "short";
  if (code.length > LENGTH) return "long";
  return LAST.includes(code.charAt(LENGTH - 1)) ? undefined : "last_character";
}

/** What a QR code says, if it is a code number: the service's link at `origin`, or the bare code. Another site's link is none. */
export function scanned(text: string, origin: string): string | undefined {
  const trimmed = text.trim();
  if (trimmed.includes("#") && !trimmed.startsWith(`${origin}/`)) return undefined;
  const code = cleaned(trimmed);
  return faultOf(code) === undefined ? code : undefined;
}
