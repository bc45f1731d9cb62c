/* Progress of an upload: the uploaded fraction, the remaining time, and the announcements for screen readers. */

/** `sent` is the number of bytes sent until the time `at`, which is in milliseconds. */
type Sample = { readonly at: number; readonly sent: number };

/** Time in milliseconds over which the speed is measured. It is short, so that the remaining time soon reflects a slower connection. */
const WINDOW_MS = 8_000;
/**
 * Minimum time to measure, in milliseconds, before the remaining time is estimated. The first bytes only fill the buffers of the system.
 */
const MEASURED_MIN_MS = 1_500;

/** Appends a new sample, and drops samples that are too old for `WINDOW_MS`. */
export function withSample(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  const firstRecent = samples.findLastIndex(({ at }) => sample.at - at >= WINDOW_MS);
  return [...samples.slice(Math.max(0, firstRecent)), sample];
}

/** Returns the remaining seconds, or undefined as long as they cannot be estimated. */
export function secondsLeft(samples: readonly Sample[], total: number): number | undefined {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || last.at - first.at < MEASURED_MIN_MS || last.sent <= first.sent) return undefined;
  return ((total - last.sent) * (last.at - first.at)) / (last.sent - first.sent) / 1000;
}

/** A remaining time, rounded so that the text does not change with each byte. */
export type TimeLeft = { readonly unit: "seconds" | "minutes"; readonly count: number };

/** Rounds up to a multiple of 5 seconds if at most 30 s remain, of 15 seconds if at most 90 s remain, and otherwise of a minute. */
export function roundedTime(seconds: number): TimeLeft {
  if (seconds > 90) return { unit: "minutes", count: Math.ceil(seconds / 60) };
  const step = seconds > 30 ? 15 : 5;
  return { unit: "seconds", count: Math.max(step, Math.ceil(seconds / step) * step) };
}

/** The last announcement of progress: the number of complete quarters of the upload, and the time of the announcement in milliseconds. */
export type Announced = { readonly quarter: number; readonly at: number };

/** Minimum time between two announcements, in milliseconds. A screen reader needs this time to read one announcement. */
const ANNOUNCEMENT_PAUSE_MS = 4_000;

/**
 * Returns the new announcement if another quarter is complete and the pause since the last announcement is over. If fewer quarters are
 * complete than before, as in a new upload, returns their number without waiting for the pause. Otherwise, returns the last announcement.
 * The fourth quarter is never announced.
 */
export function nextAnnouncement(last: Announced, share: number, at: number): Announced {
  const quarter = Math.min(3, Math.floor(share * 4));
  if (quarter < last.quarter) return { quarter, at };
  return quarter > last.quarter && at - last.at >= ANNOUNCEMENT_PAUSE_MS ? { quarter, at } : last;
}
