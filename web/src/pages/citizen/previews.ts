/* The small pictures that came with a submitted code: in memory alone, so that nobody finds them in a browser later. A reload loses them; the same code brings them again. */
import { signal } from "@preact/signals";

import type { Schemas } from "../../api/client";
import { onEnd } from "../../api/session";

type Submission = Schemas["Submission"];
type Kept = { submission: Submission; pictures: Readonly<Partial<Record<Schemas["Image"]["kind"], string>>> };

const kept = signal<Kept | undefined>(undefined);
onEnd.push(forgetPreviews);

/** The answer of submit_code; what is left is as the session has it. */
export function keepPreviews(answered: Submission): Submission {
  const pictures = Object.fromEntries(answered.images.map((image) => [image.kind, image.preview]));
  const submission: Submission = { ...answered, images: answered.images.map(({ kind, width, height, bytes }) => ({ kind, width, height, bytes })) };
  delete submission.submissions_left;
  kept.value = { submission, pictures };
  return submission;
}

export function forgetPreviews(): void {
  kept.value = undefined;
}

/** Those of this very submission. */
export function previewsOf(submission: Submission): Kept["pictures"] {
  const now = kept.value;
  return now !== undefined && now.submission.subject === submission.subject && now.submission.issued_at === submission.issued_at ? now.pictures : {};
}
