// Sends HTTP requests without a browser: to the sandbox, and to the API on behalf of people.

import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { origin } from './stack.mjs';

/** Resolves every host name to 127.0.0.1. Browsers resolve *.localhost to this address themselves, but the system's resolver may not. */
const lookup = (_name, options, done) => (options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4));

/** The certificate of the authority that a local stack with TLS uses. */
const ca = process.env.MYPHOTO_CA ? [readFileSync(process.env.MYPHOTO_CA, 'utf8')] : undefined;

/**
 * Sends a request.
 * @param {string} method
 * @param {string} url
 * @param {{ headers?: Record<string, string>, body?: string | Buffer }} [given]
 * @returns {Promise<{ status: number, headers: http.IncomingHttpHeaders, body: Buffer }>}
 */
export function request(method, url, { headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const { request: send } = url.startsWith('https:') ? https : http;
    const sent = send(url, { method, headers, lookup, ca, agent: false, timeout: 60_000 }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) }));
    });
    sent.on('timeout', () => sent.destroy(new Error(`${method} ${url}: no response within a minute`)));
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Sends a request and returns the JSON body. Throws if the response has another status than `status`. */
export async function json(method, url, status, body, headers = {}) {
  const sent = body === undefined ? { headers } : { headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
  const response = await request(method, url, sent);
  if (response.status !== status) {
    throw new Error(`${method} ${url}: ${response.status} instead of ${status}: ${response.body.toString().slice(0, 600)}`);
  }
  return response.body.length === 0 ? null : JSON.parse(response.body.toString());
}

/** Calls the API without a browser. Stores and sends cookies as a browser does. */
export class Caller {
  #cookies = new Map();

  constructor(language = 'el') {
    this.language = language;
  }

  /** @param {string} path a path or a complete URL of the service */
  async send(method, path, body) {
    const url = new URL(path, origin());
    if (url.origin !== origin()) throw new Error(`${url} is not a URL of the service and must not get its cookies`);
    const headers = { accept: '*/*', 'accept-language': this.language };
    if (method !== 'GET') headers.origin = origin();
    if (this.#cookies.size > 0) headers.cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    if (body !== undefined) headers['content-type'] = 'application/json';
    const response = await request(method, url.href, { headers, body: body === undefined ? undefined : JSON.stringify(body) });
    for (const cookie of response.headers['set-cookie'] ?? []) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
      if (/max-age=0/i.test(cookie)) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return response;
  }

  async json(method, path, status, body) {
    const response = await this.send(method, path, body);
    if (response.status !== status) {
      throw new Error(`${method} ${path}: ${response.status} instead of ${status}: ${response.body.toString().slice(0, 600)}`);
    }
    return response.body.length === 0 ? null : JSON.parse(response.body.toString());
  }
}
