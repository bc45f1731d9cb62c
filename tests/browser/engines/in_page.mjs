// Functions that run inside pages. The browser gets the source code of one function, so a function cannot use anything that is defined
// outside it.

/**
 * @typedef {object} Target describes an element by a selector, by role and name, by label, or by text
 * @property {string} [css] a selector, which may also match an invisible element
 * @property {'button' | 'link' | 'heading'} [role]
 * @property {string} [name] required with `role`: the accessible name of the element or, for a heading, a part of the name
 * @property {string} [label] the beginning of a label's text. Selects the label, not its field
 * @property {string} [text] a part of an element's text. Selects the innermost element that contains the text
 */

/** Returns the element, or null. @param {Target} target */
export function find({ css, role, name, label, text }) {
  const SELECTORS = { button: 'button, [role=button]', link: 'a[href]', heading: 'h1, h2, h3' };
  const normal = (string) => string.replace(/\s+/g, ' ').trim();
  const isVisible = (element) => element.getClientRects().length > 0 && getComputedStyle(element).visibility === 'visible';
  const nameOf = (element) => normal(element.getAttribute('aria-label') ?? element.innerText ?? '');
  if (css !== undefined) return document.querySelector(css);
  const all = [...document.querySelectorAll(role ? SELECTORS[role] : label ? 'label' : 'body *')].filter(isVisible);
  if (role) return all.find((element) => (role === 'heading' ? nameOf(element).includes(name) : nameOf(element) === name)) ?? null;
  if (label) return all.find((element) => normal(element.innerText).startsWith(label)) ?? null;
  return all.findLast((element) => normal(element.innerText ?? '').includes(text)) ?? null;
}

/** Returns what a person can read on the page. */
export const visibleText = () => document.body?.innerText ?? '';

/**
 * Returns whether the page has loaded, shows text and has no element that is loading or busy. `about:blank` counts as settled. A page of
 * the service must also have a heading.
 */
export function isSettled() {
  if (location.href === 'about:blank') return true;
  if (document.readyState !== 'complete' || document.body.innerText.trim() === '') return false;
  return document.querySelector('.loading, [aria-busy=true]') === null && (document.querySelector('#app') === null || document.querySelector('main h1') !== null);
}

/**
 * Goes back or forward in the history. Sets `window.isLeaving`, which is true until another page is shown, and `window.wasLeft`. When the
 * browser shows a page again, the page still has `window.wasLeft` only if the browser took the page from its back/forward cache.
 */
export function moveInHistory(by) {
  Object.assign(window, { isLeaving: true, wasLeft: true });
  // A step between two states of one document causes only `popstate`. A document from the back/forward cache receives `pageshow` when it is
  // shown again.
  for (const event of ['popstate', 'pageshow']) addEventListener(event, () => (window.isLeaving = false), { once: true });
  setTimeout(() => history.go(by));
}

/** Returns everything that the page contains, visible or not, as text. */
export function everything() {
  const typed = [...document.querySelectorAll('input, textarea')].map(({ value }) => value);
  return `${document.title}\n${document.documentElement.innerHTML}\n${JSON.stringify(typed)}`;
}

/** Returns descriptions of the elements that make the page wider than its window. */
export function overflowing() {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  const wide = [...document.querySelectorAll('body *')].filter((element) => element.getBoundingClientRect().right > clientWidth + 1);
  return wide.slice(-3).map((element) => element.outerHTML.slice(0, 160));
}

/** Begins to collect the faults of this page in `window.faultsOfPage`, if the page is from this origin. */
export function watchFaults(origin) {
  if (window.faultsOfPage || location.origin !== origin) return;
  const found = (window.faultsOfPage = []);
  addEventListener('error', (event) => found.push(`exception: ${event.message} (${event.filename}:${event.lineno})`));
  addEventListener('unhandledrejection', (event) => found.push(`exception: ${event.reason?.stack ?? event.reason}`));
  document.addEventListener('securitypolicyviolation', (event) => found.push(`CSP: ${event.effectiveDirective} blocked ${event.blockedURI} ${event.sample}`));
}

export const faultsOfPage = () => window.faultsOfPage ?? [];

/**
 * Draws a picture like that of a camera: a portrait on a plain background that has the colour of the portrait's background. Returns the
 * JPEG as base64.
 * @param {string} portrait a JPEG, base64
 * @param {{ width: number, height: number, at: [number, number, number] }} options `width` and `height`: size of the stored picture, which
 *   is rotated as by a camera that was held upright. `at`: left, top and width of the portrait in the picture as viewers show it
 */
export async function drawCameraPicture(portrait, { width, height, at: [left, top, across] }) {
  const image = new Image();
  image.src = `data:image/jpeg;base64,${portrait}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [width, height];
  const drawing = canvas.getContext('2d');
  drawing.drawImage(image, 0, 0);
  drawing.fillStyle = `rgb(${drawing.getImageData(8, 8, 1, 1).data.slice(0, 3).join()})`;
  drawing.fillRect(0, 0, width, height);
  drawing.setTransform(0, -1, 1, 0, 0, height);
  drawing.drawImage(image, left, top, across, (across * image.height) / image.width);
  return canvas.toDataURL('image/jpeg', 0.95).split(',')[1];
}

/** Returns a checksum of the picture that a canvas shows. @param {string} css */
export function checksumOfCanvas(css) {
  const canvas = document.querySelector(css);
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let sum = 0;
  for (let at = 0; at < data.length; at += 4) sum = (31 * sum + data[at]) % 1_000_003;
  return sum;
}
