/*
 * The reference that the user searches for in the history. It stays in memory until the session ends. It is not in the page's URL, because
 * the browser's history would show it to the next person at this device.
 */
import { signal } from "@preact/signals";

import { onEnd } from "../../api/session";
import { currentBusiness } from "./issuances";

const search = signal({ business: "", reference: "" });
onEnd.push(() => (search.value = { business: "", reference: "" }));

/** Returns the reference that the user searches for in the current business, or an empty text if there is no search. */
export const searchedReference = (): string => (search.value.business === currentBusiness() ? search.value.reference : "");

export function searchReference(reference: string): void {
  search.value = { business: currentBusiness(), reference };
}
