import { describe, expect, it, vi } from "vitest";

import { moment, time } from "./dates";

// Replaces the real module, which reads the browser's language. Tests have no browser.
const language = vi.hoisted(() => ({ value: "el" }));
vi.mock("./language", () => ({ language }));

describe("time of day", () => {
  it.each(["el", "en"])("midnight in Athens is formatted as 00 (%s)", (currentLanguage) => {
    language.value = currentLanguage;
    expect(time("2026-11-22T22:05:00Z")).toBe("00:05");
    expect(time("2026-11-22T21:59:00Z")).toBe("23:59");
  });

  it("an instant is formatted with its day in Athens", () => {
    language.value = "el";
    expect(moment("2026-07-01T21:05:00Z")).toBe("2 Ιουλίου 2026, 00:05");
  });
});
