// Calls that no page makes: of the sandbox, and of the API as a photographer whom the test needs beside its page.

import http from 'node:http';
import { origin } from './stack.mjs';

/** Browsers know that *.localhost is here; the system's resolver may not. */
const lookup = (_name, options, done) => (options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4));

/**
 * @param {string} method
 * @param {string} url
 * @param {{ headers?: Record<string, string>, body?: string | Buffer }} [given]
 * @returns {Promise<{ status: number, headers: http.IncomingHttpHeaders, body: Buffer }>}
 */
export function request(method, url, { headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const sent = http.request(url, { method, headers, lookup, agent: false, timeout: 60_000 }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('error', reject);
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts) }));
    });
    sent.on('timeout', () => sent.destroy(new Error(`${method} ${url}: no answer in a minute`)));
    sent.on('error', reject);
    sent.end(body);
  });
}

/** The answer as JSON, if the status is the one that is wanted. */
export async function json(method, url, status, body, headers = {}) {
  const sent = body === undefined ? { headers } : { headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
  const answer = await request(method, url, sent);
  if (answer.status !== status) {
    throw new Error(`${method} ${url}: ${answer.status} in place of ${status}: ${answer.body.toString().slice(0, 600)}`);
  }
  return answer.body.length === 0 ? null : JSON.parse(answer.body.toString());
}

/** Somebody who calls the API with cookies, as a browser would, and without a page. */
export class Caller {
  #cookies = new Map();

  constructor(language = 'el') {
    this.language = language;
  }

  /** @param {string} path of the service, or a whole address of it */
  async send(method, path, body) {
    const url = new URL(path, origin());
    if (url.origin !== origin()) throw new Error(`${url} is not the service's: cookies would go elsewhere`);
    const headers = { accept: '*/*', 'accept-language': this.language };
    if (method !== 'GET') headers.origin = origin();
    if (this.#cookies.size > 0) headers.cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    if (body !== undefined) headers['content-type'] = 'application/json';
    const answer = await request(method, url.href, { headers, body: body === undefined ? undefined : JSON.stringify(body) });
    for (const cookie of answer.headers['set-cookie'] ?? []) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
      if (/max-age=0/i.test(cookie)) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return answer;
  }

  async json(method, path, status, body) {
    const answer = await this.send(method, path, body);
    if (answer.status !== status) {
      throw new Error(`${method} ${path}: ${answer.status} in place of ${status}: ${answer.body.toString().slice(0, 600)}`);
    }
    return answer.body.length === 0 ? null : JSON.parse(answer.body.toString());
  }
}
