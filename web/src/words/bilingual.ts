import { language } from "./language";

/** The one format of all catalogues: Greek and English side by side, of the same shape; a text with something in it is a function. */
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

/** `const words = both(el, en)`, then in a component `const t = words()`: it follows the language. The compiler holds that no text is missing in English. */
export function bilingual<T extends Words>(el: T, en: SameShape<T>): () => SameShape<T> {
  return () => (language.value === "el" ? (el as unknown as SameShape<T>) : en);
}

/** For counts: `counted(n, "κωδικάριθμος", "κωδικάριθμοι")` gives "1 κωδικάριθμος", "5 κωδικάριθμοι". */
export function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
