// Does the work of functions/citizen/submit_code.rs in idiomatic JavaScript for Node.js, so that `make bench` can compare the two programs.
// This program reads and writes the same items and objects as the Rust function, and returns the same response. Where the Rust function
// returns a problem, this program throws an exception. It is never deployed.

import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import http from 'node:http';
import { DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';

const dynamodb = new DynamoDBClient({});
const s3 = new S3Client({ forcePathStyle: Boolean(process.env.AWS_ENDPOINT_URL) });
const SUBMISSIONS_PER_DAY = 5;
const IDLE = 30 * 60;
const athens = new Intl.DateTimeFormat('en-CA', { timeZone: 'Europe/Athens', dateStyle: 'short' });
const athensHour = new Intl.DateTimeFormat('en', { timeZone: 'Europe/Athens', hour: 'numeric', hourCycle: 'h23' });

const derive = (secret, label) => Buffer.from(hkdfSync('sha256', secret, 'myphoto', label, 32));

function unseal(key, context, sealed) {
  if (sealed[0] !== 1) throw new Error('unknown format');
  const bytes = Buffer.from(sealed);
  const cipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(1, 13)).setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(-16));
  return Buffer.concat([cipher.update(bytes.subarray(13, -16)), cipher.final()]);
}

function seal(key, context, plain) {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context));
  return Buffer.concat([Buffer.from([1]), nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

async function get(table, key, now) {
  const { Item: item } = await dynamodb.send(new GetItemCommand({ TableName: process.env[table], Key: key, ConsistentRead: true }));
  return item && Number(item.expires_at.N) > now ? item : undefined;
}

/** Returns the seconds since 1970 at which the next day in Athens begins, which is 21:00 or 22:00 UTC. */
function nextMidnight(now) {
  const today = athens.format(now * 1000);
  let hour = (Math.floor(now / 3600) + 1) * 3600;
  while (athens.format(hour * 1000) === today || athensHour.format(hour * 1000) !== '00') hour += 3600;
  return hour;
}

async function useOne(subject, codeId, now) {
  const { Attributes: counted } = await dynamodb.send(
    new UpdateItemCommand({
      TableName: process.env.QUOTAS_TABLE,
      Key: { subject_day: { S: `${subject}#${athens.format(now * 1000)}` } },
      UpdateExpression: 'ADD #set :ids SET #end = :end',
      ConditionExpression: 'attribute_not_exists(#set) OR size(#set) < :limit OR contains(#set, :id)',
      ExpressionAttributeNames: { '#set': 'submissions', '#end': 'expires_at' },
      ExpressionAttributeValues: {
        ':ids': { SS: [codeId] },
        ':id': { S: codeId },
        ':limit': { N: String(SUBMISSIONS_PER_DAY) },
        ':end': { N: String(nextMidnight(nextMidnight(now))) },
      },
      ReturnValues: 'ALL_NEW',
    }),
  );
  return SUBMISSIONS_PER_DAY - counted.submissions.SS.length;
}

async function preview(dataKey, setId, kind) {
  const name = `${setId}/${kind}-preview`;
  const { Body: body } = await s3.send(new GetObjectCommand({ Bucket: process.env.PHOTOS_BUCKET, Key: `pending/${name}` }));
  return `data:image/jpeg;base64,${unseal(dataKey, name, await body.transformToByteArray()).toString('base64')}`;
}

const moment = (seconds) => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');

async function handle(event) {
  const now = Math.floor(Date.now() / 1000);
  const cookies = Object.fromEntries(event.headers.Cookie.split(';').map((part) => part.trim().split(/=(.*)/s)));
  const token = Buffer.from(cookies['__Host-session'], 'base64url');
  const session = await get('SESSIONS_TABLE', { session_id: { S: createHash('sha256').update(token).digest('base64url') } }, now);
  if (!session || Number(session.hard_end.N) <= now || session.otp || !session.consent) throw new Error('no session of a citizen');
  const sessionKey = derive(token, 'session');
  JSON.parse(unseal(sessionKey, 'session person', session.person.B));
  const subject = session.subject_id.S;

  const written = JSON.parse(event.body).code.replace(/\s/g, '');
  const code = Buffer.from(written, 'base64');
  const codeId = derive(code, 'code id').toString('base64url');
  const [submissionsLeft, item, association] = await Promise.all([
    useOne(subject, codeId, now),
    get('CODES_TABLE', { code_id: { S: codeId } }, now),
    get('ASSOCIATIONS_TABLE', { subject_id: { S: subject } }, now),
  ]);
  if (item?.state.S !== 'issued') throw new Error('the code is not waiting to be submitted');
  const setId = item.set_id.S;
  const dataKey = unseal(derive(code, 'code key'), `data key of ${setId}`, item.wrapped_key.B);
  const images = item.images.L.map(({ M: { kind, width, height, bytes } }) => ({
    kind: kind.S,
    width: Number(width.N),
    height: Number(height.N),
    bytes: Number(bytes.N),
  }));
  const submission = {
    subject: 'self',
    subject_id: subject,
    code: written,
    state: 'issued',
    dissociations: 0,
    set_id: setId,
    profile: item.profile.S,
    images,
    wrapped_key: [...item.wrapped_key.B],
    business: item.business.S,
    upload_id: item.upload_id.S,
    message_id: item.message_id.S,
    issued_at: Number(item.issued_at.N),
    code_expires_at: Number(item.expires_at.N),
    nothing_associated_at: association === undefined ? now : null,
    confirmed: false,
  };
  const storing = dynamodb.send(
    new UpdateItemCommand({
      TableName: process.env.SESSIONS_TABLE,
      Key: { session_id: session.session_id },
      UpdateExpression: 'SET #submission = :submission, #used = :now, #end = :end',
      ConditionExpression: 'attribute_exists(#key) AND attribute_not_exists(#successor)',
      ExpressionAttributeNames: {
        '#key': 'session_id',
        '#submission': 'submission',
        '#successor': 'successor',
        '#used': 'used_at',
        '#end': 'expires_at',
      },
      ExpressionAttributeValues: {
        ':submission': { B: seal(sessionKey, 'session submission', JSON.stringify(submission)) },
        ':now': { N: String(now) },
        ':end': { N: String(Math.min(now + IDLE, Number(session.hard_end.N))) },
      },
    }),
  );
  const opening = images.map(async (image) => ({ ...image, preview: await preview(dataKey, setId, image.kind) }));
  const [views] = await Promise.all([Promise.all(opening), storing]);
  const response = {
    subject: 'self',
    profile: submission.profile,
    images: views,
    issued_at: moment(submission.issued_at),
    expires_at: moment(submission.code_expires_at),
    confirmed: false,
    submissions_left: submissionsLeft,
  };
  return { statusCode: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(response) };
}

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const agent = new http.Agent({ keepAlive: true });

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host, port, agent, method, path: `/2018-06-01/runtime/${path}` }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part)).on('end', () => resolve({ headers: response.headers, text: Buffer.concat(parts).toString() }));
    });
    request.on('error', reject).end(body);
  });
}

for (;;) {
  const { headers, text } = await call('GET', 'invocation/next');
  const id = headers['lambda-runtime-aws-request-id'];
  try {
    await call('POST', `invocation/${id}/response`, JSON.stringify(await handle(JSON.parse(text))));
  } catch (error) {
    await call('POST', `invocation/${id}/error`, JSON.stringify({ errorMessage: String(error) }));
  }
}
