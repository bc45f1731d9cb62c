/*
 * The previews that came with a submitted code. They are only kept in memory, so that they cannot be found in the browser later. After a
 * reload, submitting the same code brings them again.
 */
import { signal } from "@preact/signals";

import type { Schemas } from "../../api/client";
import { onEnd } from "../../api/session";

type Submission = Schemas["Submission"];
type StoredPreviews = { submission: Submission; pictures: Readonly<Partial<Record<Schemas["Image"]["kind"], string>>> };

const stored = signal<StoredPreviews | undefined>(undefined);
onEnd.push(clearPreviews);

/** Stores the previews of a submit_code response. Returns the rest of the response in the form that the session has it. */
export function storePreviews(response: Submission): Submission {
  const pictures = Object.fromEntries(response.images.map((image) => [image.kind, image.preview]));
  const submission: Submission = { ...response, images: response.images.map(({ kind, width, height, bytes }) => ({ kind, width, height, bytes })) };
  delete submission.submissions_left;
  stored.value = { submission, pictures };
  return submission;
}

export function clearPreviews(): void {
  stored.value = undefined;
}

/** Returns the stored previews if they belong to this submission. */
export function previewsOf(submission: Submission): StoredPreviews["pictures"] {
  const current = stored.value;
  return current !== undefined && current.submission.subject === submission.subject && current.submission.issued_at === submission.issued_at ? current.pictures : {};
}
