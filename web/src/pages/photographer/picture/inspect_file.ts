/* Inspects a file without blocking the page. */
import { scriptUrl } from "../../../script_url";
import { inspect, type Inspection } from "./inspect";
import workerUrl from "./inspect_worker?worker&url";

/** Minimum size, in bytes, of a file that the worker inspects. A smaller file is inspected in less time than the worker needs to start. */
const WORKER_BYTES_MIN = 500_000;

/**
 * Maximum size, in bytes, of a file that is inspected. No browser opens a larger picture. Larger files, such as videos, are not read into
 * memory.
 */
const FILE_BYTES_MAX = 300_000_000;

export async function inspectFile(file: File): Promise<Inspection> {
  if (file.size > FILE_BYTES_MAX) return { format: "unknown", completeness: "unknown" };
  if (file.size >= WORKER_BYTES_MIN) {
    const inspection = await inspectInWorker(file);
    if (inspection !== undefined) return inspection;
  }
  return inspect(new Uint8Array(await file.arrayBuffer()));
}

/** Returns undefined if the browser cannot run the worker, or if the worker cannot read the file. */
function inspectInWorker(file: File): Promise<Inspection | undefined> {
  return new Promise((resolve) => {
    try {
      const worker = new Worker(scriptUrl(workerUrl), { type: "module" });
      const finish = (inspection: Inspection | undefined) => {
        worker.terminate();
        resolve(inspection);
      };
      worker.onmessage = ({ data }: MessageEvent<Inspection | undefined>) => finish(data);
      worker.onerror = () => finish(undefined);
      worker.postMessage(file);
    } catch {
      resolve(undefined);
    }
  });
}
