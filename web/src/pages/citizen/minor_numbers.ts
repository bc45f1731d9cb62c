/* With which numbers a minor was added: the session does not say it again. In memory alone. */
import { onEnd } from "../../api/session";

export type Numbers = { kind: "amka" | "paaypa"; value: string; afm?: string };

const known = new Map<string, Numbers>();
onEnd.push(() => known.clear());

export function keepNumbers(subject: string, numbers: Numbers): void {
  known.set(subject, numbers);
}

export function numbersOf(subject: string): Numbers | undefined {
  return known.get(subject);
}
