// Reads messages that the service has sent. The sandbox receives and lists them.

import { json } from './http.mjs';
import { sandbox } from './stack.mjs';

/**
 * Time limit in milliseconds for the arrival of a message. The service stores the message in the table Outbox, whose stream invokes
 * the function that sends the message a few seconds later.
 */
const MESSAGE_TIMEOUT = 30_000;

/**
 * @typedef {object} Message
 * @property {number} seq
 * @property {'sms' | 'email'} channel
 * @property {string} to
 * @property {string | null} subject
 * @property {string} text the text that the recipient reads
 * @property {string | null} html
 * @property {string | null} raw an email's MIME, base64
 */

/** Returns all messages to a recipient with a sequence number greater than `after`, oldest first. @returns {Promise<Message[]>} */
export const messages = (to, after = 0) => json('GET', `${sandbox()}/inbox.json?${new URLSearchParams({ to, after: String(after) })}`, 200);

export const lastSeq = async (to) => (await messages(to)).at(-1)?.seq ?? 0;

/**
 * Waits for a message to a recipient that has a sequence number greater than `after` and for which `matches` returns true. Returns the
 * first such message.
 * @param {string} to
 * @param {{ after?: number, matches?: (message: Message) => boolean, timeout?: number }} [options]
 * @returns {Promise<Message>}
 */
export async function waitFor(to, { after = 0, matches = () => true, timeout = MESSAGE_TIMEOUT } = {}) {
  const until = Date.now() + timeout;
  for (;;) {
    const all = await messages(to, after);
    const found = all.find(matches);
    if (found) return found;
    if (Date.now() > until) throw new Error(`no such message to ${to} within ${timeout / 1000} s; ${all.length} others arrived`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const hasCode = (message) => message.text.includes('#code=');

/** Returns the six digits of an SMS with a one-time password, or undefined. */
const otpIn = (message) => (hasCode(message) ? undefined : /(?<!\d)\d{6}(?!\d)/.exec(message.text)?.[0]);

/** Waits for a message that has a one-time password and a sequence number greater than `after`. Returns the password. */
export const otp = async (to, after = 0) => otpIn(await waitFor(to, { after, matches: (message) => otpIn(message) !== undefined }));

/** Waits for a message that has a code number and a sequence number greater than `after`. Returns the message. */
export const codeMessage = (to, after = 0) => waitFor(to, { after, matches: hasCode });

/** Returns the link in a message with a code number: the service's URL with the code after `#code=`. */
export function linkOf(message) {
  const link = /\S+#code=[^\s"<>]+/.exec(message.text)?.[0];
  if (!link) throw new Error(`no code in the message to ${message.to}`);
  return link;
}

/** Returns the code number in a message. */
export const codeOf = (message) => decodeURIComponent(linkOf(message).split('#code=')[1]);

/** Returns the QR code's picture in an email, as PNG. @returns {Buffer} */
export function qrPngOf(message) {
  const mime = Buffer.from(message.raw ?? '', 'base64').toString('latin1');
  // A simple parser suffices for the service's own emails, whose parts have plain headers and the picture in base64.
  const part = mime.split(/\r?\n--/).find((text) => /^content-type:\s*image\/png/im.test(text));
  const body = part && /\r?\n\r?\n([\s\S]+)$/.exec(part)?.[1];
  if (!body) throw new Error(`no picture in the message to ${message.to}`);
  return Buffer.from(body.replace(/\s/g, ''), 'base64');
}
