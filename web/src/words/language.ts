import { signal, effect } from "@preact/signals";

export type Language = "el" | "en";

const KEPT = "language";

/** The language of everything on the page, and of what the service answers. */
export const language = signal<Language>(kept() ?? preferred());

effect(() => {
  document.documentElement.lang = language.value;
  try {
    localStorage.setItem(KEPT, language.value);
  } catch {
    // A browser that keeps nothing: then for this page only.
  }
});

function kept(): Language | undefined {
  try {
    const value = localStorage.getItem(KEPT);
    return value === "el" || value === "en" ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Greek, unless the browser prefers others and knows no Greek. */
function preferred(): Language {
  return navigator.languages.length === 0 || navigator.languages.some((tag) => tag.startsWith("el")) ? "el" : "en";
}
