/* The current time. Other modules may not read the device's clock (see eslint.config.js), because it may be wrong by any amount. */
import { signal } from "@preact/signals";

/** The service's clock minus this device's clock, in milliseconds. */
const offset = signal(0);
/**
 * Smaller changes of the offset are ignored, because the Date header has whole seconds and responses take time. Otherwise each response
 * would cause every component that shows a time to render.
 */
const TOLERANCE_MS = 3_000;

/** Sets the service's time from a response. */
export function setServiceTime(at: number): void {
  const measured = at - Date.now();
  if (Math.abs(measured - offset.peek()) > TOLERANCE_MS) offset.value = measured;
}

/** Returns the service's time, in milliseconds since 1970. A component that calls this function is rendered again when the time is corrected. */
export function now(): number {
  return Date.now() + offset.value;
}

/**
 * Returns the time of this device's clock. Use it only to compare the present with a time that this device has stored. `now` is unsuitable
 * for such a comparison, because the page that stored the time may not have known the service's time.
 */
export function deviceTime(): number {
  return Date.now();
}
