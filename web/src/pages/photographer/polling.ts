/* Polls the service to refresh the data on a page. */
import { useEffect, useRef } from "preact/hooks";

/**
 * Shortest and longest interval between two polls, in milliseconds. Messages are sent within seconds, so polling begins with the shortest
 * interval and then slows down.
 */
const [POLL_INTERVAL_MIN_MS, POLL_INTERVAL_MAX_MS] = [2_500, 30_000];
/**
 * Polling pauses when the page has not been used for this time, in milliseconds. Each call extends the session, so without the pause an
 * unattended page would never be signed out.
 */
const UNATTENDED_MS = 10 * 60_000;

/**
 * Polls while `isActive` is true and the page is visible. Ignores errors, because the page still shows the data of the last successful
 * poll.
 */
export function usePolling(isActive: boolean, poll: () => Promise<unknown>): void {
  const latest = useRef(poll);
  latest.current = poll;
  useEffect(() => (isActive ? startPolling(() => latest.current()) : undefined), [isActive]);
}

/** Polls until the returned function is called. */
export function startPolling(poll: () => Promise<unknown>): () => void {
  let interval = POLL_INTERVAL_MIN_MS;
  let lastUse = performance.now();
  let isStopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const isAttended = () => document.visibilityState === "visible" && performance.now() - lastUse < UNATTENDED_MS;
  const schedule = () => {
    clearTimeout(timer);
    timer = undefined;
    if (!isStopped && isAttended()) timer = setTimeout(() => void pollOnce(), interval);
  };
  const pollOnce = async () => {
    if (isAttended()) await poll().catch(() => undefined);
    interval = Math.min(POLL_INTERVAL_MAX_MS, interval * 1.5);
    schedule();
  };
  const onUse = () => {
    const wasAttended = isAttended();
    lastUse = performance.now();
    if (!wasAttended) restart();
  };
  const restart = () => {
    interval = POLL_INTERVAL_MIN_MS;
    schedule();
  };
  const onVisible = () => {
    if (document.visibilityState !== "visible") return clearTimeout(timer);
    lastUse = performance.now();
    restart();
  };
  schedule();
  document.addEventListener("visibilitychange", onVisible);
  document.addEventListener("keydown", onUse);
  document.addEventListener("pointerdown", onUse);
  return () => {
    isStopped = true;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", onVisible);
    document.removeEventListener("keydown", onUse);
    document.removeEventListener("pointerdown", onUse);
  };
}
