import { signal, effect } from "@preact/signals";

export type Language = "el" | "en";

const STORAGE_KEY = "language";

/** The language of the page and of the service's responses. */
export const language = signal<Language>(storedLanguage() ?? preferredLanguage());

effect(() => {
  document.documentElement.lang = language.value;
  try {
    localStorage.setItem(STORAGE_KEY, language.value);
  } catch {
    // The browser blocks storage, so the choice lasts until the page is closed.
  }
});

/** Returns the language of a text from the service. */
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

/** Returns Greek, or English if the browser lists languages and Greek is not among them. */
function preferredLanguage(): Language {
  return navigator.languages.length === 0 || navigator.languages.some((tag) => tag.startsWith("el")) ? "el" : "en";
}
