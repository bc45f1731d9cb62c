/* Finds the email address in a typed or pasted text. The rules are the same as in shared/domain/src/typed/email.rs. */
import { LABELS, Text, countWhile, fold, isAscii, isSpace, isWord, only, type Place, type Result } from "./characters";
import { percentDecode } from "./link";

/**
 * If a word of at most this length follows an address, such as `gr` in `maria@example.gov gr`, it may be the last part of the address's
 * domain. Such an address is not accepted.
 */
const DOMAIN_END_LETTERS_MAX = 3;

/** Marks of links, lists, quotes and formatted texts. The standard permits an address to begin with them, but email providers do not. */
const LEADING_MARKS = "/*`|~{}=-'";

/** The standard also permits an address to begin with these signs, but email providers do not. */
const LEADING_SIGNS = "#!$%&^+?";

/** Signs in front of an address, and the signs that close them. */
const ENCLOSING: ReadonlyMap<string, string> = new Map(Object.entries({ "<": ">", "(": ")", "[": "]", '"': '"', "«": "»", "“": "”", "„": "“", "‹": "›", "*": "*", "`": "`", "~": "~", "{": "}", "'": "'", "|": "|" }));

/** The position of an address. `hasLabel`: a label such as `email=` is directly in front of it. */
type AddressPlace = Place & { readonly hasLabel: boolean };

const isLocal = (c: string) => /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.]$/.test(c);
const isDomain = (c: string) => /^[A-Za-z0-9.-]$/.test(c);
const isBreak = (c: string) => "\n\r\t".includes(c);

/**
 * Finds an email address: alone, in `Name <address>`, in `mailto:`, after a label, in quotes or brackets, or before punctuation. If someone
 * typed a blank inside the address, a part of the address must not become the recipient. So the words next to the address must be words
 * that cannot belong to it.
 */
export function typedEmail(typed: string): Result {
  const text = new Text(typed);
  const straight = text.chars.map((c) => ("‘’‛ʼ′".includes(c) ? "'" : c)).join("");
  text.replace(Array.from(/mailto:/i.test(straight) ? percentDecode(straight) : straight));
  const places = [...text.chars.keys()].filter((at) => text.chars[at] === "@").map((at) => addressPlace(text, at));
  const found = places.filter((place) => place !== undefined);
  const result = only(found.map((place) => text.slice(place).join("")));
  if ("error" in result) return result;
  if (found.length < places.length || !found.every((place) => standsAlone(text.chars, place))) return { error: "invalid" };
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

/** Returns the position of the address around an `@`, without the label, marks and quotes before it and the punctuation after it. */
function addressPlace(text: Text, at: number): AddressPlace | undefined {
  const { chars } = text;
  const runStart = at - countWhile(chars.slice(0, at).reverse(), isLocal);
  let start = runStart;
  let end = at + 1 + countWhile(chars.slice(at + 1), isDomain);
  while (".-".includes(chars[end - 1] ?? " ")) end -= 1;
  const equals = chars.slice(start, at).lastIndexOf("=");
  const hasLabel = equals >= 0 && isLabel(lastWord(chars.slice(start, start + equals)));
  if (hasLabel) start += equals + 1;
  const written = chars.slice(start, at).join("");
  // Quoted-printable, the encoding of emails, writes some characters in the form `=3D`. Such a sequence would become a part of the address.
  if (/=[0-9A-F]{2}/.test(written) || (hasLabel && written.startsWith("3D"))) return undefined;
  start += countWhile(chars.slice(start, at), (c) => LEADING_MARKS.includes(c));
  if (LEADING_SIGNS.includes(chars[start] ?? "") || isInLink(chars.slice(start, at).join(""), chars.slice(runStart, at).join(""))) return undefined;
  return isEmail(chars.slice(start, end).join("")) ? { start, end, hasLabel } : undefined;
}

/** Returns the word at the end of a text. The word may contain hyphens. The result is empty if the text ends with any other character. */
function lastWord(text: readonly string[]): readonly string[] {
  return text.slice(text.length - countWhile(text.toReversed(), (c) => isWord(c) || c === "-"));
}

/**
 * Returns whether the text before an `@` is a part of a link. `run` also contains the text that was removed before `local`, such as `//`.
 */
function isInLink(local: string, run: string): boolean {
  const isPath = local.includes("/") && (/^[^/]*\.|\/$/.test(local) || /\/\/|www\./i.test(run));
  return isPath || /\?|%[0-9A-Fa-f]{2}/.test(local);
}

/** Returns true if the text next to the address cannot be a part of the address. */
function standsAlone(chars: readonly string[], { start, end, hasLabel }: AddressPlace): boolean {
  const marks = countWhile(chars.slice(0, start).reverse(), (c) => LEADING_MARKS.includes(c));
  const after = chars.slice(end);
  return (hasLabel || isStartClear(chars.slice(0, start - marks), chars.slice(start - marks, start), after)) && isEndClear(after);
}

/**
 * Returns true if the text in front of an address cannot be a part of the address. `marks` are the marks directly in front of the address,
 * and `front` is the text in front of the marks.
 */
function isStartClear(front: readonly string[], marks: readonly string[], after: readonly string[]): boolean {
  const last = front.at(-1);
  if (last === undefined) return true;
  const before = front.slice(0, -1);
  const isEnclosed = marks.length > 0 && after.length > 0 && ENCLOSING.get(marks.at(-1) ?? "") === after[0];
  const isAfterWord = isAscii(before.at(-1) ?? "");
  // In quoted-printable, a line that ends with `=` continues in the next line.
  if (isBreak(last)) return front.findLast((c) => !"\r\n".includes(c)) !== "=";
  if (isSpace(last)) return isEnclosed || mayPrecede(front);
  if (last === ":") return !isAfterWord || marks.slice(0, 2).join("") === "//" || isLabel(lastWord(before));
  if (last === ";" || last === ">") return true;
  if ("<([\"«“„‹".includes(last)) return !isAfterWord || ENCLOSING.get(last) === after.find((c) => !LEADING_MARKS.includes(c));
  return isEnclosed || (marks.length > 0 && !isWord(last) && last !== ",");
}

/** Returns true if the text behind an address cannot be a part of the address. */
function isEndClear(after: readonly string[]): boolean {
  const [first, next] = after;
  if (first === undefined || isBreak(first)) return true;
  if (isSpace(first)) return mayFollow(after);
  if (",;:".includes(first) && next !== undefined && isDomain(next)) return mayFollow(after.slice(1));
  return !isWord(first) && !"@_%&=+#".includes(first);
}

/**
 * Returns whether the last word of the text cannot be the beginning of the address, because it is a label, ends with a sign that the part
 * before the `@` cannot contain, is in another script, or is itself a link or an address. Skips words that consist only of the signs
 * `-*=|`, such as the mark of a list item.
 */
function mayPrecede(text: readonly string[]): boolean {
  const end = text.findLastIndex((c) => !isSpace(c) || isBreak(c)) + 1;
  const reversed = text.slice(0, end).reverse();
  const word = reversed.slice(0, countWhile(reversed, (c) => !isSpace(c))).reverse();
  if (word.length === 0) return true;
  if (word.every((c) => "-*=|".includes(c))) return mayPrecede(text.slice(0, end - word.length));
  if (word.every(isLocal)) return isLabel(word);
  const tail = word.slice(word.length - countWhile(word.toReversed(), (c) => isWord(c) || isLocal(c)));
  return word.includes("@") || word.join("").includes("://") || !tail.some((c) => /[A-Za-z]/.test(c)) || isLabel(tail);
}

function isLabel(word: readonly string[]): boolean {
  return LABELS.email.has(fold(word.filter((c) => c !== "-")));
}

/** Returns whether the first word of the text cannot be the end of the domain. */
function mayFollow(text: readonly string[]): boolean {
  const rest = text.slice(countWhile(text, (c) => isSpace(c) && !isBreak(c)));
  const closed = rest.slice(0, countWhile(rest, (c) => !isSpace(c)));
  const word = closed.slice(0, closed.length - countWhile(closed.toReversed(), (c) => ",;!?)]}>\"'»”*".includes(c)));
  const isDomainPart = word.length > 0 && word.every(isDomain) && word.some((c) => /[A-Za-z]/.test(c));
  return !isDomainPart || (word.length > DOMAIN_END_LETTERS_MAX && !word.slice(0, -1).includes("."));
}
