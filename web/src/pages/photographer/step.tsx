/* The steps of making a photo set: one route, a step in the query, so that the back button goes a step back. */
import { useLocation } from "preact-iso";
import { useCallback } from "preact/hooks";

import type { Kind } from "./picture/profiles";

export type Step = "pictures" | Kind | "check" | "recipient" | "sent";

const HERE = "/photographer/new";

/** Counted by those that everybody passes. */
export const STEPS = ["pictures", "check", "recipient"] as const;

export function useSteps() {
  const { route, query } = useLocation();
  const go = useCallback((step: Step, { replace = false, after }: { replace?: boolean; after?: Step } = {}) => {
    const query = new URLSearchParams(step === "pictures" ? {} : { step });
    if (after !== undefined) query.set("then", after);
    route(query.size === 0 ? HERE : `${HERE}?${query}`, replace);
  }, []);
  return { go, wanted: query.step ?? "pictures", after: query.then === "check" ? ("check" as const) : ("pictures" as const) };
}
