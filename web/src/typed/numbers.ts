/* Finds mobile numbers and identity numbers in a typed or pasted text. The same rules as in shared/domain/src/typed/numbers.rs. */
import { LABELS, Text, isDigit, isSpace, isWord, only, type Place, type Result } from "./characters";
import { percentDecode } from "./link";

/** Returns the number as the service stores it, or undefined. */
type Parse = (digits: string) => string | undefined;

/** Finds a Greek mobile number, with or without +30, 0030, 30, `tel:` and `(0)`, and returns it with +30. */
export function typedMobile(text: string): Result {
  return find(text, LABELS.mobile, () => true, (digits) => {
    const national = /^(?:(?:\+|00)300?|300?(?=69\d{8}$))?(69\d{8})$/.exec(digits)?.[1];
    return national === undefined ? undefined : `+30${national}`;
  });
}

/** Finds an AFM, with or without the prefix EL, ΕΛ or GR. Eight digits are an old AFM without its leading zero. */
export function typedAfm(text: string): Result {
  const nine = find(text, LABELS.afm, isGreekPrefix, (digits) => (isAfm(digits) ? digits : undefined));
  if (!("error" in nine) || nine.error === "several") return nine;
  return find(text, LABELS.afm, isGreekPrefix, (digits) => (digits.length === 8 && isAfm(`0${digits}`) ? `0${digits}` : undefined));
}

export function typedAmka(text: string): Result {
  return find(text, LABELS.amka, () => true, (digits) => (isAmka(digits) ? digits : undefined));
}

export function typedPaaypa(text: string): Result {
  return find(text, LABELS.paaypa, () => true, (digits) => (/^\d{11}$/.test(digits) ? digits : undefined));
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
  // The number does not contain the century. 29 February existed in 2000, not in 1900.
  const daysOf = [31, year % 4 === 0 ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
  if (daysOf === undefined || day < 1 || day > daysOf) return false;
  const sum = Array.from(amka).reverse().reduce((sum, digit, index) => {
    const value = Number(digit) * (index % 2 === 1 ? 2 : 1);
    return sum + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

/** Returns whether a word in front of an AFM can stand there: not the country of another tax number. */
function isGreekPrefix(word: string): boolean {
  return !/^[A-Z]{2}$/.test(word) || ["EL", "GR", "NO", "ID"].includes(word);
}

const isSeparator = (c: string) => isSpace(c) || ".-()[]/·'".includes(c);

/** Finds the only different number that the parser accepts. */
function find(typed: string, labels: ReadonlySet<string>, mayPrecede: (word: string) => boolean, parse: Parse): Result {
  const text = new Text(typed);
  const all = text.chars.join("");
  if (all.includes("%2")) text.replace(Array.from(percentDecode(all)));
  const found: string[] = [];
  for (const run of runs(text)) {
    if (!standsAlone(text, run, labels, mayPrecede)) continue;
    for (const { number, place } of numbersOf(text, run, parse)) {
      found.push(number);
      for (let at = place.start; at < place.end; at += 1) {
        const c = text.chars[at] ?? "";
        if (isDigit(c) || c === "+") text.markUsed({ start: at, end: at + 1 });
      }
    }
  }
  const result = only(found);
  return "error" in result ? result : { ...result, dropped: text.dropped(labels) };
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
        // A plus sign begins a number.
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

/** Returns whether no letter adjoins the run, apart from a label or a prefix such as EL. */
function standsAlone(text: Text, run: Place, labels: ReadonlySet<string>, mayPrecede: (word: string) => boolean): boolean {
  const after = text.chars[run.end];
  if (after !== undefined && isWord(after)) return false;
  const word = text.wordBefore(run.start);
  return word === undefined || (mayPrecede(text.slice(word).join("")) && (word.end !== run.start || text.isLabel(word, labels)));
}

/** Returns the numbers of a run: the whole, or else its lines, or else its groups if each of them is a telephone or identity number. */
function numbersOf(text: Text, run: Place, parse: Parse): { number: string; place: Place }[] {
  const digitsOf = (place: Place) => text.slice(place).filter((c) => isDigit(c) || c === "+").join("");
  const read = (places: readonly Place[]) =>
    places.flatMap((place) => {
      const number = parse(digitsOf(place));
      return number === undefined ? [] : [{ number, place }];
    });
  const whole = read([run]);
  if (whole.length > 0) return whole;
  const split = (isEnd: (c: string) => boolean): Place[] => {
    const pieces: Place[] = [];
    let start = run.start;
    for (let at = run.start; at <= run.end; at += 1) {
      if (at < run.end && !isEnd(text.chars[at] ?? "")) continue;
      if (text.chars.slice(start, at).some(isDigit)) pieces.push({ start, end: at });
      start = at + 1;
    }
    return pieces;
  };
  const lines = read(split((c) => "\n\r\t/".includes(c)));
  if (lines.length > 0) return lines;
  const groups = split(isSpace);
  return groups.every((group) => text.slice(group).filter(isDigit).length >= 9) ? read(groups) : [];
}
