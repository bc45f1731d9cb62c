/* The day or month to which a filter restricts the history. */
import { now } from "../../words/clock";

/** Returns the month of an instant in Athens time, as YYYY-MM. */
export function monthOf(instant: number): string {
  const parts = new Intl.DateTimeFormat("en-GB", { timeZone: "Europe/Athens", year: "numeric", month: "2-digit" }).formatToParts(instant);
  const part = (type: "year" | "month") => parts.find((found) => found.type === type)?.value ?? "";
  return `${part("year")}-${part("month")}`;
}

/** The history covers the last 12 months. Because it can begin within a month, it covers parts of 13 calendar months. */
const MONTHS = 13;

/** Returns the months of the history, the current one first. */
export function historyMonths(instant = now()): readonly string[] {
  const [year = 0, month = 0] = monthOf(instant).split("-").map(Number);
  return Array.from({ length: MONTHS }, (_, back) => {
    const count = year * 12 + (month - 1) - back;
    return `${Math.floor(count / 12)}-${String((count % 12) + 1).padStart(2, "0")}`;
  });
}

export const isDay = (text: string | undefined): text is string => text !== undefined && /^\d{4}-(0[1-9]|1[0-2])-\d{2}$/.test(text);
export const isMonth = (text: string | undefined): text is string => text !== undefined && /^\d{4}-(0[1-9]|1[0-2])$/.test(text);
