// Creates people in the sandbox, each for one test, and calls the API on their behalf without a browser.

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
 * @property {string | null} mobile the confirmed number in the communications register
 * @property {{ afm: string, name: string }[]} businesses
 * @property {{ id: string, name: string }[]} offices KEP offices at which the person is a clerk
 */

/** Creates a person of whom the service has no data yet. @param {'citizen' | 'photographer' | 'kep_clerk' | 'no_mobile'} kind @returns {Promise<Person>} */
export const person = (kind = 'citizen') => json('POST', `${sandbox()}/people`, 201, { kind });

/** Returns a person of infra/sandbox/people.toml. Other tests use these people too. @returns {Promise<Person>} */
export async function named(key) {
  const found = (await json('GET', `${sandbox()}/people.json`, 200)).find((one) => one.key === key);
  if (!found) throw new Error(`the sandbox has no person with the key ${key}`);
  return found;
}

/**
 * Creates an eight-year-old in this person's custody.
 * @param {Person} custodian
 * @param {{ afm?: true, paaypa?: true }} [has] `paaypa`: the minor has a PAAYPA instead of an AMKA. `afm`: the minor also has an AFM
 */
export const minor = (custodian, has = {}) => json('POST', `${sandbox()}/minors`, 201, { ...has, custodian: custodian.key });

/** Changes a minor's data in the registers: `{ custodian: key or null }`, `{ afm: true }`, `{ adult: true }`. */
export const changeMinor = (child, change) => json('POST', `${sandbox()}/minors/${child.key}`, 200, change);

/** Returns an email address that only this person has. @param {Person} who */
export const emailOf = (who) => `${who.key}.${who.afm}@example.gr`;

const fixture = (name) => readFileSync(new URL(`../../fixtures/${name}`, import.meta.url));

/** Valid pictures: `face` and `signature` for the profile `standard`, `identityCardFace` for `identity_card`. */
export const pictures = {
  face: () => fixture('portrait.jpg'),
  identityCardFace: () => fixture('portrait_4x5.jpg'),
  signature: () => fixture('signature.jpg'),
};

/** Submits the form on TAXISnet's page as this person. Returns the URL to which TAXISnet redirects. */
async function throughTaxisnet(page, who) {
  const form = new URLSearchParams(page.search);
  form.append('afm', who.afm);
  const action = page.origin + page.pathname;
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const response = await request('POST', action, { headers, body: form.toString() });
  if (response.status !== 302) throw new Error(`TAXISnet: ${response.status}: ${response.body.toString().slice(0, 300)}`);
  return response.headers.location;
}

/**
 * Signs a person in without a browser, and chooses a role. If the role is `citizen`, agrees to the text on personal data.
 * @param {Person} who
 * @param {'citizen' | 'photographer' | 'kep_clerk'} role
 */
export async function caller(who, role) {
  const calls = new Caller();
  const begun = await calls.send('GET', '/v1/sign-in?return_to=/v1/session');
  const before = await inbox.lastSeq(who.mobile);
  const back = await throughTaxisnet(new URL(begun.headers.location), who);
  const response = await calls.send('GET', back);
  if (response.status !== 303) throw new Error(`callback: ${response.status}: ${response.body.toString().slice(0, 300)}`);
  await finishSignIn((...call) => calls.json(...call), await inbox.otp(who.mobile, before), role);
  return calls;
}

/**
 * Completes a sign-in: enters the one-time password, then chooses the role and agrees to the text if the session requires it. `call` is
 * `(method, path, status, body) => response`.
 * @param {string} otp
 * @param {'citizen' | 'photographer' | 'kep_clerk'} role
 */
export async function finishSignIn(call, otp, role) {
  let session = await call('POST', '/v1/session/otp', 200, { otp });
  if (session.stage === 'role') {
    const chosen = session.roles.find((one) => one.kind === role);
    if (!chosen) throw new Error(`this person cannot act as ${role}`);
    const place = { citizen: {}, photographer: { business: chosen.business?.id }, kep_clerk: { office: chosen.office?.id } }[role];
    const body = { kind: role, ...place };
    session = await call('PUT', '/v1/session/role', 200, body);
  }
  if (session.stage === 'consent') {
    session = await call('POST', '/v1/session/consent', 200, { version: session.consent.version, agree: true });
  }
  if (session.stage !== 'ready' || session.role.kind !== role) throw new Error(`not ready as ${role}: ${JSON.stringify(session)}`);
}

/** Creates a photographer and signs them in without a browser. */
export const photographer = async () => caller(await person('photographer'), 'photographer');

let issuer;

/**
 * Issues photos on behalf of a photographer: uploads them, issues the code, and waits until the message has arrived.
 * @param {object} options
 * @param {string} options.recipient a mobile number or an email address
 * @param {Buffer | null} [options.face] `null` leaves the face out
 * @param {Buffer | null} [options.signature] `null` leaves the signature out
 * @param {'standard' | 'identity_card'} [options.profile]
 * @param {'el' | 'en'} [options.language] language of the message
 * @param {Caller} [options.by] the photographer. Default: one that all tests of the file share
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
    if (put.status !== 200) throw new Error(`the bucket responded with ${put.status}: ${put.body.toString().slice(0, 300)}`);
  }
  const before = await inbox.lastSeq(recipient);
  const to = { kind: recipient.includes('@') ? 'email' : 'mobile', value: recipient };
  await calls.json('POST', '/v1/photographer/issuances', 201, { upload_id: upload.upload_id, recipient: to, language });
  const message = await inbox.codeMessage(recipient, before);
  return { uploadId: upload.upload_id, code: inbox.codeOf(message), link: inbox.linkOf(message), message };
}
