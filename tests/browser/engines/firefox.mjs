// Drives Firefox with puppeteer, over WebDriver BiDi.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';
import { firefoxPath } from './installed.mjs';

const SIZES = { phone: { width: 390, height: 844, deviceScaleFactor: 2 }, desktop: { width: 1280, height: 800 } };

/** The tests that Firefox cannot run here. Maps the name of each test to the reason. */
export const LACKS = {
  'the camera scans a QR code': 'Firefox\'s fake camera shows a test picture and cannot show a given one. Its picture is only opened and closed; Chromium tests the scan',
  'two fingers zoom the picture': 'WebDriver BiDi in this Firefox emulates no touch screen; Chromium tests the gesture',
};

/**
 * @param {{ size: 'phone' | 'desktop', origins: string[] }} options `origins`: the origins that may receive requests, beginning with the
 *   service's origin
 * @returns {Promise<import('./page.mjs').Driver<unknown>>}
 */
export async function start({ size, origins }) {
  const downloads = mkdtempSync(join(tmpdir(), 'myphoto-firefox-'));
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: firefoxPath(),
    acceptInsecureCerts: true,
    extraPrefsFirefox: {
      'browser.download.folderList': 2,
      'browser.download.dir': downloads,
      'intl.accept_languages': 'el-GR, el',
      // Gives the page a fake camera that shows a test picture, and lets the page use the camera without asking for permission.
      'media.navigator.streams.fake': true,
      'media.navigator.permission.disabled': true,
    },
  });
  const [page] = await browser.pages();
  await page.setViewport(SIZES[size]);
  const faults = watch(page, origins);
  return {
    downloads,
    open: async (url) => void (await page.goto(url)),
    evaluate: (script) => page.evaluate(script),
    element: async (script) => (await page.evaluateHandle(script)).asElement(),
    click: (element) => element.click(),
    type: (element, text) => element.type(text),
    press: (element, key) => element.press(key),
    drag: async (element, across, down) => {
      await element.scrollIntoView();
      const box = await element.boundingBox();
      const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
      await page.mouse.move(x, y);
      await page.mouse.down();
      await page.mouse.move(x + across, y + down, { steps: 4 });
      await page.mouse.up();
    },
    chooseFile: (element, path) => element.uploadFile(path),
    screenshot: async () => Buffer.from(await page.screenshot({ captureBeyondViewport: false })),
    faults: () => faults,
    close: async () => {
      await browser.close();
      rmSync(downloads, { recursive: true, force: true });
    },
  };
}

function watch(page, origins) {
  const found = [];
  // Faults of the sandbox's pages are ignored, because these pages are not under test.
  const isOurs = () => new URL(page.url()).origin === origins[0];
  page.on('pageerror', (error) => {
    if (isOurs()) found.push(`exception: ${error.stack ?? error.message}`);
  });
  page.on('console', (message) => {
    if (isOurs() && message.type() === 'error') found.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (['http:', 'https:'].includes(url.protocol) && !origins.includes(url.origin)) found.push(`request to ${url.origin}: ${request.method()} ${url.href}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 500) found.push(`${response.status()} from ${response.request().method()} ${response.url()}`);
  });
  return found;
}
