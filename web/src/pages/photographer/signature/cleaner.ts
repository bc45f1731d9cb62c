/* Starts the worker that cleans signatures, and passes the photo to the worker. */
import { scriptUrl } from "../../../script_url";
import { readPixels, type OpenedPicture } from "../picture/decode";
import type { Cleaned, Settings } from "./clean";
import type { FoundArea } from "./find_area";
import type { Window } from "./flatten";
import { mapQuad, perspective, project } from "./quad";
import type { WorkerRequest, WorkerResponse } from "./worker";
import workerUrl from "./worker?worker&url";

/** Maximum length, in pixels, of the longer side of the photo's copy that the worker processes. */
const EDGE_MAX = 2400;
/**
 * Minimum gain of the second pass, which cleans a more detailed copy of the part that contains the signature. Along one side of this part,
 * the copy and the first result must each have at least `GAIN_MIN` times as many pixels as the first pass processed. Otherwise there is no
 * second pass.
 */
const GAIN_MIN = 1.15;

/** Positions in settings and areas are in pixels of the original photo. */
export type Cleaner = {
  readonly findArea: () => Promise<FoundArea | undefined>;
  readonly clean: (settings: Settings) => Promise<Cleaned>;
  readonly close: () => void;
};

export async function startCleaner(source: OpenedPicture): Promise<Cleaner> {
  const worker = new Worker(scriptUrl(workerUrl), { type: "module" });
  try {
    const ask = queue(worker);
    const copy = await readPixels(source, EDGE_MAX);
    const scale = copy.width / source.size.width;
    await ask({ kind: "photo", photo: copy }, [copy.data.buffer]);
    const scaled = (settings: Settings, factor: number, x = 0, y = 0): Settings => ({ ...settings, quad: mapQuad(settings.quad, (corner) => ({ x: (corner.x - x) * factor, y: (corner.y - y) * factor })) });
    return {
      findArea: async () => {
        const { area } = await ask({ kind: "find" });
        return area === undefined ? undefined : { ...area, quad: mapQuad(area.quad, ({ x, y }) => ({ x: x / scale, y: y / scale })) };
      },
      clean: async (settings) => {
        const first = required(await ask({ kind: "clean", settings: scaled(settings, scale) }));
        if (first.picture === undefined || first.enlarged / first.resolution < GAIN_MIN) return first;
        const part = widen(first.window);
        const region = regionOf(settings, part, source.size);
        const detail = await readPixels(source, EDGE_MAX, region);
        const factor = detail.width / region.width;
        if (factor < GAIN_MIN * scale * first.resolution) return first;
        const second = required(await ask({ kind: "clean", settings: scaled(settings, factor, region.x, region.y), part, detail }, [detail.data.buffer]));
        return second.picture === undefined ? first : { ...second, problems: [...new Set([...second.problems, ...first.problems.filter((problem) => problem === "cut" || problem === "dark")])] };
      },
      close: () => worker.terminate(),
    };
  } catch (error) {
    worker.terminate();
    throw error;
  }
}

function required({ cleaned }: WorkerResponse): Cleaned {
  if (cleaned === undefined) throw new Error("the worker failed");
  return cleaned;
}

/** Returns a function that sends requests to the worker, one at a time. The worker responds in the order of the requests. */
function queue(worker: Worker): (request: WorkerRequest, transfer?: Transferable[]) => Promise<WorkerResponse> {
  let last: Promise<unknown> = Promise.resolve();
  return (request, transfer = []) => {
    const response = last.then(
      () =>
        new Promise<WorkerResponse>((resolve, reject) => {
          worker.onmessage = ({ data }: MessageEvent<WorkerResponse>) => (data.failed === true ? reject(new Error("the worker failed")) : resolve(data));
          worker.onerror = () => reject(new Error("the worker does not start"));
          worker.postMessage(request, transfer);
        }),
    );
    last = response.catch(() => undefined);
    return response;
  };
}

/** Returns the window with space around it, so that light and lines are not estimated from the strokes alone. */
function widen({ left, top, right, bottom }: Window): Window {
  const [across, down] = [0.1 * (right - left), 0.25 * (bottom - top)];
  return { left: left - across, top: top - down, right: right + across, bottom: bottom + down };
}

/** Returns the smallest rectangle of whole pixels that contains the given part of the area. Clips the rectangle to the photo. */
function regionOf({ quad }: Settings, { left, top, right, bottom }: Window, { width, height }: { width: number; height: number }): { x: number; y: number; width: number; height: number } {
  const lens = perspective(quad);
  const corners = [project(lens, left, top), project(lens, right, top), project(lens, right, bottom), project(lens, left, bottom)];
  const [xs, ys] = [corners.map(({ x }) => x), corners.map(({ y }) => y)];
  const x = Math.max(0, Math.floor(Math.min(...xs)));
  const y = Math.max(0, Math.floor(Math.min(...ys)));
  return { x, y, width: Math.max(1, Math.min(width, Math.ceil(Math.max(...xs))) - x), height: Math.max(1, Math.min(height, Math.ceil(Math.max(...ys))) - y) };
}
