/* Sends the pictures of one photo set to the bucket, and retries failed uploads. */
import { ProblemError, type Schemas } from "../../api/client";
import { withRetries, type Waiting } from "../../api/retry";
import { UploadRejected, uploadFile } from "../../api/upload";
import type { Kind } from "./picture/profiles";
import { secondsLeft, withSample } from "./transfer";

/** Problems after which a retry must begin with a new upload. The service has issued no code for the rejected upload. */
export const STALE_UPLOAD_CODES: ReadonlySet<string> = new Set(["upload_unknown", "upload_incomplete", "upload_altered", "upload_refused"]);
/** An upload URL is not used in the last minute before it expires. */
export const EXPIRY_MARGIN_MS = 60_000;

export type Wait = { readonly for: Waiting; readonly nextTry: number };
/**
 * `sent` is the number of bytes sent of each picture whose upload has begun. `total` is the number of bytes of all pictures to send.
 * `secondsLeft` is the remaining time for all pictures.
 */
export type Sending = { readonly sent: Readonly<Partial<Record<Kind, number>>>; readonly total: number; readonly secondsLeft?: number | undefined; readonly wait?: Wait | undefined };

type Part = { readonly kind: Kind; readonly file: Blob; readonly target: Schemas["UploadTarget"] };
type Options = { readonly signal: AbortSignal; readonly onProgress: (sending: Sending) => void; readonly onSent: (kind: Kind) => void | Promise<void> };

/**
 * Sends one picture after the other. The bucket accepts whole files only, so if sending a picture is interrupted, the whole picture is sent
 * again. Pictures that were sent completely are not sent again.
 */
export async function sendPictures(parts: readonly Part[], { signal, onProgress, onSent }: Options): Promise<void> {
  const total = parts.reduce((sum, { file }) => sum + file.size, 0);
  let sent: Partial<Record<Kind, number>> = {};
  let sentBefore = 0;
  for (const { kind, file, target } of parts) {
    const begin = (wait?: Wait) => {
      sent = { ...sent, [kind]: 0 };
      onProgress({ sent, total, wait });
    };
    const send = async () => {
      begin();
      let samples = withSample([], { at: performance.now(), sent: sentBefore });
      await uploadFile(
        target,
        file,
        (bytes) => {
          samples = withSample(samples, { at: performance.now(), sent: sentBefore + bytes });
          sent = { ...sent, [kind]: bytes };
          onProgress({ sent, total, secondsLeft: secondsLeft(samples, total) });
        },
        signal,
      );
    };
    await withRetries(send, { signal, onWait: (wait) => wait !== undefined && begin(wait) });
    sentBefore += file.size;
    await onSent(kind);
  }
}

/**
 * Problems of an upload after which a new upload of the same pictures may succeed: the upload has expired, or the files in the bucket
 * differ from the declared size or hash.
 */
const SOLVED_BY_NEW_UPLOAD = new Set(["upload_unknown", "upload_incomplete", "upload_altered"]);

/** Returns whether a new upload of the same pictures may succeed. */
export function needsNewUpload(error: unknown): boolean {
  return error instanceof ProblemError ? SOLVED_BY_NEW_UPLOAD.has(error.problem.code) : error instanceof UploadRejected && error.isStale;
}
