// Tests the photographer's pictures: the frame on the face, incomplete and unusual files, the measurements on the picture, and issuing
// without a face.

import assert from 'node:assert/strict';
import { assertFocused, axe, cameraPicture, choose, person, pictures, signIn, test } from './lib/index.mjs';

/** Signs in as a photographer and opens the page for new photos. */
async function newPhotos(newPage, options) {
  const page = await newPage(options);
  await signIn(page, await person('photographer'), { role: 'photographer', returnTo: '/photographer/new' });
  await page.getByRole('heading', { level: 1 }).waitFor();
  return page;
}

const use = (page) => page.getByRole('button', { name: 'Use this picture' }).click();
const toCheck = (page) => page.getByRole('button', { name: 'Continue to the check' }).click();
const placed = (page) => page.getByText('The frame was placed on the face automatically.').waitFor();
/** Responds to the request that locates the face, in place of the service. */
const findFace = (page, answer) => page.route('**/v1/photographer/face', answer);
const NO_FACE = { json: { crops: [] } };

/** Records the paths and bodies of all requests other than GET. */
function recordRequests(page) {
  const requests = [];
  page.on('request', (request) => {
    if (request.method() !== 'GET') requests.push({ path: new URL(request.url()).pathname, body: request.postDataBuffer() });
  });
  return requests;
}

/** Draws a JPEG of this size, which shows a gradient and no face. */
async function scenery(page, width, height) {
  const draw = ([width, height]) => {
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    const drawing = canvas.getContext('2d');
    const light = drawing.createLinearGradient(0, 0, width, height);
    light.addColorStop(0, '#f4e8d0');
    light.addColorStop(1, '#305070');
    drawing.fillStyle = light;
    drawing.fillRect(0, 0, width, height);
    return canvas.toDataURL('image/jpeg', 0.92).split(',')[1];
  };
  return Buffer.from(await page.evaluate(`(${draw})(${JSON.stringify([width, height])})`), 'base64');
}

/** Inserts a segment after the first two bytes of a JPEG. */
const withSegment = (jpeg, segment) => Buffer.concat([jpeg.subarray(0, 2), Buffer.from(segment, 'hex'), jpeg.subarray(2)]);
const JFIF = 'ffe000104a46494600010100000100010000';
const ADOBE_WITHOUT_CONVERSION = 'ffee000e41646f62650064000000000000';

for (const [name, picture] of [
  ['upright', { width: 3000, height: 4000, at: [611, 666, 1778] }],
  ['held upright, which only EXIF tells', { width: 3000, height: 4000, at: [611, 666, 1778], rotated: true }],
  ['tilted by eight degrees', { width: 3000, height: 4000, at: [611, 666, 1778], tilt: 8 }],
  ['on its side', { width: 4000, height: 3000, at: [1250, 375, 1500], tilt: 90 }],
]) {
  test(`the frame is placed on the face, and the check finds the head in its limits (camera ${name})`, async ({ newPage }) => {
    const page = await newPhotos(newPage, { language: 'en', viewport: 'phone' });
    await choose(page, 'face', await cameraPicture(page, picture));
    // The page places the frame only if the service accepts the small copy that the page sends. The service accepts only an upright copy.
    await placed(page);
    await axe(page);
    await use(page);
    await toCheck(page);
    await page.locator('.report-face').waitFor();
    for (const rule of ['faces', 'head_height', 'eye_line', 'face_centre']) assert.equal(await page.locator(`.finding[data-rule=${rule}]`).count(), 0, rule);
  });
}

test('an answer that comes late does not undo what the photographer has moved, and one button applies it', async ({ newPage }) => {
  const page = await newPhotos(newPage, { language: 'en', viewport: 'desktop' });
  let answer;
  const isMoved = new Promise((resolve) => (answer = resolve));
  await findFace(page, async (route) => {
    await isMoved;
    await route.continue();
  });
  await choose(page, 'face', await cameraPicture(page, { width: 3000, height: 4000, at: [611, 666, 1778] }));
  const result = page.locator('.crop-end [role=status]');
  await page.getByText('Looking for the face').waitFor();
  await page.getByRole('button', { name: 'Larger' }).click();
  const moved = await result.innerText();
  answer();
  await page.getByText('The frame is where you placed it.').waitFor();
  assert.equal(await result.innerText(), moved);
  await page.getByRole('button', { name: 'Place automatically' }).click();
  await placed(page);
  const automatic = await result.innerText();
  assert.notEqual(automatic, moved);

  // Choosing the other kind of document makes the page place the frame again.
  await page.goBack();
  await page.getByLabel('Identity card').check();
  await page.getByRole('button', { name: 'Crop: Face photo' }).click();
  await placed(page);
  assert.notEqual(await result.innerText(), automatic);
});

test('a head too near to the edge gets the nearest frame, with the reason, in both languages', async ({ newPage }) => {
  const page = await newPhotos(newPage, { language: 'en', viewport: 'phone' });
  await choose(page, 'face', await cameraPicture(page, { width: 3000, height: 4000, at: [611, -200, 1778] }));
  await page.getByText('There is not enough room above the head.').waitFor();
  await axe(page);
  await page.locator('header button[lang=el]').click();
  await page.getByText('Δεν υπάρχει αρκετός χώρος πάνω από το κεφάλι.').waitFor();
  await axe(page);
});

test('without a face or without an answer, the frame is placed by hand and nothing blocks', async ({ newPage }) => {
  const page = await newPhotos(newPage, { language: 'en', viewport: 'desktop', statuses: [503] });
  const problem = { type: 'about:blank', title: 'Busy', detail: 'Busy', code: 'throttled', status: 503 };
  for (const answer of [(route) => route.fulfill(NO_FACE), (route) => route.fulfill({ status: 503, contentType: 'application/problem+json', json: problem })]) {
    await findFace(page, answer);
    await choose(page, 'face', await cameraPicture(page, { width: 4000, height: 3000, at: [1333, 500, 1333] }));
    await page.getByText('The face was not found. Place the frame yourself.').waitFor();
    await page.getByText('Result: 2,000 × 3,000 pixels').waitFor();
    assert.equal(await page.locator('[data-problem]').count(), 0);
    await page.unroute('**/v1/photographer/face');
  }
  await use(page);
  await page.getByText('2,000 × 3,000 pixels,').waitFor();
});

test('a file that was cut off is refused in the page, and nothing of it is sent', async ({ newPage }) => {
  const page = await newPhotos(newPage, { language: 'en', viewport: 'desktop' });
  const requests = recordRequests(page);
  const camera = await cameraPicture(page, { width: 4000, height: 3000, at: [1333, 500, 1333] });
  const zeros = Buffer.from(camera).fill(0, Math.floor(camera.length * 0.7));
  const files = [0.01, 0.3, 0.6, 0.999].map((share) => camera.subarray(0, Math.floor(camera.length * share)));
  for (const [kind, file] of [...files, zeros].flatMap((file) => [['face', file], ['signature', file]])) {
    await choose(page, kind, file);
    await page.locator(`section[aria-labelledby=${kind}-title]`).getByText('The file is incomplete: copy it again from the camera.').waitFor();
    // Causes another error, whose message replaces this one. So the next file passes only if the page reports it as incomplete again.
    await choose(page, kind, Buffer.from('no picture of any kind'), 'notes.txt', 'text/plain');
    await page.locator(`section[aria-labelledby=${kind}-title]`).getByText('The file does not open as a picture.').waitFor();
  }
  await axe(page);
  assert.deepEqual(requests, []);
  await page.locator('header button[lang=el]').click();
  await choose(page, 'signature', pictures.signature().subarray(0, 30_000));
  await page.getByText('Το αρχείο δεν είναι ολόκληρο: αντιγράψτε το ξανά από την κάμερα.').waitFor();
});

for (const [name, change] of [
  ['without an end marker', (jpeg) => jpeg.subarray(0, jpeg.length - 2)],
  ['with JFIF and Adobe transform 0', (jpeg) => withSegment(withSegment(jpeg, ADOBE_WITHOUT_CONVERSION), JFIF)],
  ['with other data between its segments', (jpeg) => withSegment(withSegment(jpeg, '00112233'), JFIF)],
]) {
  test(`a complete file ${name} is drawn anew, and accepted`, async ({ newPage }) => {
    const page = await newPhotos(newPage, { language: 'en', viewport: 'desktop' });
    await findFace(page, (route) => route.fulfill(NO_FACE));
    await choose(page, 'face', change(pictures.face()));
    await page.getByText('Result: 800 × 1,200 pixels').waitFor();
    assert.equal(await page.getByText('The file already meets the specification.').count(), 0);
    await use(page);
    await toCheck(page);
    await page.getByRole('button', { name: 'Continue to the recipient' }).waitFor();
  });
}

test('a file that the service rejects as a file is drawn anew by itself, once', async ({ newPage }) => {
  const page = await newPhotos(newPage, { language: 'en', viewport: 'desktop' });
  const requests = recordRequests(page);
  let rejections = 0;
  await page.route('**/check', (route) => {
    if (rejections++ > 0) return route.fallback();
    const finding = { rule: 'file_whole', severity: 'error', ok: false, text: 'The file is damaged.' };
    return route.fulfill({ json: { upload_id: 'any', profile: 'standard', ok: false, images: [{ kind: 'face', ok: false, findings: [finding] }] } });
  });
  await choose(page, 'face', pictures.face());
  await page.getByText('The file already meets the specification.').waitFor();
  await use(page);
  await toCheck(page);
  await page.getByRole('button', { name: 'Continue to the recipient' }).waitFor();
  const declared = requests.filter(({ path }) => path === '/v1/photographer/uploads').map(({ body }) => JSON.parse(body).face.bytes);
  assert.equal(declared.length, 2);
  assert.equal(declared[0], pictures.face().length);
  assert.notEqual(declared[1], declared[0]);
});

test('the crop step names exactly the pixels that are sent', async ({ newPage }) => {
  const page = await newPhotos(newPage, { language: 'en', viewport: 'desktop' });
  await findFace(page, (route) => route.fulfill(NO_FACE));
  for (const [height, shown] of [[1212, '800 × 1,212'], [1213, '800 × 1,200']]) {
    await choose(page, 'face', await scenery(page, 800, height));
    await page.getByText(`Result: ${shown} pixels`).waitFor();
    await use(page);
    await page.getByText(`${shown} pixels,`).waitFor();
  }
});

test('the measurements are drawn on the picture, with a legend, and can be switched off', async ({ newPage }) => {
  const page = await newPhotos(newPage, { language: 'en', viewport: 'phone' });
  await choose(page, 'face', pictures.face());
  await use(page);
  await toCheck(page);
  const marks = page.locator('svg.marks');
  await marks.waitFor();
  for (const key of ['crown', 'eyes', 'chin', 'centre']) assert.equal(await marks.locator(`[data-mark=${key}]`).count(), 1, key);
  const findings = await marks.getAttribute('aria-describedby');
  assert.equal(await page.locator(`#${findings}`).count(), 1);
  await page.getByRole('list', { name: 'Legend' }).getByText('Eye line').waitFor();
  await axe(page);
  await page.getByLabel('Measurements on the photo').uncheck();
  await marks.waitFor({ state: 'detached' });
  await axe(page);
});

test('after two photos without a recognised face, a code is issued with the reason, which the history shows', async ({ newPage }) => {
  const page = await newPhotos(newPage, { language: 'en', viewport: 'desktop' });
  const to = await person();
  for (const height of [1200, 1210]) {
    assert.equal(await page.locator('.without-face').count(), 0);
    await page.goto('/photographer/new');
    await choose(page, 'face', await scenery(page, 800, height));
    await page.getByText('The face was not found.').waitFor();
    await use(page);
    await toCheck(page);
    await page.locator('.finding[data-rule=faces]').waitFor();
  }
  const go = page.getByRole('button', { name: 'Continue without a recognised face' });
  await go.click();
  await page.getByRole('link', { name: 'Choose the reason.' }).waitFor();
  await page.getByLabel('Another reason').check();
  await go.click();
  await page.getByRole('link', { name: 'Describe the reason.' }).click();
  await assertFocused(page.locator('#without-face-text'));
  await page.getByLabel('Description of the reason').fill('x'.repeat(201));
  await go.click();
  await page.getByRole('link', { name: '201 characters' }).waitFor();
  await axe(page);
  await page.getByLabel('Description of the reason').fill('Bandage after an operation');
  await go.click();
  await page.getByLabel('Mobile number').fill(to.mobile);
  await page.getByRole('button', { name: 'Send the code number' }).click();
  await page.getByRole('button', { name: 'Yes, send it' }).click();
  await page.getByRole('heading', { name: 'The code number was issued' }).waitFor();
  await page.getByRole('link', { name: 'All code numbers' }).click();
  await page.locator('tr[data-upload]').getByText('Without a recognised face: Another reason (Bandage after an operation)').waitFor();
  await axe(page);
});
