// What people were sent, as the sandbox shows it.

import { json } from './http.mjs';
import { sandbox } from './stack.mjs';

/** Sending is asynchronous: the stream wakes the sender within seconds. */
const PATIENCE = 30_000;

/**
 * @typedef {object} Message
 * @property {number} seq
 * @property {'sms' | 'email'} channel
 * @property {string} to
 * @property {string | null} subject
 * @property {string} text what its reader reads
 * @property {string | null} html
 * @property {string | null} raw an email's MIME, base64
 */

/** All to this recipient after `seq`, oldest first. @returns {Promise<Message[]>} */
export const messages = (to, after = 0) => json('GET', `${sandbox()}/inbox.json?${new URLSearchParams({ to, after: String(after) })}`, 200);

export const lastSeq = async (to) => (await messages(to)).at(-1)?.seq ?? 0;

/**
 * The first message to this recipient, of those after `after`, that is wanted.
 * @param {string} to
 * @param {{ after?: number, wanted?: (message: Message) => boolean, patience?: number }} [options]
 * @returns {Promise<Message>}
 */
export async function waitFor(to, { after = 0, wanted = () => true, patience = PATIENCE } = {}) {
  const until = Date.now() + patience;
  for (;;) {
    const all = await messages(to, after);
    const found = all.find(wanted);
    if (found) return found;
    if (Date.now() > until) throw new Error(`no such message to ${to} in ${patience / 1000} s; ${all.length} others came`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const bringsCode = (message) => message.text.includes('#code=');

/** The six digits of an SMS that brings a one-time password, or undefined. */
const otpIn = (message) => (bringsCode(message) ? undefined : /(?<!\d)\d{6}(?!\d)/.exec(message.text)?.[0]);

/** The one-time password sent after `after`. */
export const otp = async (to, after = 0) => otpIn(await waitFor(to, { after, wanted: (message) => otpIn(message) !== undefined }));

/** The message with a code number sent after `after`. */
export const codeMessage = (to, after = 0) => waitFor(to, { after, wanted: bringsCode });

/** The link of a message that brings a code number: the service's address, with the code behind `#code=`. */
export function linkOf(message) {
  const link = /\S+#code=[^\s"<>]+/.exec(message.text)?.[0];
  if (!link) throw new Error(`no code in the message to ${message.to}`);
  return link;
}

/** The code number that a message brings. */
export const codeOf = (message) => decodeURIComponent(linkOf(message).split('#code=')[1]);

/** The picture of the QR code in an email, as PNG. @returns {Buffer} */
export function qrPngOf(message) {
  const mime = Buffer.from(message.raw ?? '', 'base64').toString('latin1');
  // Our own emails: parts with plain headers, the picture in base64.
  const part = mime.split(/\r?\n--/).find((text) => /^content-type:\s*image\/png/im.test(text));
  const body = part && /\r?\n\r?\n([\s\S]+)$/.exec(part)?.[1];
  if (!body) throw new Error(`no picture in the message to ${message.to}`);
  return Buffer.from(body.replace(/\s/g, ''), 'base64');
}
