import { describe, expect, it, vi } from "vitest";

import { moment, time } from "./dates";

// The page's language asks the browser, and here is none.
const language = vi.hoisted(() => ({ value: "el" }));
vi.mock("./language", () => ({ language }));

describe("a time of the day", () => {
  it.each(["el", "en"])("begins at zero, at midnight in Athens (%s)", (spoken) => {
    language.value = spoken;
    expect(time("2026-11-22T22:05:00Z")).toBe("00:05");
    expect(time("2026-11-22T21:59:00Z")).toBe("23:59");
  });

  it("belongs to the day in Athens", () => {
    language.value = "el";
    expect(moment("2026-07-01T21:05:00Z")).toBe("2 Ιουλίου 2026, 00:05");
  });
});
