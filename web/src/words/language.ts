import { signal, effect } from "@preact/signals";

export type Language = "el" | "en";

const STORAGE_KEY = "language";

/** The language of everything on the page, and of what the service answers. */
export const language = signal<Language>(storedLanguage() ?? preferredLanguage());

effect(() => {
  document.documentElement.lang = language.value;
  try {
    localStorage.setItem(STORAGE_KEY, language.value);
  } catch {
    // A browser that keeps nothing: then for this page only.
  }
});

/** Of a text that came from the service. */
export function languageOf(text: string): Language {
  return /\p{Script=Greek}/u.test(text) ? "el" : "en";
}

function storedLanguage(): Language | undefined {
  try {
    const value = localStorage.getItem(STORAGE_KEY);
    return value === "el" || value === "en" ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Greek, unless the browser prefers others and knows no Greek. */
function preferredLanguage(): Language {
  return navigator.languages.length === 0 || navigator.languages.some((tag) => tag.startsWith("el")) ? "el" : "en";
}
