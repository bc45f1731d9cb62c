/* The identity numbers that were typed to add minors. The session does not contain them. They are only in memory. */
import { onEnd } from "../../api/session";

export type MinorNumbers = { kind: "amka" | "paaypa"; value: string; afm?: string };

const numbersBySubject = new Map<string, MinorNumbers>();
onEnd.push(() => numbersBySubject.clear());

export function storeMinorNumbers(subject: string, numbers: MinorNumbers): void {
  numbersBySubject.set(subject, numbers);
}

export function minorNumbersOf(subject: string): MinorNumbers | undefined {
  return numbersBySubject.get(subject);
}
