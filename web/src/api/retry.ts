/* Repeats a task after a temporary failure. */
import { ConnectionError, ProblemError } from "./client";

/** Maximum number of tries of a task, including the first. */
export const TRIES = 3;
/** Longest pause after the first failure, in milliseconds. The longest pause doubles after each further failure. */
const FIRST_PAUSE_MS = 2_000;
/** Maximum time to wait for the network before the next try, in milliseconds. */
const NETWORK_WAIT_MS = 60_000;

/** The event for which a task waits before its next try: the end of a pause, or the return of the network. */
export type Waiting = "pause" | "network";
type Options = {
  readonly signal: AbortSignal;
  /** Returns whether the task may be tried again after this error. */
  readonly isTemporary?: (error: unknown) => boolean;
  /** Receives the kind of wait and the number of the next try before each wait, and undefined when that try begins. */
  readonly onWait?: (wait: { readonly for: Waiting; readonly nextTry: number } | undefined) => void;
};

/** Returns whether the same request may succeed later: the connection failed, or the service was too busy. */
export function mayPass(error: unknown): boolean {
  if (error instanceof ProblemError) return error.problem.code === "throttled";
  return error instanceof ConnectionError && error.isTemporary;
}

/**
 * Returns the pause before the next try, in milliseconds. The pause is random, between half of the longest pause and all of it. So pages
 * whose connections broke at the same time do not all retry at the same time.
 */
export function pauseAfter(failures: number, random = Math.random()): number {
  return FIRST_PAUSE_MS * 2 ** (failures - 1) * (0.5 + random / 2);
}

/**
 * Runs the task, at most three times. Throws the first error that is not temporary, otherwise the error of the last try. If `signal` is
 * aborted, throws its reason.
 */
export async function withRetries<T>(task: () => Promise<T>, { signal, isTemporary = mayPass, onWait }: Options): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    signal.throwIfAborted();
    try {
      return await task();
    } catch (error) {
      signal.throwIfAborted();
      if (failures >= TRIES || !isTemporary(error)) throw error;
      onWait?.({ for: navigator.onLine ? "pause" : "network", nextTry: failures + 1 });
      await wait(pauseAfter(failures), signal);
      if (!navigator.onLine) {
        onWait?.({ for: "network", nextTry: failures + 1 });
        await wait(NETWORK_WAIT_MS, signal, "online");
      }
      onWait?.(undefined);
    }
  }
}

/** Waits for a time, or until the window fires `event`. If `signal` is aborted, rejects with its reason. */
function wait(ms: number, signal: AbortSignal, event?: "online"): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      if (event !== undefined) removeEventListener(event, finish);
    };
    const finish = () => {
      end();
      resolve();
    };
    const abort = () => {
      end();
      reject(signal.reason as Error);
    };
    const timer = setTimeout(finish, ms);
    signal.addEventListener("abort", abort);
    if (event !== undefined) addEventListener(event, finish);
  });
}
