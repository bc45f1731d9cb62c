// Serves pages from a folder instead of from the stack, for the development of pages. Requests to the API still go to the stack.
//
// The browser uses this server as its proxy, because a proxy gets all requests, including those after redirects and those of workers and
// service workers.

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

/** Returns the Content-Security-Policy. The function serve_web takes it from the same file. */
const policy = () => {
  const text = readFileSync(new URL('../../../shared/web_assets/content_security_policy.txt', import.meta.url), 'utf8');
  return text.trim().replaceAll('\n', '; ').replace('UPLOADS_ORIGIN', uploads());
};

/** @param {string} folder @returns {Promise<{ url: string, close: () => void }>} */
export async function serveDist(folder) {
  if (!existsSync(join(folder, 'index.html'))) throw new Error(`${folder} (WEB_DIST) has no index.html`);
  const headers = { 'content-security-policy': policy(), 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' };
  const server = http.createServer((request, response) => {
    const url = new URL(request.url, origin());
    const isPage = url.origin === origin() && !/^\/v1(\/|$)/.test(url.pathname);
    if (!isPage) return forward(request, response, url);
    const name = normalize(decodeURIComponent(url.pathname));
    const file = join(folder, name);
    const isFile = existsSync(file) && statSync(file).isFile();
    if (!isFile && (name.includes('.') || name.startsWith('/assets/'))) return response.writeHead(404, headers).end();
    const served = isFile ? file : join(folder, 'index.html');
    response.writeHead(200, { ...headers, 'cache-control': 'no-store', 'content-type': TYPES[extname(served)] ?? 'application/octet-stream' });
    return response.end(request.method === 'HEAD' ? undefined : readFileSync(served));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

function forward(request, response, url) {
  const options = { host: '127.0.0.1', port: url.port, path: url.pathname + url.search, method: request.method, headers: request.headers, agent: false };
  const forwarded = http.request(options, (upstream) => {
    response.writeHead(upstream.statusCode, upstream.rawHeaders);
    upstream.pipe(response);
  });
  forwarded.on('error', () => response.destroy());
  request.pipe(forwarded);
}
