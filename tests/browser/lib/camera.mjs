// Draws pictures in the browser that look like those of a camera, and chooses them on the photographer's page.

import { pictures } from './people.mjs';

/**
 * Draws in the browser a picture like that of a camera: the valid portrait on a plain background that has the colour of the portrait's background.
 * @param {import('playwright-core').Page} page
 * @param {{ width: number, height: number, at: [number, number, number], rotated?: boolean, tilt?: number }} options `at`: left, top and width of
 *   the portrait. `rotated`: the camera was held upright, which only the EXIF orientation shows. `tilt`: degrees by which the portrait is turned
 */
export async function cameraPicture(page, { width, height, at, rotated = false, tilt = 0 }) {
  const draw = async ([portrait, width, height, [left, top, across], rotated, tilt]) => {
    const image = new Image();
    image.src = `data:image/jpeg;base64,${portrait}`;
    await image.decode();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = rotated ? [height, width] : [width, height];
    const drawing = canvas.getContext('2d');
    drawing.drawImage(image, 0, 0);
    drawing.fillStyle = `rgb(${drawing.getImageData(8, 8, 1, 1).data.slice(0, 3).join()})`;
    drawing.fillRect(0, 0, canvas.width, canvas.height);
    if (rotated) drawing.setTransform(0, -1, 1, 0, 0, width);
    const down = (across * image.height) / image.width;
    drawing.translate(left + across / 2, top + down / 2);
    drawing.rotate((tilt * Math.PI) / 180);
    drawing.drawImage(image, -across / 2, -down / 2, across, down);
    return canvas.toDataURL('image/jpeg', 0.95).split(',')[1];
  };
  const arguments_ = JSON.stringify([pictures.face().toString('base64'), width, height, at, rotated, tilt]);
  const jpeg = Buffer.from(await page.evaluate(`(${draw})(${arguments_})`), 'base64');
  return rotated ? Buffer.concat([jpeg.subarray(0, 2), EXIF_6, jpeg.subarray(2)]) : jpeg;
}

/** An APP1 segment with EXIF orientation 6: viewers must rotate the picture by 90 degrees clockwise. */
const EXIF_6 = Buffer.from('ffe1002245786966000049492a00080000000100120103000100000006000000' + '00000000', 'hex');

/** Chooses a file for the face or the signature. */
export const choose = (page, kind, buffer, name = 'DSC_0001.jpg', mimeType = 'image/jpeg') => page.locator(`input[data-image=${kind}]`).setInputFiles({ name, mimeType, buffer });
