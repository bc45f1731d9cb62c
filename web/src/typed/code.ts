/* Finds the code number in a typed or pasted text. The same rules as in shared/domain/src/typed/code.rs. */
import { LABELS, Text, countWhile, fold, isAscii, isGreek, isSpace, isWord, type Place, type Typed } from "./characters";
import { readableForms } from "./link";

export const CODE_LENGTH = 22;
/** 22 base64 characters hold 132 bits, of which a code uses 128. So the last character has only 2 significant bits. */
const LAST_CHARACTERS = "AQgw";
const PARAMETER = "code=";
/** A text of more characters is a message without a code, not a code with wrong characters. */
const ATTEMPT_CHARACTERS_MAX = 2 * CODE_LENGTH;

/** Why there is no code, and the number of characters that look most like one. */
export type CodeFault = { readonly fault: "length" | "character" | "greek_letter" | "last_character" | "several"; readonly length: number };

const isSign = (c: string) => "+/_-".includes(c);
const isBase64 = (c: string) => isAscii(c) || isSign(c);

/** Finds the code number in a text, and returns it in the standard base64 alphabet. */
export function typedCode(text: string): Typed | CodeFault {
  const search = new Search(text);
  return search.result();
}

class Search {
  readonly #text: Text;
  readonly #found: string[] = [];
  /** The fault of an incomplete code in a link. */
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
      for (const form of readableForms(link)) last = this.#parameters(form) ?? last;
      this.#text.markLink(word);
      // A link that was broken over two lines continues after the white space.
      if (last !== undefined) this.#brokenLink(last, word.end);
    }
  }

  /** Reads the values of `code=`. Returns an incomplete one with which the link ends. */
  #parameters(form: string): string | undefined {
    let incomplete: string | undefined;
    const lower = form.toLowerCase();
    for (let at = lower.indexOf(PARAMETER); at >= 0; at = lower.indexOf(PARAMETER, at + 1)) {
      if (at > 0 && isWord(form.charAt(at - 1))) continue;
      const value = Array.from(form.slice(at + PARAMETER.length));
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

  /** Reads a run of base64 characters and white space. */
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
      const isMixed = chars.some((c) => /[A-Z]/.test(c)) && chars.some((c) => /[a-z]/.test(c));
      const code = read(chars);
      if ("code" in code && (isLabelled || isOnlyWord || isMixed)) {
        this.#found.push(code.code);
        this.#text.markUsed({ start: word.start + code.start, end: word.start + code.end });
      }
    }
    if (this.#found.length === known && (isLabelled || isAlone)) this.#groups(words, isLabelled);
  }

  /** Joins groups of characters. After a label, words may follow the code. */
  #groups(words: readonly Place[], isLabelled: boolean): void {
    const joined: string[] = [];
    for (const [index, word] of words.entries()) {
      joined.push(...this.#text.slice(word));
      // Further words cannot complete a code.
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

  /** Returns why there is no code. */
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

/** Removes signs of the base64 alphabets around a word, such as the hyphen of a list. */
function trim(word: readonly string[]): readonly string[] {
  const start = countWhile(word, isSign);
  return word.slice(start, Math.max(start, word.length - countWhile(word.toReversed(), isSign)));
}

/**
 * Parses a run of base64 characters as a code, without signs around it and without hyphens between groups if it is too long. Returns the
 * code's place in the run.
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
  const grouped = run.filter((c) => c !== "-");
  const code = grouped.length === CODE_LENGTH ? parse(grouped) : undefined;
  return code === undefined ? { fault: "length", length } : { code, start: 0, end: length };
}

function parse(chars: readonly string[]): string | undefined {
  if (!LAST_CHARACTERS.includes(chars.at(-1) ?? " ")) return undefined;
  return chars.join("").replace(/-/g, "+").replace(/_/g, "/");
}
