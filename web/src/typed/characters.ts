/*
 * Cleans the characters of a typed text, and records the characters that a parser has used. The rules are the same as in
 * shared/domain/src/typed/characters.rs. Tests run both with the table shared/domain/tests/typed.json.
 */

/** A kind of text that a parser has dropped. Names and order are the same as in the service. */
export type Dropped = "invisible" | "white_space" | "punctuation" | "label" | "link" | "text";
export type Typed = { readonly value: string; readonly dropped: readonly Dropped[] };
export type TypedError = "invalid" | "several";
export type Result = Typed | { readonly error: TypedError };
/** The range of characters from `start` (inclusive) to `end` (exclusive). */
export type Place = { readonly start: number; readonly end: number };

/**
 * Characters without a glyph, the object replacement character that phones paste instead of a picture, and the keycap of an emoji digit.
 * `isInvisible` also returns true for control characters other than white space.
 */
const INVISIBLE = /[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20e3\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/u;
const CONTROL = /\p{Cc}/u;
const HYPHEN = /[-\u02d7\u058a\u05be\u1806\u2010-\u2015\u2043\u2212\u2e17\u2e3a\u2e3b\u301c\ufe31\ufe32\ufe58\ufe63\uff0d]/u;
/** Dots that people write between groups of digits, in the middle or at the bottom of the line. */
export const DOTS = ".\u00b7\u0387\u2024\u2027\u2219\u22c5";
/** The digit zero of other scripts and of the mathematical styles. The other nine digits follow it. */
const ZEROS = [0x660, 0x6f0, 0x966, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6];
const FULL_WIDTH = { first: 0xff01, last: 0xff5e, toAscii: 0xfee0 };

export const isSpace = (c: string) => /\p{White_Space}/u.test(c);
export const isDigit = (c: string) => /^[0-9]$/.test(c);
/** Returns whether the character belongs to a word: a letter or digit of any script, or a combining accent. */
export const isWord = (c: string) => /[\p{Alphabetic}\p{N}\u0300-\u036f]/u.test(c);
export const isGreek = (c: string) => /[\u0370-\u03ff\u1f00-\u1fff]/u.test(c) && /\p{Alphabetic}/u.test(c);
export const isAscii = (c: string) => /^[A-Za-z0-9]$/.test(c);

export const isInvisible = (c: string) => INVISIBLE.test(c) || (CONTROL.test(c) && !isSpace(c));

/** Replaces hyphens, digits, full-width ASCII and the ideographic full stops by the ASCII character of the same meaning. */
export function toAscii(c: string): string {
  if (HYPHEN.test(c)) return "-";
  const code = c.codePointAt(0) ?? 0;
  const zero = ZEROS.find((zero) => code >= zero && code < zero + 10);
  if (zero !== undefined) return String(code - zero);
  if (code >= FULL_WIDTH.first && code <= FULL_WIDTH.last) return String.fromCodePoint(code - FULL_WIDTH.toAscii);
  if (c === "\u3002" || c === "\uff61") return ".";
  // U+2800, the blank Braille pattern, looks like a space.
  return c === "\u2800" ? " " : c;
}

/** Returns a word in lower case, without accents, and with `σ` for `ς`. */
export function fold(word: readonly string[]): string {
  return word.join("").toLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/ς/g, "σ");
}

/** Maximum number of characters that are read from a text. Further characters are ignored. Messages of the service are much shorter. */
const TEXT_CHARACTERS_MAX = 6000;

export class Text {
  chars: readonly string[];
  readonly #hasInvisible: boolean;
  #used: boolean[];
  #hasLink = false;

  constructor(text: string) {
    const all = Array.from(text).slice(0, TEXT_CHARACTERS_MAX);
    const visible = all.filter((c) => !isInvisible(c));
    this.#hasInvisible = visible.length < all.length;
    this.chars = visible.map(toAscii);
    this.#used = this.chars.map(() => false);
  }

  /** Replaces all characters. Must be called before any character is marked as used. */
  replace(chars: readonly string[]): void {
    this.chars = chars;
    this.#used = chars.map(() => false);
  }

  slice({ start, end }: Place): readonly string[] {
    return this.chars.slice(start, end);
  }

  markUsed({ start, end }: Place): void {
    this.#used.fill(true, start, end);
  }

  markLink(place: Place): void {
    this.#hasLink = true;
    this.markUsed(place);
  }

  get hasLink(): boolean {
    return this.#hasLink;
  }

  /** Returns the character at a position. Returns undefined if a parser has used the character, or if the text is shorter. */
  free(at: number): string | undefined {
    return this.#used[at] === false ? this.chars[at] : undefined;
  }

  /** Returns all runs of consecutive unused characters for which the predicate holds. */
  runs(isPart: (c: string) => boolean): Place[] {
    const runs: Place[] = [];
    let start: number | undefined;
    for (let at = 0; at <= this.chars.length; at += 1) {
      const c = this.free(at);
      const isInside = c !== undefined && isPart(c);
      if (isInside) start ??= at;
      else if (start !== undefined) {
        runs.push({ start, end: at });
        start = undefined;
      }
    }
    return runs;
  }

  /**
   * Returns the last unused word that ends at or before a position. Between the word and the position there may be only signs and white
   * space.
   */
  wordBefore(at: number): Place | undefined {
    let end = at;
    for (;;) {
      if (end === 0) return undefined;
      const c = this.free(end - 1);
      if (c === undefined) return undefined;
      if (isWord(c)) break;
      end -= 1;
    }
    let start = end;
    while (start > 0 && isWord(this.free(start - 1) ?? "")) start -= 1;
    return { start, end };
  }

  isLabel(word: Place, labels: ReadonlySet<string>): boolean {
    return labels.has(fold(this.slice(word)));
  }

  /** Returns the kinds of text that no parser has used. */
  dropped(labels: ReadonlySet<string>): Dropped[] {
    const words = this.runs(isWord);
    const onlyLabels = words.every((word) => this.isLabel(word, labels));
    const kinds: [boolean, Dropped][] = [
      [this.#hasInvisible, "invisible"],
      [this.chars.some(isSpace), "white_space"],
      [this.runs((c) => !isWord(c) && !isSpace(c)).length > 0, "punctuation"],
      [words.length > 0 && onlyLabels, "label"],
      [this.#hasLink, "link"],
      [!onlyLabels, "text"],
    ];
    return kinds.filter(([isDropped]) => isDropped).map(([, kind]) => kind);
  }
}

/** Counts the characters before the first one for which the predicate is false. */
export function countWhile(chars: readonly string[], isPart: (c: string) => boolean): number {
  const end = chars.findIndex((c) => !isPart(c));
  return end < 0 ? chars.length : end;
}

/** Returns the common value if all values are equal. Otherwise returns an error. */
export function only(values: readonly string[]): { value: string } | { error: TypedError } {
  const [first] = values;
  if (first === undefined) return { error: "invalid" };
  return values.every((value) => value === first) ? { value: first } : { error: "several" };
}

/** Labels that people write before each kind of value, in the form that `fold` returns. */
export const LABELS = {
  code: new Set("κωδικαριθμοσ κωδικαριθμο κωδικαριθμου κωδικοσ κωδικο κωδ ο τον του ειναι σασ μου code number codenumber kodikarithmos no nr is your my the myphoto".split(" ")),
  otp: new Set("κωδικοσ κωδικο κωδ μιασ χρησησ χρησεωσ ο ειναι σασ otp pin code password passcode one time is your the myphoto".split(" ")),
  mobile: new Set("κινητο κιν κινητου τηλεφωνο τηλ αριθμοσ αρ tel mobile mob phone cell number no callto sms whatsapp viber t m τ κ".split(" ")),
  afm: new Set("αφμ α φ μ afm vat tin tax number no id el ελ gr eλ εl ο μου ειναι".split(" ")),
  amka: new Set("αμκα α μ κ amka number no ο μου ειναι".split(" ")),
  paaypa: new Set("πααυπα π α υ paaypa number no ο μου ειναι".split(" ")),
  email: new Set("email e mail mailto to from cc address is my contact διευθυνση το στο ειναι μου".split(" ")),
};
