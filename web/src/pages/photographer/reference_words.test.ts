import { expect, test, vi } from "vitest";

import { language } from "../../words/language";
import { words } from "./reference_words";

// Stubs of the browser's objects that words/language.ts reads when it is loaded.
vi.hoisted(() => {
  vi.stubGlobal("navigator", { languages: ["el"] });
  vi.stubGlobal("document", { documentElement: { lang: "" } });
});

test("a search without a result says the same in both languages", () => {
  language.value = "el";
  expect(words().found(0, "Α-17", "Νοέμβριος 2026")).toBe("Καμία αναφορά δεν είναι «Α-17» ούτε αρχίζει έτσι, Νοέμβριος 2026.");
  language.value = "en";
  expect(words().found(0, "Α-17", "November 2026")).toBe("No reference is “Α-17” or begins with it, November 2026.");
});
