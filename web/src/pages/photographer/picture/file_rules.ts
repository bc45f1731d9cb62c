/* Decides whether a file can be uploaded unchanged. */
import type { JpegInfo } from "./jpeg";
import { PHOTO_BYTES_MAX, PHOTO_PIXELS_MAX, hasProportion, isLargeEnough, type Frame } from "./profiles";

/** Returns whether the file follows every rule for files, so that it can be uploaded unchanged. */
export function meetsFileRules(frame: Frame, bytes: number, jpeg: JpegInfo | undefined): boolean {
  return (
    jpeg !== undefined && jpeg.isPlain && jpeg.orientation === 1 && bytes <= PHOTO_BYTES_MAX && jpeg.width * jpeg.height <= PHOTO_PIXELS_MAX && isLargeEnough(frame, jpeg) && hasProportion(frame, jpeg)
  );
}
