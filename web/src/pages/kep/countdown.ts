/* Remaining time of a case. */

/** Minutes before the end at which screen readers announce the remaining time. */
const WARNINGS = [1, 5] as const;

/**
 * Formats the remaining time as minutes and seconds, such as "14:05". The seconds are rounded up, so "0:00" means that the case is over.
 */
export function clockText(remainingMs: number): string {
  const seconds = Math.max(0, Math.ceil(remainingMs / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** Returns the number of minutes to announce now. Returns undefined while more than 5 minutes remain, and after the end of the case. */
export function warningMinutes(remainingMs: number): (typeof WARNINGS)[number] | undefined {
  return remainingMs <= 0 ? undefined : WARNINGS.find((minutes) => remainingMs <= minutes * 60_000);
}
