/* The only module that sends requests to the service. */
import createClient from "openapi-fetch";

import { language } from "../words/language";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
export type Problem = Schemas["Problem"];

/**
 * Maximum time in milliseconds until a response begins, and between two parts of its body. Longer than the gateway's timeout of 29 s. A
 * slow connection that still delivers data never times out.
 */
const STALL_TIMEOUT_MS = 35_000;

/** The service responded with a problem (RFC 9457), in the language of the page. */
export class ProblemError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.code);
  }
}

/**
 * There was no valid response. `offline`: the device has no network. `interrupted`: the connection broke although there is a network.
 * `slow`: a timeout. `broken`: the response does not come from the service.
 */
export class ConnectionError extends Error {
  constructor(readonly reason: "offline" | "interrupted" | "slow" | "broken") {
    super(reason);
  }

  /** True if the same request may succeed later. Subclasses for permanent errors override this. */
  get isTemporary(): boolean {
    return true;
  }
}

/** Returns the error for a request that failed without a response. */
export function lostConnection(): ConnectionError {
  return new ConnectionError(navigator.onLine ? "interrupted" : "offline");
}

export type Failure = ProblemError | ConnectionError;

/**
 * `onResponse` is called after each successful response and each problem. The session module sets this function. `serviceTime` is the time
 * in the response's Date header, or undefined if there is no such header.
 */
export const listeners: { onResponse: (problem: Problem | undefined, serviceTime: number | undefined) => void } = { onResponse: () => undefined };

function serviceTime(response: Response): number | undefined {
  const at = Date.parse(response.headers.get("Date") ?? "");
  return Number.isNaN(at) ? undefined : at;
}

/** Fetches a response together with its body, so that a stalled body also counts as a timeout. */
async function fetchWithTimeout(request: Request): Promise<Response> {
  const abort = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const restartTimer = () => {
    clearTimeout(timer);
    timer = setTimeout(() => abort.abort(), STALL_TIMEOUT_MS);
  };
  restartTimer();
  try {
    // eslint-disable-next-line no-restricted-globals -- this module is the one that may use fetch
    const response = await fetch(request, { signal: abort.signal });
    if (response.body === null) return response;
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    const reader = response.body.getReader();
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      restartTimer();
      chunks.push(chunk.value);
    }
    // Some browsers provide a body stream even for statuses that have no body.
    return new Response(BODILESS_STATUSES.has(response.status) ? null : new Blob(chunks), response);
  } catch {
    throw abort.signal.aborted ? new ConnectionError("slow") : lostConnection();
  } finally {
    clearTimeout(timer);
  }
}

/** Statuses of responses without a body (RFC 9110). */
const BODILESS_STATUSES = new Set([204, 205, 304]);

export const api = createClient<paths>({ baseUrl: location.origin, fetch: fetchWithTimeout, credentials: "same-origin", cache: "no-store" });

api.use({
  onRequest({ request }) {
    request.headers.set("Accept-Language", language.value);
    if (request.method !== "GET" && !request.headers.has("Content-Type")) {
      request.headers.set("Content-Type", "application/json");
    }
    return request;
  },
});

let generation = 0;

/**
 * Makes all pending requests fail when a session or a clerk's case ends, so that a late response cannot bring back the previous person's
 * data.
 */
export function dropPendingResponses(): void {
  generation += 1;
}

type ClientResult<T> = { data?: T; error?: unknown; response: Response };

/** Returns the data of a response: `await responseData(api.GET("/v1/session"))`. Throws only `ProblemError` or `ConnectionError`. */
export async function responseData<T>(call: Promise<ClientResult<T>>): Promise<T> {
  const startedIn = generation;
  let result: ClientResult<T>;
  try {
    result = await call;
  } catch (error) {
    // Any other error means that the body does not have the declared media type.
    throw error instanceof ConnectionError ? error : new ConnectionError("broken");
  }
  if (startedIn !== generation) throw new ConnectionError("interrupted");
  if (result.response.ok) {
    listeners.onResponse(undefined, serviceTime(result.response));
    return result.data as T;
  }
  if (!isProblem(result.error)) {
    throw new ConnectionError("broken");
  }
  listeners.onResponse(result.error, serviceTime(result.response));
  throw new ProblemError(result.error);
}

function isProblem(value: unknown): value is Problem {
  return typeof value === "object" && value !== null && "code" in value && "detail" in value && "title" in value;
}
