/*
 * The key of a picture that was shared from the device's gallery and stored by the service worker (public/sw.js). The key is in the URL's
 * fragment, which browsers send to no server. While the photographer signs in, the key is in this tab's sessionStorage.
 */
import { onEnd } from "../api/session";
import { deviceTime } from "../words/clock";

const STORAGE_KEY = "shared-picture";
const DATABASE = "shared-picture";
/** Lifetime of a shared picture, the same as in public/sw.js. */
export const SHARED_LIFETIME_MS = 10 * 60_000;

/** Moves the key `#picture=...` from the URL into this tab's storage. */
export function takeSharedPictureKeyFromUrl(): void {
  const key = new URLSearchParams(location.hash.slice(1)).get("picture");
  if (key !== null) {
    history.replaceState(history.state, "", location.pathname + location.search);
    try {
      sessionStorage.setItem(STORAGE_KEY, JSON.stringify({ key, at: deviceTime() }));
    } catch {
      // The browser blocks storage, so the service worker has stored nothing either.
    }
  }
  if (readSharedPictureKey() !== undefined) setTimeout(forgetSharedPicture, SHARED_LIFETIME_MS);
}

/** Returns the key, unless more than ten minutes have passed since it was stored. */
export function readSharedPictureKey(): string | undefined {
  try {
    const stored = JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? "null") as { key?: unknown; at?: unknown } | null;
    if (typeof stored?.key !== "string" || typeof stored.at !== "number") return undefined;
    if (Math.abs(deviceTime() - stored.at) < SHARED_LIFETIME_MS) return stored.key;
    forgetSharedPicture();
  } catch {
    // The browser blocks storage.
  }
  return undefined;
}

/** Removes the picture and its key. */
export function forgetSharedPicture(): void {
  try {
    if (sessionStorage.getItem(STORAGE_KEY) === null) return;
    sessionStorage.removeItem(STORAGE_KEY);
    indexedDB.deleteDatabase(DATABASE);
  } catch {
    // The browser blocks storage.
  }
}

/** The picture and the key are removed when the session ends, because the next person at this device may be someone else. */
onEnd.push(forgetSharedPicture);
