/* The only place from which the web application speaks to the service. */
import createClient from "openapi-fetch";

import { language } from "../words/language";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
export type Problem = Schemas["Problem"];

/** How long an answer may take to begin before we say so, the gateway gives up after 29 s; and then how long no byte of it may come. A slow line that moves on has all the time it needs. */
const PATIENCE = 35_000;

/** The service refused: `problem` says why, in the language of the page. */
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.code);
  }
}

/** No answer came: no network, too slow, or an answer that is none of ours. */
export class Unanswered extends Error {
  constructor(readonly why: "offline" | "slow" | "broken") {
    super(why);
  }
}

export type Failure = Refused | Unanswered;

/** Told of each answer, with the service's clock at that moment where it said it: the session keeps its own time by it. */
export const listeners: { answered: (refusal: Problem | undefined, serviceTime: number | undefined) => void } = { answered: () => undefined };

function serviceTime(response: Response): number | undefined {
  const at = Date.parse(response.headers.get("Date") ?? "");
  return Number.isNaN(at) ? undefined : at;
}

/** The answer with its body, so that a body that stops on its way is told like an answer that does not come. */
async function fetchWithPatience(request: Request): Promise<Response> {
  const patience = new AbortController();
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const wait = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => patience.abort(), PATIENCE);
  };
  wait();
  try {
    // eslint-disable-next-line no-restricted-globals -- this is the place
    const response = await fetch(new Request(request, { signal: patience.signal }));
    if (response.body === null) return response;
    const parts: Uint8Array<ArrayBuffer>[] = [];
    const reader = response.body.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      wait();
      parts.push(part.value);
    }
    // Some browsers give a stream even where there can be no body.
    return new Response(EMPTY.has(response.status) ? null : new Blob(parts), response);
  } catch {
    throw new Unanswered(patience.signal.aborted ? "slow" : "offline");
  } finally {
    clearTimeout(waiting);
  }
}

/** Answers without a body (RFC 9110). */
const EMPTY = new Set([204, 205, 304]);

export const api = createClient<paths>({ baseUrl: location.origin, fetch: fetchWithPatience, credentials: "same-origin", cache: "no-store" });

api.use({
  onRequest({ request }) {
    request.headers.set("Accept-Language", language.value);
    if (request.method !== "GET" && !request.headers.has("Content-Type")) {
      request.headers.set("Content-Type", "application/json");
    }
    return request;
  },
});

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** The data of an answer: `await answer(api.GET("/v1/session"))`. Throws `Refused` or `Unanswered`, nothing else. */
export async function answer<T>(asked: Promise<Answer<T>>): Promise<T> {
  let got: Answer<T>;
  try {
    got = await asked;
  } catch (error) {
    // Anything but our own: a body that is not what it says it is.
    throw error instanceof Unanswered ? error : new Unanswered("broken");
  }
  if (got.response.ok) {
    listeners.answered(undefined, serviceTime(got.response));
    return got.data as T;
  }
  if (!isProblem(got.error)) {
    throw new Unanswered("broken");
  }
  listeners.answered(got.error, serviceTime(got.response));
  throw new Refused(got.error);
}

function isProblem(value: unknown): value is Problem {
  return typeof value === "object" && value !== null && "code" in value && "detail" in value && "title" in value;
}
