// Tests of the harness itself. They check that it signs people in, issues codes, simulates a camera and detects faults of pages.

import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { axe, callFrom, checkPage, emailOf, eventually, forgetFaults, inbox, issue, minor, origin, person, qrVideo, signIn, test } from './lib/index.mjs';

test('a citizen signs in with TAXISnet and submits a code that arrived by SMS', async ({ newPage }) => {
  const who = await person();
  const page = await newPage();
  await signIn(page, who);
  assert.equal(new URL(page.url()).pathname, '/');
  const session = await callFrom(page, 'GET', '/v1/session', 200);
  assert.deepEqual([session.stage, session.role.kind], ['ready', 'citizen']);
  const { code } = await issue({ recipient: who.mobile });
  await callFrom(page, 'POST', '/v1/subjects/self/submissions', 200, { code });
});

test('a photographer signs in and may upload from the page', async ({ newPage }) => {
  const page = await newPage({ language: 'en', viewport: 'desktop' });
  await signIn(page, await person('photographer'), { role: 'photographer' });
  const bytes = [0xff, 0xd8, 0xff, 0xd9];
  const sha256 = Buffer.from(await crypto.subtle.digest('SHA-256', Uint8Array.from(bytes))).toString('hex');
  const upload = await callFrom(page, 'POST', '/v1/photographer/uploads', 201, { profile: 'standard', face: { bytes: bytes.length, sha256 } });
  const put = ({ url, headers }, bytes) => fetch(url, { method: 'PUT', headers, body: new Uint8Array(bytes) }).then((response) => response.status);
  const status = await page.evaluate(`(${put})(${JSON.stringify(upload.face)}, ${JSON.stringify(bytes)})`);
  assert.equal(status, 200, 'the bucket accepts the upload that request_upload signed, and the policy allows it');
});

test('a minor can be added by the custodian', async ({ newPage }) => {
  const who = await person();
  const child = await minor(who);
  const page = await newPage();
  await signIn(page, who);
  const added = await callFrom(page, 'POST', '/v1/minors', 201, { identifier: { kind: 'amka', value: child.amka } });
  assert.ok(added.subject);
});

test('the fake camera shows the QR code of an email', async ({ newPage }) => {
  const { message, code, link } = await issue({ recipient: emailOf(await person()), signature: null });
  assert.ok(link.startsWith(`${origin()}/#code=`) && code.length > 0);
  const png = inbox.qrPngOf(message);
  const file = join(mkdtempSync(join(tmpdir(), 'myphoto-')), 'qr.y4m');
  qrVideo(png, file);
  const page = await newPage({ camera: file });
  await page.goto('/');
  const seen = await page.evaluate(async () => {
    const video = document.createElement('video');
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 } });
    await video.play();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    const drawing = canvas.getContext('2d');
    drawing.drawImage(video, 0, 0);
    const { data } = drawing.getImageData(0, 0, canvas.width, canvas.height);
    return { width: canvas.width, height: canvas.height, dark: Array.from({ length: data.length / 4 }, (_, at) => data[4 * at] < 128) };
  });
  assert.deepEqual([seen.width, seen.height], [640, 480]);
  const picture = PNG.sync.read(png);
  const scale = Math.min(576 / picture.width, 432 / picture.height);
  const [left, top] = [Math.floor((640 - Math.floor(picture.width * scale)) / 2), Math.floor((480 - Math.floor(picture.height * scale)) / 2)];
  let equal = 0;
  const points = 40;
  for (let row = 0; row < points; row += 1) {
    for (let column = 0; column < points; column += 1) {
      const [x, y] = [Math.floor(((column + 0.5) * picture.width) / points), Math.floor(((row + 0.5) * picture.height) / points)];
      const shown = seen.dark[(top + Math.floor((y + 0.5) * scale)) * 640 + left + Math.floor((x + 0.5) * scale)];
      if (shown === picture.data[4 * (y * picture.width + x)] < 128) equal += 1;
    }
  }
  assert.ok(equal > points * points * 0.97, `${equal} of ${points * points} points equal the picture`);
});

test('without a camera option, a page gets no permission to use the camera', async ({ newPage }) => {
  const page = await newPage();
  await page.goto('/');
  const refused = await page.evaluate(() => navigator.mediaDevices.getUserMedia({ video: true }).then(() => 'given', (error) => error.name));
  assert.equal(refused, 'NotAllowedError');
});

const faults = {
  'a style that the policy blocks': [() => document.body.setAttribute('style', 'color: red'), /CSP: style-src/],
  'a script from a string': [() => { try { setTimeout('1', 0); } catch { /* refused */ } }, /CSP: (script-src|require-trusted-types-for)/],
  'HTML from a string': [() => { try { document.body.innerHTML = '<p>'; } catch { /* refused */ } }, /CSP: require-trusted-types-for/],
  'a request to another origin': [() => fetch('http://127.0.0.1:1/').catch(() => {}), /CSP: connect-src blocked http:\/\/127\.0\.0\.1:1/],
  'an exception': [() => { setTimeout(() => { throw new Error('at once'); }); }, /exception: .*at once/],
  'an error on the console': [() => console.error('lost'), /console: lost/],
};
for (const [description, [commit, pattern]] of Object.entries(faults)) {
  test(`detected: ${description}`, async ({ newPage }) => {
    const page = await newPage();
    await page.goto('/');
    await page.evaluate(commit);
    await eventually(() => assert.throws(() => checkPage(page), pattern));
    forgetFaults(page);
  });
}

test('detected: accessibility violations', async ({ newPage }) => {
  const page = await newPage();
  await page.goto('/');
  await page.evaluate(() => document.body.append(document.createElement('img'), document.createElement('button')));
  await assert.rejects(axe(page), /is not accessible:\n[\s\S]*button-name[\s\S]*image-alt/);
});
