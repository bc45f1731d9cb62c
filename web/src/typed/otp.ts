/* Finds the one-time password in a typed or pasted text. The rules are the same as in shared/domain/src/typed/otp.rs. */
import { LABELS, Text, isDigit, isSpace, isWord, type Place, type Result } from "./characters";

const OTP_LENGTH = 6;
/** Maximum number of characters between the two halves of a password. */
const DIVISION_LENGTH_MAX = 3;

/**
 * Finds the one-time password in a text, which may be the whole SMS. If the text has the last line of the service's SMS, `@host #123456`,
 * returns the number of that line. Otherwise the password is six digits, together or as 3 + 3. If there are several such numbers, returns
 * the number after a label. The digits may be divided in other ways if they follow a label, or if the text contains only labels and
 * numbers. A number that is written as a date is the password only if the text contains only labels and numbers, and no other candidate.
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
  for (const run of [...text.runs((c) => isDigit(c) || isSeparator(c)), ...places, ...text.runs(isDigit)]) {
    if (digitsOf(text, run) !== value) continue;
    for (let at = run.start; at < run.end; at += 1) if (isDigit(text.chars[at] ?? "")) text.markUsed({ start: at, end: at + 1 });
  }
  return { value, dropped: text.dropped(LABELS.otp) };
}

const isSeparator = (c: string) => isSpace(c) || c === "-" || c === ".";
const digitsOf = (text: Text, place: Place) => text.slice(place).filter(isDigit).join("");
const different = (text: Text, places: readonly Place[]) => [...new Set(places.map((place) => digitsOf(text, place)))];

/** Finds `@host #123456`. The line break before it may be missing, because browsers remove line breaks from a pasted text. */
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

/** Returns the positions of numbers that can be the password. */
function candidates(text: Text): Place[] {
  const numbers = text.runs(isDigit);
  const isNumber = (word: Place) => numbers.some((number) => number.start === word.start && number.end === word.end);
  const hasOnlyLabels = text.runs(isWord).every((word) => isNumber(word) || text.isLabel(word, LABELS.otp));
  const dates: Place[] = [];
  const places = text.runs((c) => isDigit(c) || isSeparator(c)).flatMap((run) => {
    const groups = numbers.filter((number) => run.start <= number.start && number.end <= run.end);
    const [first, last] = [groups[0], groups.at(-1)];
    if (first === undefined || last === undefined) return [];
    const whole = { start: first.start, end: last.end };
    if (adjoins(text, whole)) return [];
    const lengths = groups.map((group) => group.end - group.start).join("+");
    const mayBeDivided = hasOnlyLabels || isLabelled(text, whole);
    if (digitsOf(text, whole).length === OTP_LENGTH && (mayBeDivided || lengths === "6" || lengths === "3+3")) {
      if (!isDate(text, groups)) return [whole];
      dates.push(whole);
      return [];
    }
    return groups.filter((group) => group.end - group.start === OTP_LENGTH);
  });
  return places.length === 0 && hasOnlyLabels ? [...dates, ...halves(text, numbers)] : places;
}

/**
 * Returns whether dots or hyphens divide the digits as in a date, such as `1.2.2026`, `01-12-26`, `26-12-01`, `12.2026` or `2026-12`, or as
 * in a time, such as `14.30.25`.
 */
function isDate(text: Text, groups: readonly Place[]): boolean {
  const isDivided = groups.every(({ end }, index) => index + 1 === groups.length || /^[.-]$/.test(text.chars.slice(end, groups[index + 1]?.start).join("")));
  const parts = groups.map((group) => text.slice(group).join(""));
  const [first = "", second = "", third = ""] = parts;
  const isIn = (part: string, least: number, most: number) => Number(part) >= least && Number(part) <= most;
  const isDay = (part: string) => part.length <= 2 && isIn(part, 1, 31);
  const isMonth = (part: string) => isIn(part, 1, 12);
  const isTime = first.length === 2 && second.length === 2 && isIn(first, 0, 23) && isIn(second, 0, 59) && isIn(third, 0, 59);
  const isMonthOfYear = (month: string, year: string) => month.length === 2 && isMonth(month) && isIn(year, 1900, 2099);
  if (parts.length === 3) return isDivided && (isTime || (isMonth(second) && (isDay(first) || isDay(third))));
  return isDivided && parts.length === 2 && (isMonthOfYear(first, second) || isMonthOfYear(second, first));
}

/** Returns the place of a password whose halves are divided by any sign, such as `057/896` or `(057) 896`. */
function halves(text: Text, numbers: readonly Place[]): Place[] {
  const [first, last] = numbers;
  if (first === undefined || last === undefined || numbers.length > 2) return [];
  const between = text.chars.slice(first.end, last.start);
  const isDivided = between.length <= DIVISION_LENGTH_MAX && !between.some((c) => isWord(c) || "\n\r".includes(c));
  const whole = { start: first.start, end: last.end };
  return first.end - first.start === 3 && last.end - last.start === 3 && isDivided && !adjoins(text, whole) ? [whole] : [];
}

/**
 * Returns whether the number is directly before or after a letter, or a sign that makes it a part of a date, a time or an amount. A label
 * before the number does not count.
 */
function adjoins(text: Text, place: Place): boolean {
  const isPart = (c: string | undefined) => c !== undefined && (isWord(c) || "/€$".includes(c));
  const after = text.chars[place.end];
  return (isPart(text.chars[place.start - 1]) && !isLabelled(text, place)) || isPart(after) || after === ":";
}

function isLabelled(text: Text, place: Place): boolean {
  const word = text.wordBefore(place.start);
  return word !== undefined && text.isLabel(word, LABELS.otp);
}
