/* The only place from which the web application speaks to the service. */
import createClient from "openapi-fetch";

import { language } from "../words/language";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
export type Problem = Schemas["Problem"];

/** How long an answer may take to begin before we say so, the gateway gives up after 29 s; and then how long no byte of it may come. A slow line that moves on has all the time it needs. */
const STALL_TIMEOUT_MS = 35_000;

/** The service refused: `problem` says why, in the language of the page. */
export class ProblemError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.code);
  }
}

/** No answer came: no network, too slow, or an answer that is none of ours. */
export class ConnectionError extends Error {
  constructor(readonly reason: "offline" | "slow" | "broken") {
    super(reason);
  }
}

export type Failure = ProblemError | ConnectionError;

/** Told of each answer, with the service's clock at that moment where it said it: the session keeps its own time by it. */
export const listeners: { onResponse: (problem: Problem | undefined, serviceTime: number | undefined) => void } = { onResponse: () => undefined };

function serviceTime(response: Response): number | undefined {
  const at = Date.parse(response.headers.get("Date") ?? "");
  return Number.isNaN(at) ? undefined : at;
}

/** The answer with its body, so that a body that stops on its way is told like an answer that does not come. */
async function fetchWithTimeout(request: Request): Promise<Response> {
  const abort = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const restartTimer = () => {
    clearTimeout(timer);
    timer = setTimeout(() => abort.abort(), STALL_TIMEOUT_MS);
  };
  restartTimer();
  try {
    // eslint-disable-next-line no-restricted-globals -- this is the place
    const response = await fetch(new Request(request, { signal: abort.signal }));
    if (response.body === null) return response;
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    const reader = response.body.getReader();
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      restartTimer();
      chunks.push(chunk.value);
    }
    // Some browsers give a stream even where there can be no body.
    return new Response(BODILESS_STATUSES.has(response.status) ? null : new Blob(chunks), response);
  } catch {
    throw new ConnectionError(abort.signal.aborted ? "slow" : "offline");
  } finally {
    clearTimeout(timer);
  }
}

/** Answers without a body (RFC 9110). */
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

type ClientResult<T> = { data?: T; error?: unknown; response: Response };

/** The data of an answer: `await answer(api.GET("/v1/session"))`. Throws `Refused` or `Unanswered`, nothing else. */
export async function responseData<T>(call: Promise<ClientResult<T>>): Promise<T> {
  let result: ClientResult<T>;
  try {
    result = await call;
  } catch (error) {
    // Anything but our own: a body that is not what it says it is.
    throw error instanceof ConnectionError ? error : new ConnectionError("broken");
  }
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
