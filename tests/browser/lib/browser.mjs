// Starts Chromium, opens pages, and detects faults of pages, such as violations of the Content-Security-Policy.

import { accessSync, constants, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import nodeTest, { after } from 'node:test';
import { chromium } from 'playwright-core';
import { origin, sandbox, uploads, variable } from './stack.mjs';
import { serveDist } from './web_dist.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];
/** Time limit in milliseconds for one action or expectation. It is long enough for a cold start and an SMS. */
const ACTION_TIMEOUT = 15_000;
/** Time limit in milliseconds for a whole test. Long journeys wait for messages that are sent once a minute, and several tests run at the same time. */
const TEST_TIMEOUT = 300_000;

/** Returns the path of Chromium: `CHROMIUM`, or else the first of the usual names in PATH. */
export function chromiumPath() {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const candidates = process.env.CHROMIUM ? [process.env.CHROMIUM] : NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  const found = candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (!found) {
    throw new Error(`no Chromium (${candidates.length === 1 ? candidates[0] : NAMES.join(', ')}): install it (Debian: apt-get install chromium), or set CHROMIUM to its path`);
  }
  return found;
}

let dist;
const launched = [];

/**
 * Launches a browser, which is closed after the last test of the file.
 * @param {{ camera?: string }} [options] a Y4M file that its camera shows (see `qrVideo`)
 */
export async function launch({ camera } = {}) {
  const args = ['--use-fake-device-for-media-stream'];
  if (camera) args.push(`--use-file-for-fake-video-capture=${camera}`);
  const options = { executablePath: chromiumPath(), args };
  if (process.env.WEB_DIST) {
    dist ??= serveDist(process.env.WEB_DIST);
    // Sends requests to loopback addresses through the proxy too, which Chromium does not do by default.
    options.proxy = { server: (await dist).url, bypass: '<-loopback>' };
  } else {
    args.push('--no-proxy-server');
  }
  const browser = await chromium.launch(options);
  launched.push(browser);
  return browser;
}

after(async () => {
  await Promise.all(launched.map((browser) => browser.close()));
  (await dist)?.close();
});

/** The browser that all pages of a test file share, except those that need their own camera. Each page has its own context. */
let shared;

const VIEWPORTS = {
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
  desktop: { viewport: { width: 1280, height: 800 } },
};

/**
 * @typedef {object} PageOptions
 * @property {'el' | 'en'} [language] language of the browser (default: `el`)
 * @property {'phone' | 'desktop'} [viewport] default: `phone`
 * @property {string} [camera] a Y4M file that the camera shows. By default, the browser has a camera but does not let the page use it
 * @property {boolean} [serviceWorker] whether the page may install its service worker (default: `false`)
 * @property {boolean} [javaScript] default: `true`
 * @property {'reduce' | 'no-preference'} [reducedMotion]
 * @property {'dark' | 'light'} [colorScheme]
 * @property {number[]} [statuses] 5xx statuses that the test expects
 * @property {RegExp[]} [errors] console errors and exceptions that the test expects
 * @property {string[]} [origins] further origins that may receive requests
 */

/** Maps each page, and each browser context, to the faults that were detected in it. */
const faults = new WeakMap();

/**
 * Opens a page in a new browser context without cookies and storage. At the end of a test, `test` calls `checkPage`, which fails if the
 * page had faults.
 * @param {PageOptions} [options]
 * @returns {Promise<import('playwright-core').Page>}
 */
export async function newPage(options = {}) {
  const { language = 'el', viewport = 'phone', camera, serviceWorker = false, javaScript = true } = options;
  const browser = camera ? await launch({ camera }) : await (shared ??= launch());
  const context = await browser.newContext({
    ...VIEWPORTS[viewport],
    baseURL: origin(),
    locale: { el: 'el-GR', en: 'en-GB' }[language],
    timezoneId: 'Europe/Athens',
    serviceWorkers: serviceWorker ? 'allow' : 'block',
    javaScriptEnabled: javaScript,
    reducedMotion: options.reducedMotion ?? null,
    colorScheme: options.colorScheme ?? 'light',
    permissions: camera ? ['camera'] : [],
  });
  context.setDefaultTimeout(ACTION_TIMEOUT);
  watch(context, options);
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`CSP: ${event.effectiveDirective} blocked ${event.blockedURI} (${event.sourceFile}:${event.lineNumber}) ${event.sample}`);
    });
  });
  const page = await context.newPage();
  faults.set(page, faults.get(context));
  return page;
}

function watch(context, { statuses = [], errors = [], origins = [] }) {
  const found = [];
  faults.set(context, found);
  const allowed = new Set([origin(), uploads(), sandbox(), ...origins]);
  const isExpected = (text) => errors.some((pattern) => pattern.test(text));
  context.on('request', (request) => {
    const url = new URL(request.url());
    if (!['data:', 'blob:'].includes(url.protocol) && !allowed.has(url.origin)) found.push(`request to ${url.origin}: ${request.method()} ${url.href}`);
  });
  context.on('response', (response) => {
    if (response.status() >= 500 && !statuses.includes(response.status())) {
      found.push(`${response.status()} from ${response.request().method()} ${response.url()}`);
    }
  });
  context.on('console', (message) => {
    // The console reports 4xx and 5xx responses as errors. 4xx responses are no faults, and 5xx responses are detected above.
    const isResponse = message.text().startsWith('Failed to load resource: the server responded');
    const isOurs = message.location().url.startsWith(origin()) || message.location().url === '';
    if (message.type() === 'error' && isOurs && !isResponse && !isExpected(message.text())) found.push(`console: ${message.text()}`);
  });
  context.on('weberror', (thrown) => {
    const text = thrown.error()?.stack ?? String(thrown.error());
    if (!isExpected(text)) found.push(`exception: ${text}`);
  });
}

/** Throws if the page had faults. @param {import('playwright-core').Page} page */
export function checkPage(page) {
  const found = faults.get(page) ?? [];
  if (found.length > 0) throw new Error(`the page had faults:\n  ${[...new Set(found)].join('\n  ')}`);
}

/** Discards the faults that were detected so far. */
export const forgetFaults = (page) => faults.get(page)?.splice(0);

/**
 * Defines a test that opens pages with its `newPage`. At the end of the test, all these pages are checked and closed. If the test fails,
 * screenshots of the pages are written to `browser/` in the stack's folder.
 * @param {string} name
 * @param {(given: { newPage: typeof newPage, t: import('node:test').TestContext }) => Promise<void>} body
 * @param {import('node:test').TestOptions} [options]
 */
export function test(name, body, options = {}) {
  return nodeTest(name, { timeout: TEST_TIMEOUT, ...options }, async (t) => {
    const pages = [];
    const open = async (pageOptions) => {
      const page = await newPage(pageOptions);
      pages.push(page);
      return page;
    };
    try {
      await body({ newPage: open, t });
      pages.forEach(checkPage);
    } catch (error) {
      const screenshots = await Promise.all(pages.map((page, number) => screenshot(page, name, number)));
      error.message += screenshots.filter(Boolean).map((path) => `\n  screenshot: ${path}`).join('');
      // The page's faults are often the cause of the failure.
      for (const fault of pages.flatMap((page) => faults.get(page))) if (!error.message.includes(fault)) error.message += `\n  ${fault}`;
      throw error;
    } finally {
      await Promise.all(pages.map((page) => page.context().close()));
    }
  });
}

async function screenshot(page, name, number) {
  const folder = join(variable('STACK_FOLDER'), 'browser');
  const path = join(folder, `${name.replaceAll(/[^\p{L}\p{N}]+/gu, '_')}${number > 0 ? `_${number + 1}` : ''}.png`);
  try {
    mkdirSync(folder, { recursive: true });
    await page.screenshot({ path, fullPage: true, timeout: 5_000 });
    return `${path} (${page.url()})`;
  } catch {
    return undefined;
  }
}

