/* Files go straight to the bucket, to an address that the service has signed for exactly these bytes. */
import { ConnectionError, type Schemas } from "./client";

/** So long without a byte moving on. */
const STALL_TIMEOUT_MS = 45_000;

/** The bucket does not take it: the address is no longer valid, or it is another file. A new address is needed. */
export class UploadRejected extends ConnectionError {
  constructor() {
    super("broken");
  }
}

/** XMLHttpRequest, because it alone tells how much has gone out. */
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
    request.onerror = () => fail(new ConnectionError("offline"));
    request.onabort = () => fail(new ConnectionError("offline"));
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) {
      // The browser's own to set.
      if (!/^(host|content-length)$/i.test(name)) request.setRequestHeader(name, value);
    }
    restartTimer();
    request.send(file);
  });
}

/** In hexadecimal, as the service wants it declared. */
export async function sha256(file: Blob): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
