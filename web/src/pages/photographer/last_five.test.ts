import { expect, test } from "vitest";

import { newlyFailed, withCurrent } from "./last_five";
import type { Issuance } from "./issuances";

const issuance = (upload_id: string, state: Issuance["state"] = "sent") => ({ upload_id, state }) as Issuance;
const ids = (issuances: readonly Issuance[]) => issuances.map(({ upload_id }) => upload_id);
const listed = ["e", "d", "c", "b", "a"].map((id) => issuance(id));

test("the code that was just issued is among the last five, also if the list does not have it yet", () => {
  expect(ids(withCurrent(issuance("f"), listed, 5))).toEqual(["f", "e", "d", "c", "b"]);
  expect(ids(withCurrent(issuance("d"), listed, 5))).toEqual(["e", "d", "c", "b", "a"]);
  expect(ids(withCurrent(issuance("f"), [], 5))).toEqual(["f"]);
});

test("a message that comes back is announced once, one that had failed before is not", () => {
  const before = [issuance("b", "queued"), issuance("a", "failed")];
  const now = [issuance("c", "failed"), issuance("b", "failed"), issuance("a", "failed")];
  expect(ids(newlyFailed(before, now))).toEqual(["b"]);
  expect(newlyFailed(now, now)).toEqual([]);
});
