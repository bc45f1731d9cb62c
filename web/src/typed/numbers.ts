/* Finds mobile numbers and identity numbers in a typed or pasted text. The rules are the same as in shared/domain/src/typed/numbers.rs. */
import { DOTS, LABELS, Text, isDigit, isSpace, isWord, only, type Place, type Result } from "./characters";
import { percentDecode } from "./link";

/** Returns the number in the format of the service, or undefined if the number is invalid. */
type Parse = (digits: string) => string | undefined;

/**
 * A kind of number. Fewer than `digitsMin` digits are never a complete number of any kind. `mayPrecede` returns whether a word may precede
 * a number of this kind.
 */
type Kind = { readonly labels: ReadonlySet<string>; readonly digitsMin: number; readonly mayPrecede: (word: string) => boolean };

/** Returns a kind of number that any word may precede. Telephone and identity numbers have at least 9 digits. */
const kind = (labels: ReadonlySet<string>): Kind => ({ labels, digitsMin: 9, mayPrecede: () => true });

/** Finds a Greek mobile number, with or without +30, 0030, 30, `tel:` and `(0)`, and returns it with +30. */
export function typedMobile(text: string): Result {
  return find(text, kind(LABELS.mobile), (digits) => {
    const national = /^(?:(?:\+|00)300?|300?(?=69\d{8}$))?(69\d{8})$/.exec(digits)?.[1];
    return national === undefined ? undefined : `+30${national}`;
  });
}

/** Finds an AFM, with or without the prefix EL, ΕΛ or GR. Eight digits are an old AFM without its leading zero. */
export function typedAfm(text: string): Result {
  const ofAfm = { ...kind(LABELS.afm), mayPrecede: isGreekPrefix };
  const nine = find(text, ofAfm, (digits) => (isAfm(digits) ? digits : undefined));
  if (!("error" in nine) || nine.error === "several") return nine;
  return find(text, { ...ofAfm, digitsMin: 8 }, (digits) => (digits.length === 8 && isAfm(`0${digits}`) ? `0${digits}` : undefined));
}

export function typedAmka(text: string): Result {
  return find(text, kind(LABELS.amka), (digits) => (isAmka(digits) ? digits : undefined));
}

export function typedPaaypa(text: string): Result {
  return find(text, kind(LABELS.paaypa), (digits) => (/^\d{11}$/.test(digits) ? digits : undefined));
}

/** Returns whether the text is 9 digits, the last of which is a valid check digit. */
function isAfm(afm: string): boolean {
  if (!/^\d{9}$/.test(afm) || afm === "000000000") return false;
  const sum = Array.from(afm.slice(0, 8)).reduce((sum, digit, index) => sum + Number(digit) * 2 ** (8 - index), 0);
  return (sum % 11) % 10 === Number(afm.charAt(8));
}

/** Returns whether the text is 11 digits that begin with a date (DDMMYY) and end with the Luhn check digit. */
function isAmka(amka: string): boolean {
  if (!/^\d{11}$/.test(amka)) return false;
  const [day, month, year] = [Number(amka.slice(0, 2)), Number(amka.slice(2, 4)), Number(amka.slice(4, 6))];
  // The number does not contain the century. 29 February existed in 2000 but not in 1900, so 2000 is assumed.
  const daysOf = [31, year % 4 === 0 ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
  if (daysOf === undefined || day < 1 || day > daysOf) return false;
  const sum = Array.from(amka).reverse().reduce((sum, digit, index) => {
    const value = Number(digit) * (index % 2 === 1 ? 2 : 1);
    return sum + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

/**
 * Returns whether a word may precede an AFM. The prefix of another country, such as `DE`, may not, because then the number is a tax number
 * of that country.
 */
function isGreekPrefix(word: string): boolean {
  return !/^[A-Z]{2}$/.test(word) || ["EL", "GR", "NO", "ID"].includes(word);
}

const isSeparator = (c: string) => isSpace(c) || "-_()[]/'’".includes(c) || DOTS.includes(c);

/**
 * Finds the number that `parse` accepts. Fails if `parse` accepts several different numbers. Also fails if the text contains a different
 * number that `parse` would accept if no other digits stood next to it.
 */
function find(typed: string, kind: Kind, parse: Parse): Result {
  const text = new Text(typed);
  const all = text.chars.join("");
  if (all.includes("%2")) text.replace(Array.from(percentDecode(all)));
  const found: string[] = [];
  const doubtful: string[] = [];
  const places = runs(text);
  for (const [index, run] of places.entries()) {
    if (!standsAlone(text, run, kind)) continue;
    doubtful.push(...piecesOf(text, run, parse));
    const numbers = numbersOf(text, run, kind.digitsMin, parse);
    if (continues(text, places, index, kind.digitsMin)) {
      doubtful.push(...numbers.map(({ number }) => number));
      continue;
    }
    for (const { number, place } of numbers) {
      found.push(number);
      for (let at = place.start; at < place.end; at += 1) {
        const c = text.chars[at] ?? "";
        if (isDigit(c) || c === "+") text.markUsed({ start: at, end: at + 1 });
      }
    }
  }
  const result = only(found);
  if ("error" in result) return result;
  if (doubtful.some((other) => other !== result.value)) return { error: "several" };
  return { ...result, dropped: text.dropped(kind.labels) };
}

/** Returns the runs of digits, each with the plus sign in front of it. */
function runs(text: Text): Place[] {
  const runs: Place[] = [];
  for (const long of text.runs((c) => isDigit(c) || c === "+" || isSeparator(c))) {
    let start: number | undefined;
    let end = long.start;
    const close = () => {
      if (start !== undefined && start < end) runs.push({ start, end });
    };
    for (let at = long.start; at < long.end; at += 1) {
      const c = text.chars[at] ?? "";
      if (c === "+") {
        // A plus sign begins a new number.
        close();
        start = at;
        end = at;
      } else if (isDigit(c)) {
        start ??= at;
        end = at + 1;
      }
    }
    close();
  }
  return runs;
}

/**
 * Returns whether no letter is directly before or after the run, except for a label or a prefix such as EL directly before it. Also returns
 * false if `kind.mayPrecede` rejects the last word before the run.
 */
function standsAlone(text: Text, run: Place, kind: Kind): boolean {
  const after = text.chars[run.end];
  if (after !== undefined && isWord(after)) return false;
  const word = text.wordBefore(run.start);
  return word === undefined || (kind.mayPrecede(text.slice(word).join("")) && (word.end !== run.start || text.isLabel(word, kind.labels)));
}

/**
 * Returns whether one sign separates the run from further digits that are too few for another number, such as in `6912345678,1`. Digits
 * that belong to a word, such as in `tel1:6912345678`, do not count.
 */
function continues(text: Text, runs: readonly Place[], index: number, digitsMin: number): boolean {
  const adjoins = (left: Place, right: Place) => {
    const between = text.chars.slice(left.end, right.start);
    const [sign] = between;
    return sign === undefined || (between.length === 1 && !isWord(sign) && !isSpace(sign) && text.chars[right.start] !== "+");
  };
  const isRest = (other: Place) => {
    const before = text.chars[other.start - 1];
    const isInWord = before !== undefined && /\p{Alphabetic}/u.test(before);
    return !isInWord && digitsOf(text, other).replace(/\+/g, "").length < digitsMin;
  };
  const [before, run, after] = [runs[index - 1], runs[index], runs[index + 1]];
  if (run === undefined) return false;
  return (before !== undefined && adjoins(before, run) && isRest(before)) || (after !== undefined && adjoins(run, after) && isRest(after));
}

/** Returns the digits and the plus signs in a place. */
const digitsOf = (text: Text, place: Place) => text.slice(place).filter((c) => isDigit(c) || c === "+").join("");

/** Divides a run at certain characters. Returns the pieces that contain digits. */
function split(text: Text, run: Place, isEnd: (c: string) => boolean): Place[] {
  const pieces: Place[] = [];
  let start = run.start;
  for (let at = run.start; at <= run.end; at += 1) {
    if (at < run.end && !isEnd(text.chars[at] ?? "")) continue;
    if (text.chars.slice(start, at).some(isDigit)) pieces.push({ start, end: at });
    start = at + 1;
  }
  return pieces;
}

const isLineEnd = (c: string) => "\n\r\t".includes(c);

/** Returns the pieces of a run that `parse` accepts as numbers, even if it rejects the other pieces. */
function piecesOf(text: Text, run: Place, parse: Parse): string[] {
  const pieces = [...split(text, run, (c) => isLineEnd(c) || c === "/"), ...split(text, run, (c) => isSpace(c) || c === "/")];
  return pieces.map((piece) => parse(digitsOf(text, piece))).filter((number) => number !== undefined);
}

/**
 * Returns the numbers in a run of digits. Tries the whole run first, then its lines, then its groups, divided by slashes or by white space.
 * Groups count only if each group has at least `digitsMin` digits.
 */
function numbersOf(text: Text, run: Place, digitsMin: number, parse: Parse): { number: string; place: Place }[] {
  const read = (places: readonly Place[]) =>
    places.flatMap((place) => {
      const number = parse(digitsOf(text, place));
      return number === undefined ? [] : [{ number, place }];
    });
  const whole = read([run]);
  if (whole.length > 0) return whole;
  const complete = (groups: readonly Place[]) => (groups.every((group) => text.slice(group).filter(isDigit).length >= digitsMin) ? read(groups) : []);
  const lines = read(split(text, run, isLineEnd));
  if (lines.length > 0) return lines;
  const bySlash = complete(split(text, run, (c) => c === "/"));
  return bySlash.length > 0 ? bySlash : complete(split(text, run, isSpace));
}
