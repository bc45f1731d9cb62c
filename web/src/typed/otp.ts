/* Finds the one-time password in a typed or pasted text. The same rules as in shared/domain/src/typed/otp.rs. */
import { LABELS, Text, isDigit, isSpace, isWord, type Place, type Result } from "./characters";

const OTP_LENGTH = 6;

/**
 * Finds the one-time password in a text, which may be the whole SMS. The last line of our SMS, `@host #123456`, decides if the text has it.
 * Otherwise the password is six digits, alone or as 3 + 3. If there are several such numbers, the one after a label is taken.
 */
export function typedOtp(typed: string): Result {
  const text = new Text(typed);
  const bound = boundPlace(text);
  const places = bound === undefined ? candidates(text) : [bound];
  let distinct = different(text, places);
  if (distinct.length > 1) {
    distinct = different(text, places.filter((place) => isLabelled(text, place)));
    if (distinct.length !== 1) return { error: "several" };
  }
  const [value] = distinct;
  if (value === undefined) return { error: "invalid" };
  for (const isPart of [(c: string) => isDigit(c) || isSeparator(c), isDigit]) {
    for (const run of text.runs(isPart)) {
      if (digitsOf(text, run) !== value) continue;
      for (let at = run.start; at < run.end; at += 1) if (isDigit(text.chars[at] ?? "")) text.markUsed({ start: at, end: at + 1 });
    }
  }
  return { value, dropped: text.dropped(LABELS.otp) };
}

const isSeparator = (c: string) => isSpace(c) || c === "-" || c === ".";
const digitsOf = (text: Text, place: Place) => text.slice(place).filter(isDigit).join("");
const different = (text: Text, places: readonly Place[]) => [...new Set(places.map((place) => digitsOf(text, place)))];

/** Finds `@host #123456`. The line break in front of it may be missing, because browsers remove line breaks from a pasted text. */
function boundPlace(text: Text): Place | undefined {
  for (const [hash, c] of text.chars.entries()) {
    if (c !== "#") continue;
    const digits = { start: hash + 1, end: hash + 1 + OTP_LENGTH };
    const after = text.chars[digits.end];
    if (digitsOf(text, digits).length !== OTP_LENGTH || (after !== undefined && isWord(after))) continue;
    if (/@[A-Za-z0-9.-]+ $/.test(text.chars.slice(0, hash).join(""))) return digits;
  }
  return undefined;
}

/** Returns the places of numbers that can be the password. */
function candidates(text: Text): Place[] {
  const numbers = text.runs(isDigit);
  const isNumber = (word: Place) => numbers.some((number) => number.start === word.start && number.end === word.end);
  const hasOnlyLabels = text.runs(isWord).every((word) => isNumber(word) || text.isLabel(word, LABELS.otp));
  return text.runs((c) => isDigit(c) || isSeparator(c)).flatMap((run) => {
    const groups = numbers.filter((number) => run.start <= number.start && number.end <= run.end);
    const [first, last] = [groups[0], groups.at(-1)];
    if (first === undefined || last === undefined) return [];
    const whole = { start: first.start, end: last.end };
    if (adjoins(text, whole)) return [];
    const lengths = groups.map((group) => group.end - group.start).join("+");
    if (digitsOf(text, whole).length === OTP_LENGTH && (hasOnlyLabels || lengths === "6" || lengths === "3+3")) return [whole];
    return groups.filter((group) => group.end - group.start === OTP_LENGTH);
  });
}

/** Returns whether a letter adjoins the number, or a sign that makes it a part of a date, a time or an amount. */
function adjoins(text: Text, place: Place): boolean {
  const isPart = (c: string | undefined) => c !== undefined && (isWord(c) || "/€$".includes(c));
  const after = text.chars[place.end];
  return (isPart(text.chars[place.start - 1]) && !isLabelled(text, place)) || isPart(after) || after === ":";
}

function isLabelled(text: Text, place: Place): boolean {
  const word = text.wordBefore(place.start);
  return word !== undefined && text.isLabel(word, LABELS.otp);
}
