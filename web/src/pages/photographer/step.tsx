/* The steps of making a photo set: one route, a step in the query, so that the back button goes a step back. */
import { useLocation } from "preact-iso";
import { useCallback } from "preact/hooks";

import type { Kind } from "./picture/profiles";

export type Step = "pictures" | Kind | "check" | "recipient" | "sent";

const NEW_PHOTOS_PATH = "/photographer/new";

/** Counted by those that everybody passes. */
export const STEPS = ["pictures", "check", "recipient"] as const;

/** Whether the crop step was reached from the one before, so that leaving it goes back there, and leaves no second one behind. */
let cropHasPreviousStep = false;

export function useSteps() {
  const { route, query } = useLocation();
  const go = useCallback((step: Step, { replace = false, after }: { replace?: boolean; after?: Step } = {}) => {
    if (!replace) cropHasPreviousStep = step === "face" || step === "signature";
    const query = new URLSearchParams(step === "pictures" ? {} : { step });
    if (after !== undefined) query.set("then", after);
    route(query.size === 0 ? NEW_PHOTOS_PATH : `${NEW_PHOTOS_PATH}?${query}`, replace);
  }, []);
  const leave = useCallback((to: Step) => {
    if (!cropHasPreviousStep) return go(to, { replace: true });
    cropHasPreviousStep = false;
    history.back();
  }, []);
  return { go, leave, wanted: query.step ?? "pictures", after: query.then === "check" ? ("check" as const) : ("pictures" as const) };
}
