/* The last issued code numbers and their changes. */
import type { Issuance } from "./issuances";

/** Returns the latest issuances. If the list does not contain `current` yet, adds `current` at the top. */
export function withCurrent(current: Issuance, listed: readonly Issuance[], max: number): readonly Issuance[] {
  const isListed = listed.some(({ upload_id }) => upload_id === current.upload_id);
  return (isListed ? listed : [current, ...listed]).slice(0, max);
}

/** Returns the issuances whose state is `failed` now and was not `failed` in `before`. */
export function newlyFailed(before: readonly Issuance[], now: readonly Issuance[]): readonly Issuance[] {
  return now.filter(({ upload_id, state }) => state === "failed" && before.some((earlier) => earlier.upload_id === upload_id && earlier.state !== "failed"));
}
