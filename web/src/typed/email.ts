/* Finds the email address in a typed or pasted text. The same rules as in shared/domain/src/typed/email.rs. */
import { LABELS, Text, countWhile, fold, isSpace, isWord, only, type Place, type Result } from "./characters";
import { percentDecode } from "./link";

/** A word of at most this many letters after an address may be the end of a divided domain. */
const DOMAIN_END_LETTERS_MAX = 3;

const isLocal = (c: string) => /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.]$/.test(c);
const isDomain = (c: string) => /^[A-Za-z0-9.-]$/.test(c);
const isBreak = (c: string) => "\n\r\t".includes(c);

/**
 * Finds an email address: alone, in `Name <address>`, in `mailto:`, after a label, in quotes or brackets, before punctuation. A blank inside
 * an address is a mistake that must not change the recipient, so only words that cannot be a part of the address may stand beside it.
 */
export function typedEmail(typed: string): Result {
  const text = new Text(typed);
  const straight = text.chars.map((c) => ("‘’‛ʼ′".includes(c) ? "'" : c)).join("");
  text.replace(Array.from(/mailto:/i.test(straight) ? percentDecode(straight) : straight));
  const places = [...text.chars.keys()].filter((at) => text.chars[at] === "@").map((at) => addressPlace(text, at));
  const found = places.filter((place) => place !== undefined);
  const result = only(found.map((place) => text.slice(place).join("")));
  if ("error" in result) return result;
  if (found.length < places.length || !found.every((place) => standsAlone(text, place))) return { error: "invalid" };
  for (const place of found) text.markUsed(place);
  return { ...result, dropped: text.dropped(LABELS.email) };
}

/** Returns whether the text is a common email address. Quoted local parts, address literals and comments are rejected. */
export function isEmail(address: string): boolean {
  const at = address.lastIndexOf("@");
  if (at < 1 || address.length > 254) return false;
  const [local, labels] = [address.slice(0, at), address.slice(at + 1).split(".")];
  return (
    local.length <= 64 &&
    local.split(".").every((atom) => /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+$/.test(atom)) &&
    labels.length >= 2 &&
    labels.every((label) => /^(?!-)[A-Za-z0-9-]{1,63}(?<!-)$/.test(label)) &&
    /^(?=.*[A-Za-z]).{2,}$/.test(labels.at(-1) ?? "")
  );
}

/** Returns the place of the address around an `@`, without quotes and without punctuation at its end. */
function addressPlace(text: Text, at: number): Place | undefined {
  const { chars } = text;
  let start = at - countWhile(chars.slice(0, at).reverse(), isLocal);
  let end = at + 1 + countWhile(chars.slice(at + 1), isDomain);
  while (".-".includes(chars[end - 1] ?? " ")) end -= 1;
  if (chars[end] === "'" && chars[start] === "'") start += 1;
  return isEmail(chars.slice(start, end).join("")) ? { start, end } : undefined;
}

/** Returns whether nothing beside the address can belong to it. */
function standsAlone({ chars }: Text, { start, end }: Place): boolean {
  const [before, after] = [chars[start - 1], chars[end]];
  const isStartClear = before === undefined || isBreak(before) || "<([{:;\"'«“„>*|".includes(before) || (isSpace(before) && mayPrecede(chars.slice(0, start - 1)));
  const isEndClear = after === undefined || isBreak(after) || (isSpace(after) ? mayFollow(chars.slice(end)) : !isWord(after) && !"@_%&=+#".includes(after));
  return isStartClear && isEndClear;
}

/** Returns whether the last word of the text cannot be the beginning of the address: it is a label or has a sign that no address has. */
function mayPrecede(text: readonly string[]): boolean {
  const end = text.findLastIndex((c) => !isSpace(c) || isBreak(c)) + 1;
  const reversed = text.slice(0, end).reverse();
  const word = reversed.slice(0, countWhile(reversed, (c) => !isSpace(c)));
  if (word.length === 0 || !word.every(isLocal)) return true;
  return LABELS.email.has(fold(word.reverse().filter((c) => c !== "-")));
}

/** Returns whether the first word of the text cannot be the end of the domain. */
function mayFollow(text: readonly string[]): boolean {
  const rest = text.slice(countWhile(text, (c) => isSpace(c) && !isBreak(c)));
  const word = rest.slice(0, countWhile(rest, (c) => !isSpace(c)));
  const isDomainPart = word.length > 0 && word.every(isDomain) && word.some((c) => /[A-Za-z]/.test(c));
  return !isDomainPart || (word.length > DOMAIN_END_LETTERS_MAX && !word.slice(0, -1).includes("."));
}
