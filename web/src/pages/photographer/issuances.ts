/* A cache of the issued code numbers that this page has loaded, because the API returns them only as a list. */
import { signal } from "@preact/signals";

import { responseData, api, type Schemas } from "../../api/client";
import { onEnd, session } from "../../api/session";
import { now } from "../../words/clock";

export type Issuance = Schemas["Issuance"];
export type State = Issuance["state"];
export const STATES: readonly State[] = ["queued", "sent", "failed", "associated", "expired"];

/** `request` is the sequence number (see `requests`) of the response that contained the issuance. */
type Cached = { readonly issuance: Issuance; readonly request: number };
/** The key includes the business, because a person may act for several businesses, and each has its own codes. */
const cache = signal<ReadonlyMap<string, Cached>>(new Map());
onEnd.push(() => (cache.value = new Map()));

/** Returns the ID of the business for which the session acts now. */
export const currentBusiness = (): string => session.value?.role?.business?.id ?? "";
const keyOf = (business: string, upload: string) => `${business} ${upload}`;

/**
 * The last sequence number. Sequence numbers prevent an older response from replacing a newer one in the cache. The response to a list
 * request gets its number when the request is sent. The response to an action gets its number when the response arrives, because it is
 * newer than every list that was requested before.
 */
let requests = 0;

/**
 * Stores issuances in the cache. `business` is the business for which the session acted when the request was sent. Skips an issuance if the
 * cache already contains a newer state of the issuance.
 */
export function cacheIssuances(issuances: readonly Issuance[], business: string, request = ++requests): void {
  const newer = issuances.filter(({ upload_id }) => (cache.value.get(keyOf(business, upload_id))?.request ?? 0) <= request);
  cache.value = new Map([...cache.value, ...newer.map((issuance) => [keyOf(business, issuance.upload_id), { issuance: withoutAddress(issuance), request }] as const)]);
}

/** Removes the suggested email address, because no address of a customer may remain after the code was issued. */
const withoutAddress = (issuance: Issuance): Issuance => ({ ...issuance, recipient: { kind: issuance.recipient.kind, masked: issuance.recipient.masked } });

export const cachedIssuance = (upload: string): Issuance | undefined => cache.value.get(keyOf(currentBusiness(), upload))?.issuance;

export type Query = { limit: number; cursor?: string; day?: string; month?: string; state?: State; reference?: string };

/** Loads one page of the list. If the cache has a newer state of an issuance than the response, returns the newer state. */
export async function listIssuances(query: Query): Promise<Schemas["Issuances"]> {
  const business = currentBusiness();
  const request = ++requests;
  const page = await responseData(api.GET("/v1/photographer/issuances", { params: { query } }));
  cacheIssuances(page.issuances, business, request);
  const latest = (issuance: Issuance) => {
    const cached = cache.value.get(keyOf(business, issuance.upload_id));
    return cached === undefined || cached.request === request ? issuance : cached.issuance;
  };
  return { ...page, issuances: page.issuances.map(latest) };
}

/** `findIssuance` searches issuances up to this age, in milliseconds. Codes can be sent again for one day. The second day is a margin. */
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

/** Time after issuing during which a code can be sent again, in milliseconds. */
const RESEND_WINDOW_MS = 86_400_000;

export const resendUntil = ({ issued_at }: Issuance): string => new Date(Date.parse(issued_at) + RESEND_WINDOW_MS).toISOString();

export function mayResend(issuance: Issuance): boolean {
  return !issuance.associated && issuance.resends.left > 0 && Date.parse(resendUntil(issuance)) > now();
}

/** Returns whether the code can be sent to the same recipient again. After a permanent failure, the service rejects this. */
export const mayResendSame = ({ state, failure }: Pick<Issuance, "state" | "failure">): boolean => state !== "failed" || failure?.permanent !== true;

/**
 * Returns whether the code can be sent again, but only to a corrected recipient. This is false after a temporary failure, because then the
 * recipient may be right.
 */
export const mayCorrect = (issuance: Issuance): boolean => !mayResendSame(issuance) && mayResend(issuance);

/** Time after sending during which an email can bounce, in milliseconds. After this time, the page stops polling for the delivery state. */
const BOUNCE_WINDOW_MS = 15 * 60_000;

/** Returns whether the delivery state may still change without an action of the user. An SMS does not bounce. */
export function mayChange({ state, delivery, recipient }: Pick<Issuance, "state" | "recipient" | "delivery">): boolean {
  if (state === "queued") return true;
  return state === "sent" && recipient.kind === "email" && delivery.sent_at !== undefined && Date.parse(delivery.sent_at) + BOUNCE_WINDOW_MS > now();
}
