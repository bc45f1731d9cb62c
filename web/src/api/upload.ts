/* Uploads files directly to the bucket. The service signs each URL for exactly one file, by size and hash. */
import { ConnectionError, lostConnection, type Schemas } from "./client";

/** Time in milliseconds after which an upload fails if no byte is sent. */
const STALL_TIMEOUT_MS = 45_000;

/**
 * Statuses after which the same request may succeed later. They come from the bucket, or from a proxy between the browser and the bucket.
 */
const TEMPORARY_STATUSES = new Set([408, 425, 429]);
/**
 * Statuses after which an upload with a new URL may succeed: the URL has expired, the URL was signed for another file, or the file arrived
 * damaged. For other statuses, such as 413 of a proxy with a size limit, a new URL would not help.
 */
const STALE_STATUSES = new Set([400, 401, 403, 404, 409, 410, 412]);

/** The upload was rejected, so the same request must not be repeated. `isStale` tells whether a new URL may help. */
export class UploadRejected extends ConnectionError {
  constructor(readonly isStale: boolean) {
    super("broken");
  }

  override get isTemporary(): boolean {
    return false;
  }
}

/** Returns the error for a status that is not a success. */
export function rejection(status: number): ConnectionError {
  return status >= 500 || TEMPORARY_STATUSES.has(status) ? new ConnectionError("broken") : new UploadRejected(STALE_STATUSES.has(status));
}

/** Uploads a file. Uses XMLHttpRequest, because `fetch` does not report upload progress. `signal` stops the upload. */
export function uploadFile({ method, url, headers }: Schemas["UploadTarget"], file: Blob, onProgress: (sent: number) => void, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const restartTimer = () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        fail(new ConnectionError("slow"));
        request.abort();
      }, STALL_TIMEOUT_MS);
    };
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
    };
    const fail = (failure: Error) => {
      end();
      reject(failure);
    };
    const stop = () => {
      fail(signal?.reason as Error);
      request.abort();
    };
    request.upload.onprogress = ({ loaded }) => {
      restartTimer();
      onProgress(Math.min(loaded, file.size));
    };
    request.onload = () => {
      if (request.status < 200 || request.status > 299) return fail(rejection(request.status));
      end();
      onProgress(file.size);
      resolve();
    };
    request.onerror = () => fail(lostConnection());
    request.onabort = () => fail(lostConnection());
    if (signal?.aborted === true) return stop();
    signal?.addEventListener("abort", stop);
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) {
      // Browsers set these headers themselves.
      if (!/^(host|content-length)$/i.test(name)) request.setRequestHeader(name, value);
    }
    restartTimer();
    request.send(file);
  });
}

/** Returns the hash in hexadecimal, the format in which the service expects it. */
export async function sha256(file: Blob): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
