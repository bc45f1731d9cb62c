// Tests the QR scanner with cameras and browsers that fail in the same ways as on phones. Also tests how a file is saved if the browser
// ignores downloads.

import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe } from 'node:test';
import { axe, callFrom, emailOf, inbox, issue, person, qrVideo, signIn, test } from './lib/index.mjs';

const CODE_PAGE = '/people/self/code';
const IPHONE_APP = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148';

let code;
let video;
before(async () => {
  const issued = await issue({ recipient: emailOf(await person()), language: 'en' });
  code = issued.code;
  video = join(mkdtempSync(join(tmpdir(), 'myphoto-')), 'qr.y4m');
  qrVideo(inbox.qrPngOf(issued.message), video);
});

const button = (page, name) => page.getByRole('button', { name, exact: true });
const scanState = (page, kind) => page.locator(`[data-scan="${kind}"]`).waitFor();

/** Signs in and opens the scanner. The script `change` runs first and alters the browser's APIs. */
async function openScanner(newPage, change, options = {}) {
  const page = await newPage({ language: 'en', ...options });
  await page.addInitScript(change);
  await signIn(page, await person(), { returnTo: CODE_PAGE });
  await button(page, 'Scan with the camera').click();
  await page.getByRole('dialog', { name: 'Scan a QR code' }).waitFor();
  return page;
}

/** Asserts that the dialog offers to read a picture file and to type the code, and that choosing to type moves the focus to the field. */
async function assertOtherWays(page) {
  await axe(page);
  await page.getByRole('dialog').getByRole('button', { name: 'From a picture file' }).waitFor();
  await button(page, 'Type the code number').click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.waitForFunction(() => document.activeElement?.id === 'code');
}

async function assertScanned(page) {
  await page.getByText('The code number was scanned').waitFor();
  assert.equal(await page.getByLabel('Code number').inputValue(), code);
  assert.equal(await page.evaluate(() => globalThis.opened?.filter(({ readyState }) => readyState === 'live').length ?? 0), 0, 'the camera is off');
}

/** Records the tracks of all cameras that the page opens. */
const recordCameras = () => {
  globalThis.opened = [];
  const open = MediaDevices.prototype.getUserMedia;
  MediaDevices.prototype.getUserMedia = async function (constraints) {
    const stream = await open.call(this, constraints);
    globalThis.opened.push(...stream.getTracks());
    return stream;
  };
};

// At most three at the same time, because some of these tests start a browser of their own.
describe('the scanner', { concurrency: 3 }, () => {
  for (const [name, kind] of [['NotAllowedError', 'refused'], ['NotReadableError', 'in_use'], ['OverconstrainedError', 'unsuitable'], ['NotFoundError', 'absent']]) {
    test(`after ${name} the scanner has words of its own and names the other ways`, async ({ newPage }) => {
      const page = await openScanner(newPage, `MediaDevices.prototype.getUserMedia = () => Promise.reject(new DOMException('', '${name}'))`);
      await scanState(page, kind);
      await button(page, 'Try again').waitFor();
      await assertOtherWays(page);
    });
  }

  test('inside an app without a camera the page gives its URL for Safari or Chrome, without the code', async ({ newPage }) => {
    const page = await openScanner(newPage, () => Object.defineProperty(Navigator.prototype, 'mediaDevices', { get: () => undefined }));
    await scanState(page, 'unavailable');
    const address = await page.getByLabel('Address of the page').inputValue();
    assert.equal(new URL(address).pathname + new URL(address).hash, CODE_PAGE);
    await button(page, 'Copy the address').click();
    await page.getByRole('status').filter({ hasText: 'copied' }).waitFor();
    await assertOtherWays(page);
  });

  test('a camera that never opens makes the page name the other ways after ten seconds', async ({ newPage }) => {
    const page = await openScanner(newPage, () => {
      MediaDevices.prototype.getUserMedia = () => new Promise(() => {});
    });
    await page.getByText('The camera has not opened yet').waitFor();
    await assertOtherWays(page);
  });

  test('a video that the browser does not play starts with a tap', async ({ newPage }) => {
    const refuseFirstPlay = () => {
      const { play } = HTMLMediaElement.prototype;
      let calls = 0;
      HTMLMediaElement.prototype.play = function () {
        calls += 1;
        return calls === 1 ? Promise.reject(new DOMException('', 'NotAllowedError')) : play.call(this);
      };
    };
    const page = await openScanner(newPage, refuseFirstPlay, { camera: video });
    await scanState(page, 'tap');
    await axe(page);
    await button(page, 'Start').click();
    await assertScanned(page);
  });

  for (const [name, detect] of [['finds nothing', 'Promise.resolve([])'], ['rejects', 'Promise.reject(new Error())']]) {
    test(`zxing reads the code if the browser's own detector ${name}`, async ({ newPage }) => {
      const change = `globalThis.BarcodeDetector = class { static getSupportedFormats = () => Promise.resolve(['qr_code']); detect = () => ${detect}; }`;
      await assertScanned(await openScanner(newPage, change, { camera: video }));
    });
  }

  test('the camera is off while the page is hidden, and opens anew when the page is shown or its track ends', async ({ newPage }) => {
    const blank = join(mkdtempSync(join(tmpdir(), 'myphoto-')), 'blank.y4m');
    const { PNG } = await import('pngjs');
    qrVideo(PNG.sync.write(new PNG({ width: 8, height: 8 })), blank);
    const page = await openScanner(newPage, recordCameras, { camera: blank });
    await scanState(page, 'looking');
    const show = (state) =>
      page.evaluate((state) => {
        Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
      }, state);
    const tracks = () => page.evaluate(() => globalThis.opened.map(({ readyState }) => readyState));
    await show('hidden');
    await scanState(page, 'paused');
    assert.deepEqual(await tracks(), ['ended']);
    await show('visible');
    await scanState(page, 'looking');
    assert.deepEqual(await tracks(), ['ended', 'live']);
    await page.evaluate(() => {
      const track = globalThis.opened.at(-1);
      track.stop();
      track.dispatchEvent(new Event('ended'));
    });
    await page.waitForFunction(() => globalThis.opened.length === 3);
    await button(page, 'Close').click();
    await page.waitForFunction(() => globalThis.opened.every(({ readyState }) => readyState === 'ended'));
  });

  test('light and zoom are offered if the camera has them', async ({ newPage }) => {
    const page = await openScanner(
      newPage,
      () => {
        MediaStreamTrack.prototype.getCapabilities = () => ({ torch: true, zoom: { min: 1, max: 5, step: 0.5 } });
        globalThis.applied = [];
        MediaStreamTrack.prototype.applyConstraints = ({ advanced }) => Promise.resolve(globalThis.applied.push(...advanced));
        // The detected QR code contains no code number, so the dialog stays open.
        globalThis.BarcodeDetector = class {
          static getSupportedFormats = () => Promise.resolve(['qr_code']);
          detect = () => Promise.resolve([{ rawValue: 'WIFI:S:home;;' }]);
        };
      },
      { camera: video },
    );
    await page.getByText('It contains the details of a Wi-Fi network').waitFor();
    await axe(page);
    await button(page, 'Turn the light on').click();
    await button(page, 'Turn the light off').waitFor();
    await page.getByLabel('Zoom').fill('3');
    await page.waitForFunction(() => JSON.stringify(globalThis.applied) === '[{"torch":true},{"zoom":3}]');
  });
});

describe('a file', { concurrency: true }, () => {
  /**
   * Makes the browser ignore downloads, as some do on phones. The first attempts to share a file fail with the errors in `outcomes`, one
   * error per attempt. All further attempts succeed.
   */
  const ignoreDownloads = ([userAgent, canShare, outcomes]) => {
    Object.defineProperty(Navigator.prototype, 'userAgent', { value: userAgent });
    Object.defineProperty(Navigator.prototype, 'standalone', { value: true });
    Object.defineProperty(Navigator.prototype, 'canShare', { value: () => canShare, configurable: true });
    globalThis.shared = [];
    Navigator.prototype.share = ({ files }) => {
      globalThis.shared.push(...files.map(({ name }) => name));
      const outcome = outcomes.shift();
      return outcome === undefined ? Promise.resolve() : Promise.reject(new DOMException('', outcome));
    };
  };

  async function withPhotos(newPage, change) {
    const who = await person();
    const [page, issued] = await Promise.all([newPage({ language: 'en' }), issue({ recipient: who.mobile })]);
    await page.addInitScript(ignoreDownloads, change);
    await signIn(page, who);
    await callFrom(page, 'POST', '/v1/subjects/self/submissions', 200, { code: issued.code });
    const { consent } = await callFrom(page, 'POST', '/v1/subjects/self/submissions/current/confirmation', 200, {});
    await callFrom(page, 'PUT', '/v1/subjects/self/association', 201, { version: consent.version, agree: true });
    await page.goto('/people/self');
    await button(page, 'Download the photos (zip)').click();
    return page;
  }

  test('is shared from a tap on the home screen of an iPhone, and never called saved before', async ({ newPage }) => {
    const page = await withPhotos(newPage, [IPHONE_APP, true, ['AbortError']]);
    await page.locator('[data-saving=ready]').waitFor();
    await axe(page);
    assert.deepEqual(await page.evaluate(() => globalThis.shared), []);
    await button(page, 'Save the file').click();
    await page.getByText('The file was not saved').waitFor();
    await button(page, 'Save the file').click();
    await page.locator('[data-saving=handedOver]').waitFor();
    assert.equal(new Set(await page.evaluate(() => globalThis.shared)).size, 1);
  });

  test('that cannot be saved inside an app leads to another browser', async ({ newPage }) => {
    const page = await withPhotos(newPage, [`${IPHONE_APP} Instagram 380.0`, false, []]);
    await page.locator('[data-saving=impossible]').waitFor();
    await page.getByLabel('Address of the page').waitFor();
    await axe(page);
  });
});
