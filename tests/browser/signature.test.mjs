// Tests the two ways to make a signature: cleaning the photo of a signature on paper, and drawing on the screen.

import assert from 'node:assert/strict';
import { axe, axeInBoth, person, pictures, signIn, test } from './lib/index.mjs';

/**
 * Draws in the browser a photo of the valid signature on gray ruled paper. The paper is slightly rotated and lies on a dark table.
 * @param {import('playwright-core').Page} page
 * @param {{ signed?: boolean, light?: number }} options `signed`: whether the paper has a signature. `light`: brightness of the paper, 0 to 1
 */
async function paperPhoto(page, { signed = true, light = 0.8 } = {}) {
  const draw = async ([signature, signed, light]) => {
    const image = new Image();
    image.src = `data:image/jpeg;base64,${signature}`;
    await image.decode();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [2400, 1800];
    const drawing = canvas.getContext('2d');
    drawing.fillStyle = `rgb(${60 * light}, ${44 * light}, ${32 * light})`;
    drawing.fillRect(0, 0, 2400, 1800);
    drawing.setTransform(0.98, 0.06, -0.06, 0.98, 120, 60);
    drawing.fillStyle = `rgb(${235 * light}, ${232 * light}, ${222 * light})`;
    drawing.fillRect(120, 120, 1980, 1400);
    drawing.fillStyle = `rgb(${150 * light}, ${175 * light}, ${215 * light})`;
    for (let y = 200; y < 1500; y += 90) drawing.fillRect(120, y, 1980, 3);
    drawing.globalCompositeOperation = 'multiply';
    if (signed) drawing.drawImage(image, 500, 560, 1200, 400);
    drawing.setTransform(1, 0, 0, 1, 0, 0);
    const shadow = drawing.createLinearGradient(0, 0, 2400, 1800);
    shadow.addColorStop(0, '#fff');
    shadow.addColorStop(0.55, '#e0e0e0');
    shadow.addColorStop(0.6, '#a8a8a8');
    shadow.addColorStop(1, '#909090');
    drawing.fillStyle = shadow;
    drawing.fillRect(0, 0, 2400, 1800);
    return canvas.toDataURL('image/jpeg', 0.9).split(',')[1];
  };
  return Buffer.from(await page.evaluate(`(${draw})(${JSON.stringify([pictures.signature().toString('base64'), signed, light])})`), 'base64');
}

const choose = (page, buffer) => page.locator('input[data-image=signature]').setInputFiles({ name: 'IMG_2.jpg', mimeType: 'image/jpeg', buffer });

/** Draws a wave with the mouse. */
async function sign(page, pad) {
  const box = await pad.boundingBox();
  const at = (step) => [box.x + box.width * (0.2 + step * 0.01), box.y + box.height * (0.5 + 0.15 * Math.sin(step / 4))];
  await page.mouse.move(...at(0));
  await page.mouse.down();
  for (let step = 1; step <= 60; step += 1) await page.mouse.move(...at(step));
  await page.mouse.up();
}

/** Returns the share of dark pixels and the median brightness of a picture on the page. */
const look = (page, selector) =>
  page.locator(selector).evaluate((element) => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [600, 200];
    const drawing = canvas.getContext('2d');
    drawing.drawImage(element, 0, 0, 600, 200);
    const { data } = drawing.getImageData(0, 0, 600, 200);
    const levels = Array.from({ length: 120_000 }, (_, at) => data[4 * at]).sort((a, b) => a - b);
    return { dark: levels.filter((level) => level < 128).length / 120_000, median: levels[60_000], light: levels.filter((level) => level >= 128 && level < 245).length / 120_000 };
  });

test('the photo of a signature on ruled paper becomes ink on white that meets all rules', async ({ newPage }) => {
  const page = await newPage({ language: 'el', viewport: 'desktop' });
  await signIn(page, await person('photographer'), { role: 'photographer', returnTo: '/photographer/new' });
  await choose(page, await paperPhoto(page));
  await page.getByRole('heading', { level: 1, name: 'Καθαρισμός της υπογραφής' }).waitFor();
  await page.getByText(/Αποτέλεσμα: [\d.]+ × [\d.]+ pixel/).waitFor();
  const result = await look(page, '.clean-result');
  assert.ok(result.median >= 250 && result.dark > 0.005 && result.dark < 0.2 && result.light < 0.05, JSON.stringify(result));
  await axeInBoth(page);

  // Moves a corner with the keyboard.
  const corner = page.getByRole('button', { name: 'Πάνω αριστερή γωνία' });
  const before = await corner.getAttribute('aria-label');
  await corner.focus();
  for (let press = 0; press < 3; press += 1) await page.keyboard.press('Shift+ArrowUp');
  assert.notEqual(await corner.getAttribute('aria-label'), before);
  await page.getByRole('button', { name: 'Από την αρχή' }).click();
  await page.waitForFunction((label) => document.querySelector('.corner')?.getAttribute('aria-label') === label, before);

  await page.getByRole('button', { name: 'Χρήση αυτής της εικόνας' }).click();
  await page.locator('img.thumb-signature').waitFor();
  await page.getByRole('button', { name: 'Συνέχεια στον έλεγχο' }).click();
  await page.getByText('Οι εικόνες τηρούν όλες τις προδιαγραφές.').waitFor();
  assert.equal(await page.locator('.finding').count(), 0);
});

test('the page says that a sheet is empty, and the photographer may crop the photo without cleaning', async ({ newPage }) => {
  const page = await newPage({ language: 'en', viewport: 'phone' });
  await signIn(page, await person('photographer'), { role: 'photographer', returnTo: '/photographer/new' });
  await choose(page, await paperPhoto(page, { signed: false }));
  await page.getByText('No signature was found.').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Use this picture' }).getAttribute('aria-disabled'), 'true');
  await axe(page);
  await choose(page, await paperPhoto(page, { light: 0.2 }));
  await page.getByText('The photo is too dark.').waitFor();
  await page.getByRole('button', { name: 'Without cleaning, crop only' }).click();
  await page.getByRole('heading', { level: 1, name: 'Crop the signature' }).waitFor();
  await page.getByRole('button', { name: 'Clean the paper' }).click();
  await page.getByRole('heading', { level: 1, name: 'Clean the signature' }).waitFor();
});

test('a person signs on the screen in their own language, and the drawing survives a turned device', async ({ newPage }) => {
  const page = await newPage({ language: 'en', viewport: 'phone' });
  await signIn(page, await person('photographer'), { role: 'photographer', returnTo: '/photographer/new' });
  await page.getByRole('button', { name: 'Draw with pen, finger or mouse' }).click();
  await page.getByRole('heading', { level: 1, name: 'Draw the signature' }).waitFor();
  await page.getByRole('button', { name: 'Use this signature' }).click();
  await page.getByRole('link', { name: 'Draw the signature first.' }).waitFor();
  await axeInBoth(page);

  await page.getByRole('button', { name: 'Large area for the person' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Ελληνικά' }).click();
  await dialog.getByRole('heading', { name: 'Υπογράψτε εδώ' }).waitFor();
  await axe(page);
  const pad = dialog.locator('canvas');
  await sign(page, pad);
  await sign(page, pad);
  await dialog.getByRole('img', { name: 'Επιφάνεια υπογραφής: 2 γραμμές' }).waitFor();
  await dialog.getByRole('button', { name: 'Αναίρεση' }).click();
  const { width, height } = page.viewportSize();
  await page.setViewportSize({ width: height, height: width });
  await dialog.getByRole('img', { name: 'Επιφάνεια υπογραφής: 1 γραμμή' }).waitFor();
  await page.setViewportSize({ width, height });
  await dialog.getByRole('button', { name: 'Τέλος' }).click();
  assert.equal(await page.locator('html').getAttribute('lang'), 'en', 'the photographer keeps their language');

  await page.getByLabel('Black').check();
  await page.getByRole('button', { name: 'Use this signature' }).click();
  await page.getByText('1,800 × 600 pixels,').waitFor();
  const drawn = await look(page, 'img.thumb-signature');
  assert.ok(drawn.median >= 250 && drawn.dark > 0.002, JSON.stringify(drawn));
  await page.getByRole('button', { name: 'Continue to the check' }).click();
  await page.getByText('The pictures meet every rule.').waitFor();
});
