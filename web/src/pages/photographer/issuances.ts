/* Code numbers that were issued, as far as this page has seen them: the API tells them in a list only. */
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import { responseData, api, type Schemas } from "../../api/client";
import { onEnd, session } from "../../api/session";

export type Issuance = Schemas["Issuance"];
export type State = Issuance["state"];
export const STATES: readonly State[] = ["queued", "sent", "failed", "associated", "expired"];

/** By the business that issued them too: who acts for several sees of each its own. */
const cache = signal<ReadonlyMap<string, Issuance>>(new Map());
onEnd.push(() => (cache.value = new Map()));

/** For whom the session acts now. */
export const currentBusiness = (): string => session.value?.role?.business?.id ?? "";
const keyOf = (business: string, upload: string) => `${business} ${upload}`;

/** `of` the business for which they were asked: the session may have gone on to another. */
export function cacheIssuances(issuances: readonly Issuance[], business: string): void {
  cache.value = new Map([...cache.value, ...issuances.map((one) => [keyOf(business, one.upload_id), one] as const)]);
}

export const cachedIssuance = (upload: string): Issuance | undefined => cache.value.get(keyOf(currentBusiness(), upload));

type Query = { limit: number; cursor?: string; day?: string; state?: State };

export async function listIssuances(query: Query): Promise<Schemas["Issuances"]> {
  const business = currentBusiness();
  const page = await responseData(api.GET("/v1/photographer/issuances", { params: { query } }));
  cacheIssuances(page.issuances, business);
  return page;
}

/** Whoever may be sent again was issued within a day; a little more, for clocks that differ. */
const SEARCH_WINDOW_MS = 2 * 86_400_000;

/** The issuance as it is now. Undefined where the last two days have none such. */
export async function findIssuance(upload: string): Promise<Issuance | undefined> {
  let cursor: string | undefined;
  do {
    const page: Schemas["Issuances"] = await listIssuances({ limit: cursor === undefined ? 25 : 100, ...(cursor === undefined ? {} : { cursor }) });
    const found = page.issuances.find((one) => one.upload_id === upload);
    if (found !== undefined) return found;
    const last = page.issuances.at(-1);
    if (last !== undefined && Date.parse(last.issued_at) < Date.now() - SEARCH_WINDOW_MS) return undefined;
    cursor = page.next;
  } while (cursor !== undefined);
  return undefined;
}

/** In which it may be sent again. */
const RESEND_WINDOW_MS = 86_400_000;

export const resendUntil = ({ issued_at }: Issuance): string => new Date(Date.parse(issued_at) + RESEND_WINDOW_MS).toISOString();

export function mayResend(one: Issuance): boolean {
  return !one.associated && one.resends.left > 0 && Date.parse(resendUntil(one)) > Date.now();
}

/** First soon, as messages go out within seconds; then ever less often. */
const [POLL_INTERVAL_MIN_MS, POLL_INTERVAL_MAX_MS] = [2_500, 30_000];

/** Asks again while something is on its way and somebody looks. What goes wrong is passed over: what is shown stays true of its moment. */
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
