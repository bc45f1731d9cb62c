/* Uploads files directly to the bucket. The service signs each URL for exactly one file, by size and hash. */
import { ConnectionError, lostConnection, type Schemas } from "./client";

/** An upload fails if no byte is sent for this long, in milliseconds. */
const STALL_TIMEOUT_MS = 45_000;

/** The bucket rejected the upload, because the URL has expired or was signed for another file. A new URL is needed. */
export class UploadRejected extends ConnectionError {
  constructor() {
    super("broken");
  }
}

/** Uploads a file. Uses XMLHttpRequest, because `fetch` does not report upload progress. */
export function uploadFile({ method, url, headers }: Schemas["UploadTarget"], file: Blob, onProgress: (sent: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const restartTimer = () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        reject(new ConnectionError("slow"));
        request.abort();
      }, STALL_TIMEOUT_MS);
    };
    const fail = (failure: ConnectionError) => {
      clearTimeout(timer);
      reject(failure);
    };
    request.upload.onprogress = ({ loaded }) => {
      restartTimer();
      onProgress(Math.min(loaded, file.size));
    };
    request.onload = () => {
      if (request.status < 200 || request.status > 299) return fail(request.status >= 500 ? new ConnectionError("broken") : new UploadRejected());
      clearTimeout(timer);
      onProgress(file.size);
      resolve();
    };
    request.onerror = () => fail(lostConnection());
    request.onabort = () => fail(lostConnection());
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
