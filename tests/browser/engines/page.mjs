// Operates a page as a person does, in any engine. Uses only the few calls of a `Driver`, and each engine has a driver.

import axeCore from 'axe-core';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { axeOptions, violationsText } from '../lib/axe.mjs';
import { newDownload } from './downloads.mjs';
import * as inPage from './in_page.mjs';

/** Milliseconds until an element must exist. Long enough for a cold start and an SMS. */
const TIMEOUT = 30_000;
const INTERVAL = 100;

/**
 * Controls one page, which shares no cookies with other pages. `E` is the type that the engine uses for elements.
 * @template E
 * @typedef {object} Driver
 * @property {string} downloads the folder with the page's downloads
 * @property {(url: string) => Promise<void>} open
 * @property {(script: string) => Promise<unknown>} evaluate evaluates an expression; its value must be JSON or a promise of it
 * @property {(script: string) => Promise<E | null>} element evaluates an expression whose value is an element
 * @property {(element: E) => Promise<void>} click
 * @property {(element: E, text: string) => Promise<void>} type types at the end of the field
 * @property {(element: E, key: string) => Promise<void>} press presses a key, such as `+`
 * @property {(element: E, across: number, down: number) => Promise<void>} drag with the mouse, from the element's middle
 * @property {(element: E, path: string) => Promise<void>} chooseFile
 * @property {() => Promise<Buffer>} screenshot a PNG of the window
 * @property {() => string[]} faults faults that the engine reported
 * @property {() => Promise<void>} close
 */

export class Page {
  #driver;
  #origin;
  #faults = new Set();
  /** How many times the browser went back or forward to a page in its back/forward cache, and so did not load the page again. */
  restored = 0;

  /** @param {Driver<unknown>} driver @param {string} origin the origin of the service */
  constructor(driver, origin) {
    this.#driver = driver;
    this.#origin = origin;
  }

  /** Opens a path of the service, or a URL. */
  async open(path) {
    await this.collectFaults();
    await this.evaluate(() => void (window.wasLeft = true));
    await this.#driver.open(new URL(path, this.#origin).href);
    await this.#driver.evaluate(call(inPage.watchFaults, this.#origin));
  }

  /** Calls a function in the page. The arguments and the result must be JSON. */
  evaluate(body, ...values) {
    return this.#driver.evaluate(call(body, ...values));
  }

  async url() {
    return new URL(await this.evaluate(() => location.href));
  }

  /** Waits until the condition, a function that runs in the page, returns true. */
  async waitUntil(description, condition, ...values) {
    const until = Date.now() + TIMEOUT;
    for (;;) {
      // While the page is being replaced by another one, the condition cannot be evaluated. So the loop tries again.
      const result = await this.evaluate(condition, ...values).catch(() => undefined);
      if (result) return result;
      if (Date.now() > until) throw new Error(`${description}: not within ${TIMEOUT / 1000} s at ${await this.whereAndWhat()}`);
      await pause(INTERVAL);
    }
  }

  async whereAndWhat() {
    const [url, text] = await Promise.all([this.evaluate(() => location.href), this.evaluate(inPage.visibleText)]).catch((error) => ['an unknown URL', error.message]);
    return `${url}, which shows:\n${text}`;
  }

  /** Waits for an element. @param {import('./in_page.mjs').Target} target */
  async element(target) {
    const until = Date.now() + TIMEOUT;
    for (;;) {
      const found = await this.#driver.element(call(inPage.find, target)).catch(() => null);
      if (found) return found;
      if (Date.now() > until) throw new Error(`${JSON.stringify(target)}: not found within ${TIMEOUT / 1000} s at ${await this.whereAndWhat()}`);
      await pause(INTERVAL);
    }
  }

  /** @param {import('./in_page.mjs').Target} target */
  async has(target) {
    return (await this.#driver.element(call(inPage.find, target))) !== null;
  }

  waitForText(text) {
    return this.element({ text });
  }

  waitForHeading(name) {
    return this.element({ role: 'heading', name });
  }

  async waitForPath(path) {
    await this.waitUntil(`the path ${path}`, (origin, path) => location.origin === origin && location.pathname === path, this.#origin, path);
    await this.evaluate(inPage.watchFaults, this.#origin);
  }

  /**
   * Clicks an element as soon as it exists. Tries up to three times, because the page may replace the element in between.
   * @param {import('./in_page.mjs').Target} target
   */
  async click(target) {
    for (let attempt = 1; ; attempt += 1) {
      const element = await this.element(target);
      try {
        return await this.#driver.click(element);
      } catch (error) {
        if (attempt === 3) throw new Error(`${JSON.stringify(target)} cannot be clicked: ${error.message}`, { cause: error });
        await pause(INTERVAL);
      }
    }
  }

  button(name) {
    return this.click({ role: 'button', name });
  }

  link(name) {
    return this.click({ role: 'link', name });
  }

  /** Types a text into an empty field. @param {import('./in_page.mjs').Target} target */
  async type(target, text) {
    await this.#driver.type(await this.element(target), text);
  }

  /** @param {import('./in_page.mjs').Target} target */
  async press(target, key, times = 1) {
    const element = await this.element(target);
    for (let time = 0; time < times; time += 1) await this.#driver.press(element, key);
  }

  /** @param {import('./in_page.mjs').Target} target */
  async drag(target, across, down) {
    await this.#driver.drag(await this.element(target), across, down);
  }

  /** @param {import('./in_page.mjs').Target} target */
  async chooseFile(target, path) {
    await this.#driver.chooseFile(await this.element(target), path);
  }

  /** Returns the file that `press` downloads. @returns {Promise<{ name: string, bytes: Buffer }>} */
  async download(press) {
    const next = newDownload(this.#driver.downloads);
    await press();
    return next(TIMEOUT);
  }

  /** Goes back in the history. A page in the back/forward cache is shown as it was left. */
  async back() {
    await this.#move(-1);
  }

  async forward() {
    await this.#move(1);
  }

  /**
   * Goes back or forward in the history with a script, and waits for the event `popstate` or `pageshow`. The engine's own function for
   * this would wait for a load event, which does not occur if the page comes from the back/forward cache.
   */
  async #move(by) {
    await this.collectFaults();
    await this.evaluate(inPage.moveInHistory, by);
    await this.waitUntil('another page of the history', () => window.isLeaving !== true);
    await this.settled();
    // Only a page from the back/forward cache still has the variable that was set before leaving it.
    if (await this.evaluate(() => window.wasLeft === true)) this.restored += 1;
    await this.evaluate(inPage.watchFaults, this.#origin);
  }

  settled() {
    return this.waitUntil('a page that waits for nothing', inPage.isSettled);
  }

  /** Switches to a language with the page's button. @param {'el' | 'en'} language */
  async speak(language) {
    const current = await this.waitUntil('the language button', () => document.querySelector('header button[lang]') && document.documentElement.lang);
    if (current === language) return;
    await this.click({ css: `header button[lang=${language}]` });
    await this.waitUntil(`the language ${language}`, (language) => document.documentElement.lang === language, language);
  }

  /** Fails with a list if the page violates WCAG 2.2 AA or needs horizontal scrolling. */
  async check() {
    await this.settled();
    if (!(await this.evaluate(() => 'axe' in window))) await this.#driver.evaluate(`(() => { ${axeCore.source}; })()`);
    const violations = await this.evaluate((options) => window.axe.run(document, options).then((found) => JSON.parse(JSON.stringify(found.violations))), axeOptions());
    const { pathname } = await this.url();
    if (violations.length > 0) throw new Error(violationsText(pathname, violations));
    const wide = await this.evaluate(inPage.overflowing);
    if (wide.length > 0) throw new Error(`${pathname} is wider than its window:\n  ${wide.join('\n  ')}`);
  }

  /** Stores the faults of the current page, because they are lost when the browser leaves the page. */
  async collectFaults() {
    for (const fault of await this.evaluate(inPage.faultsOfPage).catch(() => [])) this.#faults.add(fault);
    // Ignores faults about the icon that Firefox requests for the sandbox's TAXISnet page, because this page is not part of the service.
    for (const fault of this.#driver.faults()) if (!/\/\/127\.0\.0\.1:\d+\/favicon\.ico/.test(fault)) this.#faults.add(fault);
  }

  /** Throws if the page had faults. */
  async assertNoFaults() {
    await this.collectFaults();
    if (this.#faults.size > 0) throw new Error(`the page had faults:\n  ${[...this.#faults].join('\n  ')}`);
  }

  async screenshot(path) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, await this.#driver.screenshot());
  }

  close() {
    return this.#driver.close();
  }
}

/** Returns the expression that calls the function with JSON values. */
const call = (body, ...values) => `(${body})(${values.map((value) => JSON.stringify(value) ?? 'undefined').join(', ')})`;

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
