/*
 * The previews in the response to a submitted code. They are only in memory, so that nobody can find them in the browser later. After a
 * reload, the person gets them again by submitting the same code.
 */
import { signal } from "@preact/signals";

import type { Schemas } from "../../api/client";
import { onEnd } from "../../api/session";

type Submission = Schemas["Submission"];
type StoredPreviews = { submission: Submission; pictures: Readonly<Partial<Record<Schemas["Image"]["kind"], string>>> };

const stored = signal<StoredPreviews | undefined>(undefined);
onEnd.push(clearPreviews);

/** Stores the previews of a submit_code response. Returns the response without them, in the format of the session's `submission`. */
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
