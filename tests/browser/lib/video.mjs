// Creates the video file that Chromium's fake camera shows, from the picture of a QR code.

import { writeFileSync } from 'node:fs';
import { PNG } from 'pngjs';

const WIDTH = 640;
const HEIGHT = 480;
/** Number of frames. Chromium plays the file in a loop. */
const FRAMES = 3;
const GREY = 128;
const WHITE = 235;

/**
 * Writes a Y4M file (640x480, C420) that shows the picture in the middle of a white page.
 * @param {Buffer} png
 * @param {string} path
 */
export function qrVideo(png, path) {
  const picture = PNG.sync.read(png);
  const scale = Math.min((WIDTH * 0.9) / picture.width, (HEIGHT * 0.9) / picture.height);
  const [width, height] = [Math.floor(picture.width * scale), Math.floor(picture.height * scale)];
  const [left, top] = [Math.floor((WIDTH - width) / 2), Math.floor((HEIGHT - height) / 2)];
  const frame = Buffer.alloc(WIDTH * HEIGHT * 1.5, GREY).fill(WHITE, 0, WIDTH * HEIGHT);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = 4 * (Math.floor(y / scale) * picture.width + Math.floor(x / scale));
      const [red, green, blue, alpha] = picture.data.subarray(at, at + 4);
      const light = ((0.299 * red + 0.587 * green + 0.114 * blue) * alpha) / 255 + (255 - alpha);
      // In video, black has the value 16 and white 235.
      frame[(top + y) * WIDTH + left + x] = Math.round(16 + (light * 219) / 255);
    }
  }
  const frames = Array.from({ length: FRAMES }, () => [Buffer.from('FRAME\n'), frame]).flat();
  writeFileSync(path, Buffer.concat([Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420\n`), ...frames]));
}
