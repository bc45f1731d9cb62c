// Chromium, and what no page of ours may do in it.

import { accessSync, constants, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import nodeTest, { after } from 'node:test';
import { chromium } from 'playwright-core';
import { origin, sandbox, uploads, variable } from './stack.mjs';
import { serveDist } from './web_dist.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];
/** Of one action or expectation. A cold function and an SMS fit. */
const PATIENCE = 15_000;

/** Where Chromium is: `CHROMIUM`, else the first of the usual names in PATH. */
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
    throw new Error(`no Chromium (${candidates.length === 1 ? candidates[0] : NAMES.join(', ')}): install one (Debian: apt-get install chromium), or name it in CHROMIUM`);
  }
  return found;
}

let dist;
const launched = [];

/**
 * A browser of this file's; it is closed after the file's last test.
 * @param {{ camera?: string }} [options] a Y4M file that its camera shows (see `qrVideo`)
 */
export async function launch({ camera } = {}) {
  const args = ['--use-fake-device-for-media-stream'];
  if (camera) args.push(`--use-file-for-fake-video-capture=${camera}`);
  const options = { executablePath: chromiumPath(), args };
  if (process.env.WEB_DIST) {
    dist ??= serveDist(process.env.WEB_DIST);
    // Loopback too goes through it.
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

/** Without a camera of its own, one browser does for all pages of a file: contexts share nothing. */
let shared;

const VIEWPORTS = {
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
  desktop: { viewport: { width: 1280, height: 800 } },
};

/**
 * @typedef {object} PageOptions
 * @property {'el' | 'en'} [language] that the person reads (Greek)
 * @property {'phone' | 'desktop'} [viewport] (phone)
 * @property {string} [camera] a Y4M file that the camera shows; without one there is a camera and the page may not use it
 * @property {boolean} [serviceWorker] whether the page may install its service worker (no)
 * @property {boolean} [javaScript] (yes)
 * @property {'reduce' | 'no-preference'} [reducedMotion]
 * @property {'dark' | 'light'} [colorScheme]
 * @property {number[]} [statuses] 5xx answers that the test wants
 * @property {RegExp[]} [errors] texts on the console, or of exceptions, that the test wants
 * @property {string[]} [origins] others that may be asked
 */

/** What went wrong in a page: `[]` at the end of a good test. */
const faults = new WeakMap();

/**
 * A page in a browser context of its own: no cookies, no storage. Whatever it does that it may not is found by `checkPage`,
 * which `test` calls at the end.
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
  context.setDefaultTimeout(PATIENCE);
  watch(context, options);
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`CSP: ${event.effectiveDirective} keeps out ${event.blockedURI} (${event.sourceFile}:${event.lineNumber}) ${event.sample}`);
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
  const wanted = (text) => errors.some((pattern) => pattern.test(text));
  context.on('request', (request) => {
    const url = new URL(request.url());
    if (!['data:', 'blob:'].includes(url.protocol) && !allowed.has(url.origin)) found.push(`asks ${url.origin}: ${request.method()} ${url.href}`);
  });
  context.on('response', (response) => {
    if (response.status() >= 500 && !statuses.includes(response.status())) {
      found.push(`${response.status()} from ${response.request().method()} ${response.url()}`);
    }
  });
  context.on('console', (message) => {
    // A refusal (4xx) is an answer as any other; 5xx are found above.
    const isAnswer = message.text().startsWith('Failed to load resource: the server responded');
    const isOurs = message.location().url.startsWith(origin()) || message.location().url === '';
    if (message.type() === 'error' && isOurs && !isAnswer && !wanted(message.text())) found.push(`console: ${message.text()}`);
  });
  context.on('weberror', (thrown) => {
    const text = thrown.error()?.stack ?? String(thrown.error());
    if (!wanted(text)) found.push(`exception: ${text}`);
  });
}

/** Fails where the page did anything that it may not. @param {import('playwright-core').Page} page */
export function checkPage(page) {
  const found = faults.get(page) ?? [];
  if (found.length > 0) throw new Error(`the page did what it may not:\n  ${[...new Set(found)].join('\n  ')}`);
}

/** For whoever opens a page in other ways: the same look at what a whole context did. */
export const forgetFaults = (page) => faults.get(page)?.splice(0);

/**
 * A test that uses pages: all that it opens by its `newPage` are checked at its end and closed; where it fails, pictures of them are in
 * the stack's folder, under `browser/`.
 * @param {string} name
 * @param {(given: { newPage: typeof newPage, t: import('node:test').TestContext }) => Promise<void>} body
 * @param {import('node:test').TestOptions} [options]
 */
export function test(name, body, options = {}) {
  return nodeTest(name, { timeout: 120_000, ...options }, async (t) => {
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
      const shots = await Promise.all(pages.map((page, number) => photograph(page, name, number)));
      error.message += shots.filter(Boolean).map((path) => `\n  the page: ${path}`).join('');
      // What the page did wrong is often why the test failed.
      for (const fault of pages.flatMap((page) => faults.get(page))) if (!error.message.includes(fault)) error.message += `\n  ${fault}`;
      throw error;
    } finally {
      await Promise.all(pages.map((page) => page.context().close()));
    }
  });
}

async function photograph(page, name, number) {
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

