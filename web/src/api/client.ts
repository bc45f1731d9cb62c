/* The only place from which the web application speaks to the service. */
import createClient from "openapi-fetch";

import { language } from "../words/language";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
export type Problem = Schemas["Problem"];

/** How long an answer may take before we say so; the gateway gives up after 29 s. */
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

/** Told of each answer: the session keeps its own time by it. */
export const listeners: { answered: (refusal: Problem | undefined) => void } = { answered: () => undefined };

async function fetchWithPatience(request: Request): Promise<Response> {
  try {
    // eslint-disable-next-line no-restricted-globals -- this is the place
    return await fetch(new Request(request, { signal: AbortSignal.timeout(PATIENCE) }));
  } catch (error) {
    throw new Unanswered(error instanceof DOMException && error.name === "TimeoutError" ? "slow" : "offline");
  }
}

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
    listeners.answered(undefined);
    return got.data as T;
  }
  if (!isProblem(got.error)) {
    throw new Unanswered("broken");
  }
  listeners.answered(got.error);
  throw new Refused(got.error);
}

function isProblem(value: unknown): value is Problem {
  return typeof value === "object" && value !== null && "code" in value && "detail" in value && "title" in value;
}
