/* A cache of the issued code numbers that this page has loaded, because the API returns them only as a list. */
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import { responseData, api, type Schemas } from "../../api/client";
import { onEnd, session } from "../../api/session";
import { now } from "../../words/clock";

export type Issuance = Schemas["Issuance"];
export type State = Issuance["state"];
export const STATES: readonly State[] = ["queued", "sent", "failed", "associated", "expired"];

/** The key includes the business, because a person may act for several businesses, and each has its own codes. */
const cache = signal<ReadonlyMap<string, Issuance>>(new Map());
onEnd.push(() => (cache.value = new Map()));

/** Returns the ID of the business for which the session acts now. */
export const currentBusiness = (): string => session.value?.role?.business?.id ?? "";
const keyOf = (business: string, upload: string) => `${business} ${upload}`;

/** Stores issuances of `business`, the one at the time of the request. The session may have switched to another since. */
export function cacheIssuances(issuances: readonly Issuance[], business: string): void {
  cache.value = new Map([...cache.value, ...issuances.map((issuance) => [keyOf(business, issuance.upload_id), issuance] as const)]);
}

export const cachedIssuance = (upload: string): Issuance | undefined => cache.value.get(keyOf(currentBusiness(), upload));

type Query = { limit: number; cursor?: string; day?: string; state?: State };

export async function listIssuances(query: Query): Promise<Schemas["Issuances"]> {
  const business = currentBusiness();
  const page = await responseData(api.GET("/v1/photographer/issuances", { params: { query } }));
  cacheIssuances(page.issuances, business);
  return page;
}

/** How far back to search for an issuance. Codes can be sent again for one day. The second day allows for differing clocks. */
const SEARCH_WINDOW_MS = 2 * 86_400_000;

/** Loads the current state of an issuance. Returns undefined if it was not issued within the last two days. */
export async function findIssuance(upload: string): Promise<Issuance | undefined> {
  let cursor: string | undefined;
  do {
    const page: Schemas["Issuances"] = await listIssuances({ limit: cursor === undefined ? 25 : 100, ...(cursor === undefined ? {} : { cursor }) });
    const found = page.issuances.find((issuance) => issuance.upload_id === upload);
    if (found !== undefined) return found;
    const last = page.issuances.at(-1);
    if (last !== undefined && Date.parse(last.issued_at) < now() - SEARCH_WINDOW_MS) return undefined;
    cursor = page.next;
  } while (cursor !== undefined);
  return undefined;
}

/** Codes can be sent again for 24 hours after they were issued. */
const RESEND_WINDOW_MS = 86_400_000;

export const resendUntil = ({ issued_at }: Issuance): string => new Date(Date.parse(issued_at) + RESEND_WINDOW_MS).toISOString();

export function mayResend(issuance: Issuance): boolean {
  return !issuance.associated && issuance.resends.left > 0 && Date.parse(resendUntil(issuance)) > now();
}

/** Polling starts fast, because messages are sent within seconds, and then slows down. */
const [POLL_INTERVAL_MIN_MS, POLL_INTERVAL_MAX_MS] = [2_500, 30_000];

/** Polls while `isActive` and the page is visible. Errors are ignored, because the data on the page stay correct as of their time. */
export function usePolling(isActive: boolean, poll: () => Promise<unknown>): void {
  const latest = useRef(poll);
  latest.current = poll;
  useEffect(() => {
    if (!isActive) return;
    let [interval, isStopped] = [POLL_INTERVAL_MIN_MS, false];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const schedule = () => {
      clearTimeout(timer);
      timer = setTimeout(() => void pollOnce(), interval);
    };
    const pollOnce = async () => {
      if (document.visibilityState === "visible") await latest.current().catch(() => undefined);
      interval = Math.min(POLL_INTERVAL_MAX_MS, interval * 1.5);
      if (!isStopped) schedule();
    };
    const onVisible = () => {
      if (document.visibilityState !== "visible") return;
      interval = POLL_INTERVAL_MIN_MS;
      schedule();
    };
    schedule();
    document.addEventListener("visibilitychange", onVisible);
    return () => {
      isStopped = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", onVisible);
    };
  }, [isActive]);
}
