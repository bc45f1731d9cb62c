// Registers an application of a public body with the operators' command, and pulls with signed requests (docs/applications.md).

import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes, randomUUID, sign } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { origin, request } from './lib/index.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The operators' command, which `make application` runs too. It reads the table's name from the stack's environment variables. */
const OPERATOR_COMMAND = process.env.APPLICATIONS_COMMAND ?? join(ROOT, 'target/lambda/applications/bootstrap');
const KID = 'browser';

const operate = (...words) => execFileSync(OPERATOR_COMMAND, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

/** Registers the sample applications that the stack does not have yet. */
export const seed = () => operate('seed', join(ROOT, 'infra/sandbox/applications.toml'));

const base64url = (text) => Buffer.from(text).toString('base64url');

/**
 * Registers a new application with a new key. The test must withdraw the application at the end, so that other tests do not list it.
 * @param {string} purpose
 */
export function publicBody(purpose) {
  const id = `browser-${randomBytes(5).toString('hex')}`;
  const names = { el: `Δοκιμαστική υπηρεσία ${id.slice(-4)}`, en: `Test service ${id.slice(-4)}` };
  operate('add', id, '--name-el', names.el, '--name-en', names.en, '--purpose', purpose);
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const file = join(mkdtempSync(join(tmpdir(), 'myphoto-')), 'key.pem');
  writeFileSync(file, publicKey.export({ type: 'spki', format: 'pem' }));
  operate('key', 'add', id, '--kid', KID, file);

  async function send(path, claims) {
    const now = Math.floor(Date.now() / 1000);
    const all = { iss: id, aud: `${origin()}${path}`, iat: now, exp: now + 60, jti: randomUUID(), ...claims };
    const message = `${base64url(JSON.stringify({ alg: 'EdDSA', kid: KID, typ: 'JWT' }))}.${base64url(JSON.stringify(all))}`;
    const token = `${message}.${sign(null, Buffer.from(message), privateKey).toString('base64url')}`;
    return request('POST', `${origin()}${path}`, { headers: { authorization: `Bearer ${token}`, 'content-length': '0' } });
  }

  return {
    id,
    names,
    /** @param {string} sub such as `afm:068933130` */
    pull: (sub, image, reference) => send('/v1/pulls', { sub, image, case: reference }),
    report: (pull, verdict) => send('/v1/verdicts', { pull, ...verdict }),
    withdraw: () => operate('withdraw', id),
  };
}
