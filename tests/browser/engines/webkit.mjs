// Drives WebKitGTK's MiniBrowser with selenium-webdriver, over WebDriver. The window is on a virtual display (Xvfb).

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Builder, By, Capabilities, Key, Origin } from 'selenium-webdriver';
import { miniBrowserPath, webKitDriverPath, xvfbPath } from './installed.mjs';

const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 850 } };
const SCREEN = '1400x1000x24';
const START_TIMEOUT = 30_000;
const LOAD_TIMEOUT = 30_000;
/**
 * Time limit in milliseconds for the result of a script. If a page is being replaced while WebKitWebDriver runs a script in it, no result
 * arrives. The script must then be tried again.
 */
const SCRIPT_TIMEOUT = 12_000;
const SHORT_SCRIPT_TIMEOUT = 3_000;

/** The tests that WebKit cannot run here. Maps the name of each test to the reason. */
export const LACKS = {
  'the camera scans a QR code': 'MiniBrowser has no camera that shows a given picture; Chromium tests the scan',
  'two fingers zoom the picture': 'WebKitWebDriver emulates no touch screen; Chromium tests the gesture',
  'pages begin in the language of the browser': 'MiniBrowser has the language of an installed locale, and none is installed for Greek; tests use the language button of the pages',
  'responses with 5xx, requests to other origins, and errors on the console or before a page has loaded are faults': 'WebDriver reports no network and no console and runs no script before a page\'s own; Chromium and Firefox test these',
};

/** @param {{ size: 'phone' | 'desktop' }} options @returns {Promise<import('./page.mjs').Driver<unknown>>} */
export async function start({ size }) {
  const home = mkdtempSync(join(tmpdir(), 'myphoto-webkit-'));
  const downloads = join(home, 'downloads');
  mkdirSync(downloads);
  mkdirSync(join(home, '.config'));
  writeFileSync(join(home, '.config', 'user-dirs.dirs'), `XDG_DOWNLOAD_DIR="${downloads}"\n`);
  const processes = [];
  const stop = async (session) => {
    await session?.quit().catch(() => undefined);
    for (const child of processes.reverse()) await ended(child);
    rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  try {
    // Xvfb writes the number of the display that it has chosen.
    const xvfb = run(processes, xvfbPath(), ['-displayfd', '1', '-screen', '0', SCREEN, '-nolisten', 'tcp'], {});
    const display = `:${(await output(xvfb, /^(\d+)\n/))[1]}`;
    const environment = { PATH: process.env.PATH, HOME: home, DISPLAY: display, LANG: 'C.UTF-8', GDK_BACKEND: 'x11', XDG_RUNTIME_DIR: home };
    const port = await freePort();
    run(processes, webKitDriverPath(), [`--port=${port}`], environment);
    const url = `http://127.0.0.1:${port}`;
    await responds(`${url}/status`);
    const capabilities = new Capabilities({
      browserName: 'MiniBrowser',
      acceptInsecureCerts: true,
      // With any other page load strategy, each command waits for the end of a navigation. WebKitWebDriver never notices that end if the
      // browser shows a page of another origin from its back/forward cache.
      pageLoadStrategy: 'none',
      'webkitgtk:browserOptions': { binary: miniBrowserPath(), args: ['--automation'] },
    });
    const session = await new Builder().usingServer(url).withCapabilities(capabilities).build();
    try {
      await setSize(session, size);
      return driver(session, downloads, () => stop(session));
    } catch (error) {
      await stop(session);
      throw error;
    }
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Gives the page the size of a phone or of a desktop. A window with a toolbar is at least 447 pixels wide, so phones get no toolbar. */
async function setSize(session, size) {
  if (size === 'phone') {
    const [first] = await session.getAllWindowHandles();
    // The window is opened by a click, because a script may not open a window by itself.
    await session.get('data:text/html,<button>open</button>');
    await session.wait(() => session.executeScript('return document.querySelector("button") !== null'), START_TIMEOUT, 'a button');
    await session.executeScript(`document.querySelector('button').onclick = () => window.open('about:blank', '', 'popup,toolbar=no,menubar=no,location=no')`);
    await session.findElement(By.css('button')).click();
    await session.wait(async () => (await session.getAllWindowHandles()).length === 2, START_TIMEOUT);
    await session.close();
    await session.switchTo().window((await session.getAllWindowHandles()).find((handle) => handle !== first));
  }
  await session.manage().window().setRect({ x: 0, y: 0, ...SIZES[size] });
  await session.wait(async () => (await session.executeScript('return innerWidth')) === SIZES[size].width, START_TIMEOUT, `a window of ${SIZES[size].width} pixels`);
}

function driver(session, downloads, close) {
  const execute = (script, timeout = SCRIPT_TIMEOUT) => within(timeout, session.executeScript(`return ${script}`));
  // Scrolls to an element before a click, because WebKitWebDriver cannot click an element that is partly below the visible area.
  const scrollTo = (element) => session.executeScript('arguments[0].scrollIntoView({ block: "center", behavior: "instant" })', element);
  return {
    downloads,
    open: async (url) => {
      await execute('void (window.isOld = true)', SHORT_SCRIPT_TIMEOUT).catch(() => undefined);
      await session.get(url);
      const isLoaded = () => execute('location.href !== "about:blank" && window.isOld !== true && document.readyState === "complete"', SHORT_SCRIPT_TIMEOUT).catch(() => false);
      await session.wait(isLoaded, LOAD_TIMEOUT, url);
    },
    evaluate: (script) => execute(script),
    element: (script) => execute(script),
    click: async (element) => {
      await scrollTo(element);
      await element.click();
    },
    type: (element, text) => element.sendKeys(text),
    press: (element, key) => element.sendKeys(Key[key.toUpperCase()] ?? key),
    drag: async (element, across, down) => {
      await scrollTo(element);
      const mouse = session.actions({ async: true });
      await mouse.move({ origin: element }).press().move({ origin: Origin.POINTER, x: across, y: down, duration: 200 }).release().perform();
    },
    chooseFile: (element, path) => element.sendKeys(path),
    screenshot: async () => Buffer.from(await session.takeScreenshot(), 'base64'),
    faults: () => [],
    close,
  };
}

/** Rejects if the promise is not settled in time. */
function within(milliseconds, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the page did not respond within ${milliseconds / 1000} s`)), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** The running child processes. They are killed when this process exits, because a test that timed out does not close them itself. */
const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill()));

function run(processes, command, options, environment) {
  const child = spawn(command, options, { env: environment, stdio: ['ignore', 'pipe', 'ignore'] });
  running.add(child);
  child.on('error', () => undefined);
  child.on('exit', () => running.delete(child));
  processes.push(child);
  return child;
}

/** Waits until the output of the process matches `pattern`. Returns the match. */
function output(child, pattern) {
  return new Promise((resolve, reject) => {
    let text = '';
    const timer = setTimeout(() => reject(new Error(`${child.spawnfile} did not start within ${START_TIMEOUT / 1000} s`)), START_TIMEOUT);
    child.stdout.on('data', (part) => {
      text += part;
      const found = pattern.exec(text);
      if (found) {
        clearTimeout(timer);
        resolve(found);
      }
    });
    child.on('exit', (status) => {
      clearTimeout(timer);
      reject(new Error(`${child.spawnfile} ended with status ${status}`));
    });
  });
}

async function responds(url) {
  const until = Date.now() + START_TIMEOUT;
  while (!(await fetch(url).then(({ ok }) => ok, () => false))) {
    if (Date.now() > until) throw new Error(`WebKitWebDriver does not respond at ${url}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Ends a process with SIGTERM, and after 5 s with SIGKILL. */
function ended(child) {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return undefined;
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
    child.on('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill();
  });
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
