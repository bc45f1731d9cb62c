// Reads the files that a browser writes to its folder for downloads.

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Returns a function that waits for the next new file in the folder and returns it as soon as it is complete. */
export function newDownload(folder) {
  const before = new Set(readdirSync(folder));
  return async (timeout) => {
    const until = Date.now() + timeout;
    let last;
    for (;;) {
      // Firefox writes to NAME.part, and WebKit to NAME.wkdownload. Firefox also creates an empty file NAME at once.
      const names = readdirSync(folder).filter((name) => !before.has(name));
      const name = names.find((name) => !/\.(part|wkdownload)$/.test(name));
      const bytes = name && names.length === 1 ? readFileSync(join(folder, name)) : undefined;
      // A file is complete if it is not empty and has not grown for a moment.
      if (bytes?.length > 0 && bytes.length === last) return { name, bytes };
      last = bytes?.length;
      if (Date.now() > until) throw new Error(`no download within ${timeout / 1000} s; the folder has ${names.join(', ') || 'nothing new'}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };
}

const UNZIP = `
import base64, io, json, sys, zipfile
archive = zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read()))
print(json.dumps({name: base64.b64encode(archive.read(name)).decode() for name in archive.namelist()}))
`;

/** Returns the files of a zip by name. Checks their CRC-32. @returns {Map<string, Buffer>} */
export function unzip(bytes) {
  const python = spawnSync('python3', ['-c', UNZIP], { input: bytes, maxBuffer: 100_000_000 });
  if (python.status !== 0) throw new Error(`the zip cannot be read: ${python.error ?? python.stderr}`);
  return new Map(Object.entries(JSON.parse(python.stdout)).map(([name, content]) => [name, Buffer.from(content, 'base64')]));
}
