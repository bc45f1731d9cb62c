// People of the sandbox, made for one test each, and what they do without a page.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Caller, json, request } from './http.mjs';
import * as inbox from './inbox.mjs';
import { sandbox } from './stack.mjs';

/**
 * @typedef {object} Person
 * @property {string} key
 * @property {string} first_name
 * @property {string} last_name
 * @property {string} birth_date
 * @property {string} afm
 * @property {string | null} amka
 * @property {string | null} mobile the one that is confirmed in the communications register
 * @property {{ afm: string, name: string }[]} businesses
 */

/** Somebody new, of whom the service knows nothing yet. @param {'citizen' | 'photographer' | 'no_mobile'} kind @returns {Promise<Person>} */
export const person = (kind = 'citizen') => json('POST', `${sandbox()}/people`, 201, { kind });

/** One of infra/sandbox/people.toml. Others use them too. @returns {Promise<Person>} */
export async function named(key) {
  const found = (await json('GET', `${sandbox()}/people.json`, 200)).find((one) => one.key === key);
  if (!found) throw new Error(`there is nobody called ${key} in the sandbox`);
  return found;
}

/**
 * Somebody eight years old in this person's custody.
 * @param {Person} custodian
 * @param {{ afm?: true, paaypa?: true }} [has] a PAAYPA in place of the AMKA; an AFM too
 */
export const minor = (custodian, has = {}) => json('POST', `${sandbox()}/minors`, 201, { ...has, custodian: custodian.key });

/** Something changes in a minor's life: `{ custodian: key or null }`, `{ afm: true }`, `{ adult: true }`. */
export const changeMinor = (child, change) => json('POST', `${sandbox()}/minors/${child.key}`, 200, change);

/** An address that nobody else has. @param {Person} who */
export const emailOf = (who) => `${who.key}.${who.afm}@example.gr`;

const fixture = (name) => readFileSync(new URL(`../../fixtures/${name}`, import.meta.url));

/** Good pictures: `face` and `signature` for the profile `standard`, `identityCardFace` for `identity_card`. */
export const pictures = {
  face: () => fixture('portrait.jpg'),
  identityCardFace: () => fixture('portrait_4x5.jpg'),
  signature: () => fixture('signature.jpg'),
};

/** Presses "Sign in" on TAXISnet's page as this person; answers where it leads back to. */
async function throughTaxisnet(page, who) {
  const form = new URLSearchParams(page.search);
  form.append('afm', who.afm);
  const action = page.origin + page.pathname;
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await request('POST', action, { headers, body: form.toString() });
  if (answer.status !== 302) throw new Error(`TAXISnet: ${answer.status}: ${answer.body.toString().slice(0, 300)}`);
  return answer.headers.location;
}

/**
 * Signed in without a page, with a role chosen and, as a citizen, the text agreed to.
 * @param {Person} who
 * @param {'citizen' | 'photographer'} role
 */
export async function caller(who, role) {
  const calls = new Caller();
  const begun = await calls.send('GET', '/v1/sign-in?return_to=/v1/session');
  const before = await inbox.lastSeq(who.mobile);
  const back = await throughTaxisnet(new URL(begun.headers.location), who);
  const answer = await calls.send('GET', back);
  if (answer.status !== 303) throw new Error(`callback: ${answer.status}: ${answer.body.toString().slice(0, 300)}`);
  await finishSignIn((...call) => calls.json(...call), await inbox.otp(who.mobile, before), role);
  return calls;
}

/**
 * From the one-time password until the session is ready. `call` is `(method, path, status, body) => answer`.
 * @param {string} otp
 * @param {'citizen' | 'photographer'} role
 */
export async function finishSignIn(call, otp, role) {
  let session = await call('POST', '/v1/session/otp', 200, { otp });
  if (session.stage === 'role') {
    const chosen = session.roles.find((one) => one.kind === role);
    if (!chosen) throw new Error(`this person cannot act as ${role}`);
    const body = role === 'photographer' ? { kind: role, business: chosen.business.id } : { kind: role };
    session = await call('PUT', '/v1/session/role', 200, body);
  }
  if (session.stage === 'consent') {
    session = await call('POST', '/v1/session/consent', 200, { version: session.consent.version, agree: true });
  }
  if (session.stage !== 'ready' || session.role.kind !== role) throw new Error(`not ready as ${role}: ${JSON.stringify(session)}`);
}

/** A new photographer who has signed in, without a page. */
export const photographer = async () => caller(await person('photographer'), 'photographer');

let issuer;

/**
 * Issues photos as a photographer would, so that a citizen's test needs none: uploads, issues the code, waits until it has arrived.
 * @param {object} wanted
 * @param {string} wanted.recipient a mobile number or an email address
 * @param {Buffer | null} [wanted.face] null: none
 * @param {Buffer | null} [wanted.signature] null: none
 * @param {'standard' | 'identity_card'} [wanted.profile]
 * @param {'el' | 'en'} [wanted.language] of the message
 * @param {Caller} [wanted.by] the photographer; one of its own for this file if it does not matter
 * @returns {Promise<{ uploadId: string, code: string, link: string, message: inbox.Message }>}
 */
export async function issue({ recipient, face, signature, profile = 'standard', language = 'el', by }) {
  const calls = by ?? (await (issuer ??= photographer()));
  const photos = {
    face: face === undefined ? (profile === 'identity_card' ? pictures.identityCardFace() : pictures.face()) : face,
    signature: signature === undefined ? pictures.signature() : signature,
  };
  const given = Object.entries(photos).filter(([, jpeg]) => jpeg !== null);
  const declared = given.map(([kind, jpeg]) => [kind, { bytes: jpeg.length, sha256: createHash('sha256').update(jpeg).digest('hex') }]);
  const upload = await calls.json('POST', '/v1/photographer/uploads', 201, { profile, ...Object.fromEntries(declared) });
  for (const [kind, jpeg] of given) {
    const { method, url, headers } = upload[kind];
    const put = await request(method, url, { headers, body: jpeg });
    if (put.status !== 200) throw new Error(`the bucket answers ${put.status}: ${put.body.toString().slice(0, 300)}`);
  }
  const before = await inbox.lastSeq(recipient);
  const to = { kind: recipient.includes('@') ? 'email' : 'mobile', value: recipient };
  await calls.json('POST', '/v1/photographer/issuances', 201, { upload_id: upload.upload_id, recipient: to, language });
  const message = await inbox.codeMessage(recipient, before);
  return { uploadId: upload.upload_id, code: inbox.codeOf(message), link: inbox.linkOf(message), message };
}
