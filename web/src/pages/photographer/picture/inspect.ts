/* Looks at a file before it is opened. Runs in a worker, because a camera's picture has several megabytes. */
import { inspectContainer, type Format } from "./containers";
import { isJpeg, readJpeg, type Completeness, type JpegInfo } from "./jpeg";

export type Inspection = {
  readonly format: Format | "jpeg";
  readonly completeness: Completeness;
  /** Absent if the file is not a JPEG. */
  readonly jpeg?: JpegInfo;
};

export function inspect(file: Uint8Array): Inspection {
  if (!isJpeg(file)) return inspectContainer(file);
  const jpeg = readJpeg(file);
  return { format: "jpeg", completeness: jpeg.completeness, jpeg };
}
