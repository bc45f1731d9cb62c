/* Finds the code number in a typed or pasted text. The rules are the same as in shared/domain/src/typed/code.rs. */
import { LABELS, Text, countWhile, fold, isAscii, isGreek, isSpace, isWord, type Place, type Typed } from "./characters";
import { readableForms } from "./link";

export const CODE_LENGTH = 22;
/**
 * Possible last characters of a code. 22 base64 characters have 132 bits, and a code uses 128 of them. So only 2 bits of the last character
 * are significant.
 */
const LAST_CHARACTERS = "AQgw";
const PARAMETER = /code=/gi;
/** The texts that follow the code in the names of the files in photos.zip. */
const FILE_NAME_ENDINGS = ["_PASSPORT_", "_QR"];
/** Maximum length of a text that counts as a code with wrong characters. A longer text counts as a message without a code. */
const ATTEMPT_CHARACTERS_MAX = 2 * CODE_LENGTH;

/** Reason why a text contains no code. `length` is the length of the part that looks most like a code. */
export type CodeFault = { readonly fault: "length" | "character" | "greek_letter" | "last_character" | "several"; readonly length: number };

const isSign = (c: string) => "+/_-".includes(c);
const isBase64 = (c: string) => isAscii(c) || isSign(c);

/**
 * Returns whether a word of 22 characters looks like a code: it has small and capital letters, or letters and digits but no signs. Paths and
 * words with hyphens often have digits and signs. Some IBANs have this form, but they end with a digit, and no code does.
 */
function looksLikeCode(word: readonly string[]): boolean {
  const has = (kind: RegExp) => word.some((c) => kind.test(c));
  return (has(/[a-z]/) && has(/[A-Z]/)) || (has(/[a-zA-Z]/) && has(/[0-9]/) && !word.some(isSign));
}

/** Finds the code number in a text, and returns it in the standard base64 alphabet. */
export function typedCode(text: string): Typed | CodeFault {
  const search = new Search(text);
  return search.result();
}

class Search {
  readonly #text: Text;
  readonly #found: string[] = [];
  /** The fault of the last malformed code in a link. */
  #linkFault: CodeFault | undefined;

  constructor(text: string) {
    this.#text = new Text(text);
  }

  result(): Typed | CodeFault {
    this.#links();
    const segments = this.#text.runs((c) => isBase64(c) || isSpace(c));
    const words = this.#text.runs(isWord);
    for (const segment of segments) {
      this.#segment(segment, !this.#text.hasLink && words.every((word) => segment.start <= word.start && word.end <= segment.end));
    }
    const [first] = this.#found;
    if (first === undefined) return this.#fault();
    if (this.#found.some((other) => other !== first)) return { fault: "several", length: CODE_LENGTH };
    return { value: first, dropped: this.#text.dropped(LABELS.code) };
  }

  /** Reads the links and marks them as used. */
  #links(): void {
    for (const word of this.#text.runs((c) => !isSpace(c) && !'<>"«»“”„'.includes(c))) {
      const link = this.#text.slice(word).join("");
      if (!/:\/\/|#code=|%23code/i.test(link)) continue;
      let last: string | undefined;
      for (const form of readableForms(link)) {
        last = this.#parameters(form) ?? last;
        this.#fileNames(form);
      }
      this.#text.markLink(word);
      // A link that was broken over two lines continues after the white space of the line break.
      if (last !== undefined) this.#brokenLink(last, word.end);
    }
  }

  /** Reads the values of `code=`. If the link ends with an incomplete value, returns this value. */
  #parameters(form: string): string | undefined {
    let incomplete: string | undefined;
    for (const { index } of form.matchAll(PARAMETER)) {
      if (isWord(Array.from(form.slice(0, index)).at(-1) ?? "")) continue;
      const value = Array.from(form.slice(index + "code=".length));
      const length = countWhile(value, isBase64);
      // Quoted-printable, the encoding of emails, writes `=` as `=3D`.
      const skipped = length === CODE_LENGTH + 2 && value[0] === "3" && value[1] === "D" ? 2 : 0;
      const code = read(value.slice(skipped, length));
      if ("code" in code) this.#found.push(code.code);
      else if (length > 0) {
        this.#linkFault = code;
        if (length === value.length && length < CODE_LENGTH) incomplete = value.join("");
      }
    }
    return incomplete;
  }

  /** Reads the codes in names of files in photos.zip, for example in the `file:` URL of an opened file. */
  #fileNames(form: string): void {
    for (const run of form.split(/[^A-Za-z0-9+/_-]+/)) {
      const place = fileName(run);
      const code = place === undefined ? undefined : parse(Array.from(run.slice(place.start, place.end)));
      if (code !== undefined) this.#found.push(code);
    }
  }

  #brokenLink(start: string, end: number): void {
    const joined = Array.from(start);
    let at = end;
    while (joined.length < CODE_LENGTH) {
      const c = this.#text.free(at);
      if (c === undefined) return;
      if (isBase64(c)) joined.push(c);
      else if (!isSpace(c)) return;
      at += 1;
    }
    const next = this.#text.free(at);
    const code = read(joined);
    if ("code" in code && (next === undefined || !isBase64(next))) {
      this.#found.push(code.code);
      this.#text.markUsed({ start: end, end: at });
    }
  }

  /** Reads a code from a run of base64 characters and white space. */
  #segment(segment: Place, isAlone: boolean): void {
    const all = wordsOf(this.#text, segment);
    const before = this.#text.wordBefore(segment.start);
    let isLabelled = before !== undefined && this.#text.isLabel(before, LABELS.code);
    let labels = 0;
    for (const word of all) {
      const label = trim(this.#text.slice(word));
      if (label.length > 0 && !LABELS.code.has(fold(label))) break;
      isLabelled ||= label.length > 0;
      labels += 1;
    }
    const words = all.slice(labels);
    const isOnlyWord = isAlone && words.length === 1;
    const known = this.#found.length;
    for (const word of words) {
      const chars = this.#text.slice(word);
      const code = read(chars);
      if ("code" in code && (isLabelled || isOnlyWord || looksLikeCode(chars))) {
        this.#found.push(code.code);
        this.#text.markUsed({ start: word.start + code.start, end: word.start + code.end });
      }
    }
    if (this.#found.length === known && (isLabelled || isAlone)) this.#groups(words, isLabelled);
  }

  /**
   * Reads a code that white space divides into groups. After a label, other words may follow the code. Without a label, all words must
   * belong to the code.
   */
  #groups(words: readonly Place[], isLabelled: boolean): void {
    const joined: string[] = [];
    for (const [index, word] of words.entries()) {
      joined.push(...this.#text.slice(word));
      // Stop, because the words already have more characters than a code.
      if (joined.filter((c) => !isSign(c)).length > CODE_LENGTH) return;
      if (!isLabelled && index + 1 < words.length) continue;
      const code = read(joined);
      if ("code" in code) {
        this.#found.push(code.code);
        for (const word of words.slice(0, index + 1)) this.#text.markUsed(word);
        return;
      }
    }
  }

  /** Returns the reason why the text contains no code. */
  #fault(): CodeFault {
    const text = this.#text;
    if (this.#linkFault !== undefined) return this.#linkFault;
    for (const word of text.runs(isWord)) if (text.isLabel(word, LABELS.code)) text.markUsed(word);
    const rest = text.chars.filter((c, at) => text.free(at) !== undefined && !isSpace(c));
    const isContent = (c: string) => isBase64(c) || isWord(c);
    const core = rest.slice(rest.findIndex(isContent), rest.findLastIndex(isContent) + 1);
    if (!rest.some(isContent)) return { fault: "length", length: 0 };
    const { length } = core;
    if (!core.every(isBase64) && length <= ATTEMPT_CHARACTERS_MAX) {
      const isMixed = (word: Place) => text.slice(word).some(isGreek) && text.slice(word).some(isAscii);
      return { fault: text.runs((c) => !isSpace(c)).some(isMixed) ? "greek_letter" : "character", length };
    }
    return { fault: length === CODE_LENGTH ? "last_character" : "length", length };
  }
}

/** Returns the words of a segment, divided by white space. */
function wordsOf(text: Text, segment: Place): Place[] {
  const words: Place[] = [];
  let start = segment.start;
  for (let at = segment.start; at <= segment.end; at += 1) {
    if (at < segment.end && !isSpace(text.chars[at] ?? "")) continue;
    if (start < at) words.push({ start, end: at });
    start = at + 1;
  }
  return words;
}

/** Removes signs of the base64 alphabets at both ends of a word, such as the hyphen of a list item. */
function trim(word: readonly string[]): readonly string[] {
  const start = countWhile(word, isSign);
  return word.slice(start, Math.max(start, word.length - countWhile(word.toReversed(), isSign)));
}

/**
 * Parses a run of base64 characters as a code, and returns the code's place in the run. A run that is too long may be a code with signs
 * around it, with hyphens between groups, or pasted twice. It may also be the name of a file in photos.zip, with or without folders.
 */
function read(run: readonly string[]): ({ code: string } & Place) | CodeFault {
  const { length } = run;
  const excess = length - CODE_LENGTH;
  if (excess < 0) return { fault: "length", length };
  if (excess === 0) {
    const code = parse(run);
    return code === undefined ? { fault: "last_character", length } : { code, start: 0, end: length };
  }
  const leading = countWhile(run, isSign);
  const trailing = countWhile(run.toReversed(), isSign);
  for (let start = Math.max(0, excess - trailing); start <= Math.min(leading, excess); start += 1) {
    const end = start + CODE_LENGTH;
    const code = parse(run.slice(start, end));
    if (code !== undefined) return { code, start, end };
  }
  const [front, rest] = [run.slice(0, CODE_LENGTH), run.slice(CODE_LENGTH).join("")];
  const place = fileName(run.join("")) ?? (front.join("") === rest ? { start: 0, end: length } : undefined);
  if (place !== undefined) {
    const code = parse(run.slice(place.start, place.start + CODE_LENGTH));
    return code === undefined ? { fault: "last_character", length } : { code, ...place };
  }
  const grouped = run.filter((c) => c !== "-");
  const code = grouped.length === CODE_LENGTH ? parse(grouped) : undefined;
  return code === undefined ? { fault: "length", length } : { code, start: 0, end: length };
}

/** Returns the position of the code in the name of a file in photos.zip. Only the names of folders may precede the code. */
function fileName(run: string): Place | undefined {
  for (let end = CODE_LENGTH; end < run.length; end += 1) {
    const start = end - CODE_LENGTH;
    const isBeginning = start === 0 || run[start - 1] === "/";
    if (isBeginning && FILE_NAME_ENDINGS.some((ending) => run.startsWith(ending, end))) return { start, end };
  }
  return undefined;
}

function parse(chars: readonly string[]): string | undefined {
  if (!LAST_CHARACTERS.includes(chars.at(-1) ?? " ")) return undefined;
  return chars.join("").replace(/-/g, "+").replace(/_/g, "/");
}
