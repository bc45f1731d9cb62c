/* Code numbers that were issued, as far as this page has seen them: the API tells them in a list only. */
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import { answer, api, type Schemas } from "../../api/client";
import { onEnd, session } from "../../api/session";

export type Issuance = Schemas["Issuance"];
export type State = Issuance["state"];
export const STATES: readonly State[] = ["queued", "sent", "failed", "associated", "expired"];

/** By the business that issued them too: who acts for several sees of each its own. */
const known = signal<ReadonlyMap<string, Issuance>>(new Map());
onEnd.push(() => (known.value = new Map()));

/** For whom the session acts now. */
export const business = (): string => session.value?.role?.business?.id ?? "";
const keyOf = (business: string, upload: string) => `${business} ${upload}`;

/** `of` the business for which they were asked: the session may have gone on to another. */
export function remember(issuances: readonly Issuance[], of: string): void {
  known.value = new Map([...known.value, ...issuances.map((one) => [keyOf(of, one.upload_id), one] as const)]);
}

export const seen = (upload: string): Issuance | undefined => known.value.get(keyOf(business(), upload));

type Query = { limit: number; cursor?: string; day?: string; state?: State };

export async function list(query: Query): Promise<Schemas["Issuances"]> {
  const of = business();
  const page = await answer(api.GET("/v1/photographer/issuances", { params: { query } }));
  remember(page.issuances, of);
  return page;
}

/** Whoever may be sent again was issued within a day; a little more, for clocks that differ. */
const LOOKED_BACK = 2 * 86_400_000;

/** The issuance as it is now. Undefined where the last two days have none such. */
export async function find(upload: string): Promise<Issuance | undefined> {
  let cursor: string | undefined;
  do {
    const page: Schemas["Issuances"] = await list({ limit: cursor === undefined ? 25 : 100, ...(cursor === undefined ? {} : { cursor }) });
    const found = page.issuances.find((one) => one.upload_id === upload);
    if (found !== undefined) return found;
    const last = page.issuances.at(-1);
    if (last !== undefined && Date.parse(last.issued_at) < Date.now() - LOOKED_BACK) return undefined;
    cursor = page.next;
  } while (cursor !== undefined);
  return undefined;
}

/** In which it may be sent again. */
const RESEND_WITHIN = 86_400_000;

export const resendUntil = ({ issued_at }: Issuance): string => new Date(Date.parse(issued_at) + RESEND_WITHIN).toISOString();

export function mayResend(one: Issuance): boolean {
  return !one.associated && one.resends.left > 0 && Date.parse(resendUntil(one)) > Date.now();
}

/** First soon, as messages go out within seconds; then ever less often. */
const [SOONEST, LATEST] = [2_500, 30_000];

/** Asks again while something is on its way and somebody looks. What goes wrong is passed over: what is shown stays true of its moment. */
export function useFollowing(isOnItsWay: boolean, ask: () => Promise<unknown>): void {
  const latest = useRef(ask);
  latest.current = ask;
  useEffect(() => {
    if (!isOnItsWay) return;
    let [wait, over] = [SOONEST, false];
    let waiting: ReturnType<typeof setTimeout> | undefined;
    const next = () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => void look(), wait);
    };
    const look = async () => {
      if (document.visibilityState === "visible") await latest.current().catch(() => undefined);
      wait = Math.min(LATEST, wait * 1.5);
      if (!over) next();
    };
    const seen = () => {
      if (document.visibilityState !== "visible") return;
      wait = SOONEST;
      next();
    };
    next();
    document.addEventListener("visibilitychange", seen);
    return () => {
      over = true;
      clearTimeout(waiting);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [isOnItsWay]);
}
