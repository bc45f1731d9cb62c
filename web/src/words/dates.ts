import { now } from "./clock";
import { language } from "./language";

const ZONE = "Europe/Athens";

function format(options: Intl.DateTimeFormatOptions, instant: Date): string {
  return new Intl.DateTimeFormat(language.value === "el" ? "el-GR" : "en-GB", { timeZone: ZONE, ...options }).format(instant);
}

/** Formats a day as "22 Νοεμβρίου 2026". Accepts a date (YYYY-MM-DD), or an instant (RFC 3339), for which it uses the day in Athens. */
export function day(value: string): string {
  return format({ day: "numeric", month: "long", year: "numeric" }, asDate(value));
}

/** Formats a month (YYYY-MM) as "Νοέμβριος 2026". */
export function month(value: string): string {
  return format({ month: "long", year: "numeric" }, asDate(`${value}-15`));
}

/** Formats a day as "22/11/2026". */
export function shortDay(value: string): string {
  return format({ day: "2-digit", month: "2-digit", year: "numeric" }, asDate(value));
}

/** Formats an instant as "22 Νοεμβρίου 2026, 14:05", in Athens time. */
export function moment(value: string): string {
  return `${day(value)}, ${time(value)}`;
}

export function time(value: string): string {
  return format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }, asDate(value));
}

/** Returns the number of whole days from now until the instant. Returns 0 for less than a day, and for an instant in the past. */
export function daysLeft(value: string): number {
  return Math.max(0, Math.floor((Date.parse(value) - now()) / 86_400_000));
}

/** Parses a date or an instant. A date becomes 10:00 UTC, around noon in Athens, so that no time zone shifts it to another day. */
function asDate(value: string): Date {
  return new Date(/^\d{4}-\d{2}-\d{2}$/.test(value) ? `${value}T10:00:00Z` : value);
}

/**
 * Formats a file size, for example "1,2 MB". `extraDigits` is the number of decimals in addition to the usual ones: none for KB, one for
 * MB.
 */
export function bytes(count: number, extraDigits = 0): string {
  const locale = language.value === "el" ? "el-GR" : "en-GB";
  const [value, unit] = count < 1_000_000 ? [count / 1000, "KB"] : [count / 1_000_000, "MB"];
  return `${new Intl.NumberFormat(locale, { maximumFractionDigits: (unit === "KB" ? 0 : 1) + extraDigits }).format(value)} ${unit}`;
}
