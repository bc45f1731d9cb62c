/*
 * The steps of a new photo set. They share one route. The query of the URL contains the step, so that the browser's back button goes back
 * one step.
 */
import { useLocation } from "preact-iso";
import { useCallback } from "preact/hooks";

import type { Kind } from "./picture/profiles";

/** The steps `face` and `signature` crop a picture. `clean` and `draw` make the signature without cropping. */
export type Step = "pictures" | Kind | "clean" | "draw" | "check" | "recipient" | "sent";

const NEW_PHOTOS_PATH = "/photographer/new";

/** The numbered steps. The crop steps are not counted, because they belong to the first step. */
export const STEPS = ["pictures", "check", "recipient"] as const;

/**
 * True if the user came to the crop step from another step, which is therefore the previous entry of the browser's history. Then leaving
 * the crop step goes back in the history, so that no duplicate entry remains.
 */
let cropHasPreviousStep = false;

/** True if the first step should focus its first field instead of its heading. */
let firstFieldTakesFocus = false;

/** Makes the first step focus its first field when it opens next, so that the photographer can begin with the next customer at once. */
export function focusFirstField(): void {
  firstFieldTakesFocus = true;
}

/** Returns whether the first field should take the focus now. */
export function takeFirstFieldFocus(): boolean {
  const takes = firstFieldTakesFocus;
  firstFieldTakesFocus = false;
  return takes;
}

export function useSteps() {
  const { route, query } = useLocation();
  const go = useCallback((step: Step, { replace = false, after }: { replace?: boolean; after?: Step } = {}) => {
    if (!replace) cropHasPreviousStep = ["face", "signature", "clean", "draw"].includes(step);
    const query = new URLSearchParams(step === "pictures" ? {} : { step });
    if (after !== undefined) query.set("then", after);
    route(query.size === 0 ? NEW_PHOTOS_PATH : `${NEW_PHOTOS_PATH}?${query}`, replace);
  }, []);
  const leaveCrop = useCallback((to: Step) => {
    if (!cropHasPreviousStep) return go(to, { replace: true });
    cropHasPreviousStep = false;
    history.back();
  }, []);
  return { go, leaveCrop, requested: query.step ?? "pictures", after: query.then === "check" ? ("check" as const) : ("pictures" as const) };
}
