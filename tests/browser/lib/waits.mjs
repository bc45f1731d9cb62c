// Assertions about what a page does shortly after an action. A page renders and moves the focus in later tasks, so a single look may come too early.

import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';

const PATIENCE_MS = 15_000;
const PAUSE_MS = 50;

/** Repeats the assertions of `check` until they pass. If they do not pass in time, throws the last failure. Returns the result of `check`. */
export async function eventually(check) {
  for (const end = Date.now() + PATIENCE_MS; ; await setTimeout(PAUSE_MS)) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
    }
  }
}

/** Returns whether the element has the focus. */
export const hasFocus = (locator) => locator.evaluate((element) => element === document.activeElement);

/** Waits until the element has the focus. */
export const assertFocused = (locator, message) => eventually(async () => assert.ok(await hasFocus(locator), message ?? `${locator} has the focus`));
