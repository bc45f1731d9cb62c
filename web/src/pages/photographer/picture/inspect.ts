/* Inspects a file before the browser opens it. This runs in a worker, because a camera's picture has several megabytes. */
import { inspectContainer, type Format } from "./containers";
import { isJpeg, readJpeg, type Completeness, type JpegInfo } from "./jpeg";

export type Inspection = {
  readonly format: Format | "jpeg";
  readonly completeness: Completeness;
  /** Present only if the file is a JPEG. */
  readonly jpeg?: JpegInfo;
};

export function inspect(file: Uint8Array): Inspection {
  if (!isJpeg(file)) return inspectContainer(file);
  const jpeg = readJpeg(file);
  return { format: "jpeg", completeness: jpeg.completeness, jpeg };
}
