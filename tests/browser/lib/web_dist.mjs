// For whoever writes pages: the browser sees files of a folder in place of what the stack serves, and the stack's API as it is.
//
// A proxy, because redirects, workers and service workers come through it as everything else does.

import { existsSync, readFileSync, statSync } from 'node:fs';
import http from 'node:http';
import { extname, join, normalize } from 'node:path';
import { origin, uploads } from './stack.mjs';

const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};

/** The same text that serve_web is built with. */
const policy = () => {
  const text = readFileSync(new URL('../../../shared/web_assets/content_security_policy.txt', import.meta.url), 'utf8');
  return text.trim().replaceAll('\n', '; ').replace('UPLOADS_ORIGIN', uploads());
};

/** @param {string} folder @returns {Promise<{ url: string, close: () => void }>} */
export async function serveDist(folder) {
  if (!existsSync(join(folder, 'index.html'))) throw new Error(`there is no index.html in ${folder} (WEB_DIST)`);
  const headers = { 'content-security-policy': policy(), 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' };
  const server = http.createServer((asked, answer) => {
    const url = new URL(asked.url, origin());
    const isPage = url.origin === origin() && !/^\/v1(\/|$)/.test(url.pathname);
    if (!isPage) return pass(asked, answer, url);
    const name = normalize(decodeURIComponent(url.pathname));
    const file = join(folder, name);
    const isFile = existsSync(file) && statSync(file).isFile();
    if (!isFile && (name.includes('.') || name.startsWith('/assets/'))) return answer.writeHead(404, headers).end();
    const shown = isFile ? file : join(folder, 'index.html');
    answer.writeHead(200, { ...headers, 'cache-control': 'no-store', 'content-type': TYPES[extname(shown)] ?? 'application/octet-stream' });
    return answer.end(asked.method === 'HEAD' ? undefined : readFileSync(shown));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

function pass(asked, answer, url) {
  const there = { host: '127.0.0.1', port: url.port, path: url.pathname + url.search, method: asked.method, headers: asked.headers, agent: false };
  const onward = http.request(there, (got) => {
    answer.writeHead(got.statusCode, got.rawHeaders);
    got.pipe(answer);
  });
  onward.on('error', () => answer.destroy());
  asked.pipe(onward);
}
