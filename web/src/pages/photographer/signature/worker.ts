/* Cleans signatures outside of the page's thread, so that the page stays responsive. */
import { cleanSignature, type Cleaned, type Settings } from "./clean";
import { findArea, type FoundArea } from "./find_area";
import type { Window } from "./flatten";
import type { Raster } from "./raster";

export type WorkerRequest =
  | { readonly kind: "photo"; readonly photo: Raster }
  | { readonly kind: "find" }
  /** If `detail` is given, it is cleaned instead of the photo. */
  | { readonly kind: "clean"; readonly settings: Settings; readonly part?: Window; readonly detail?: Raster };
export type WorkerResponse = { readonly area?: FoundArea | undefined; readonly cleaned?: Cleaned; readonly failed?: boolean };

let photo: Raster | undefined;

function respond(request: WorkerRequest): WorkerResponse {
  if (request.kind === "photo") {
    ({ photo } = request);
    return {};
  }
  if (photo === undefined) return { failed: true };
  if (request.kind === "find") return { area: findArea(photo) };
  return { cleaned: cleanSignature(request.detail ?? photo, request.settings, request.part) };
}

addEventListener("message", ({ data }: MessageEvent<WorkerRequest>) => {
  let response: WorkerResponse;
  try {
    response = respond(data);
  } catch (error) {
    console.error(error);
    response = { failed: true };
  }
  const pixels = response.cleaned?.picture?.data.buffer;
  postMessage(response, { transfer: pixels === undefined ? [] : [pixels as ArrayBuffer] });
});
