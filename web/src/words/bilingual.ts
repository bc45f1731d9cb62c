import { language } from "./language";

/** The texts of a page in one language. A text with variable parts is a function. */
export type Words = { readonly [name: string]: string | readonly string[] | ((...values: never[]) => string) | Words };

type SameShape<T> = {
  readonly [K in keyof T]: T[K] extends string
    ? string
    : T[K] extends readonly string[]
      ? readonly string[]
      : T[K] extends (...values: infer V) => string
        ? (...values: V) => string
        : SameShape<T[K]>;
};

/**
 * Combines Greek and English texts. `const words = bilingual(el, en)` defines them, and `const t = words()` in a component returns the
 * texts in the language of the page. The compiler checks that no English text is missing.
 */
export function bilingual<T extends Words>(el: T, en: SameShape<T>): () => SameShape<T> {
  return () => (language.value === "el" ? (el as unknown as SameShape<T>) : en);
}
