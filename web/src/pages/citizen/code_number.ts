/* Checks a code number while it is typed, pasted or scanned, by the same rule as shared/domain/src/code_number.rs. */

export const CODE_LENGTH = 22;

/** Whitespace, and invisible characters that emails and messages insert between letters. */
const WHITESPACE = /[\s\u0085\u200b-\u200d\u2060\ufeff]/gu;
const ALLOWED_CHARACTERS = /^[A-Za-z0-9+/_-]*$/;
/** 22 base64 characters hold 132 bits, of which a code uses 128. So the last character has only 2 significant bits. */
const LAST_CHARACTERS = "AQgw";

/** Removes whitespace. If the text is a link with `#code=...`, returns the code in it. */
export function normalizeCode(text: string): string {
  return codeFromLink(text) ?? text.replace(WHITESPACE, "");
}

function codeFromLink(text: string): string | undefined {
  const start = text.indexOf("#code=");
  return start < 0 ? undefined : (new URLSearchParams(text.slice(start + 1)).get("code") ?? "").replace(/ /g, "+").replace(WHITESPACE, "");
}

export type Fault = "short" | "long" | "character" | "greek" | "last_character";

/** Returns the first fault of a normalized code. `short` is not an error while the user still types. */
export function faultOf(code: string): Fault | undefined {
  if (!ALLOWED_CHARACTERS.test(code)) return /\p{Script=Greek}/u.test(code) ? "greek" : "character";
  if (code.length < CODE_LENGTH) return "short";
  if (code.length > CODE_LENGTH) return "long";
  return LAST_CHARACTERS.includes(code.charAt(CODE_LENGTH - 1)) ? undefined : "last_character";
}
