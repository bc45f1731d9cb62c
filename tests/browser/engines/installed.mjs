// Finds the browsers on this machine. `node installed.mjs firefox webkit` prints what is missing, one item per line, and exits with 1 if something is
// missing. With `--debian` it prints the names of Debian's packages instead.

import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * Folders that may have a subfolder for each version of WebKitGTK. On Debian and Ubuntu, these subfolders are in a folder that is named
 * after the processor's architecture.
 */
const LIBRARIES = ['/usr/libexec', '/usr/lib', '/usr/lib64', ...folders('/usr/lib').map((name) => join('/usr/lib', name))];

function folders(path) {
  try {
    return readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch {
    return [];
  }
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const inPath = (names) => names.flatMap((name) => (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name)));

/**
 * The programs that tests in Firefox and WebKit need. `variable` is the name of an environment variable. If this variable is set, its value
 * is the path of the program. Otherwise the path is the first of `paths` that can be executed.
 */
const PROGRAMS = {
  firefox: { title: 'Firefox', variable: 'FIREFOX', paths: () => inPath(['firefox-esr', 'firefox']), debian: 'firefox-esr' },
  webKitDriver: { title: 'WebKitWebDriver', variable: 'WEBKIT_DRIVER', paths: () => inPath(['WebKitWebDriver']), debian: 'webkit2gtk-driver' },
  miniBrowser: {
    title: 'MiniBrowser of WebKitGTK',
    variable: 'MINIBROWSER',
    paths: () => LIBRARIES.flatMap((library) => folders(library).filter((name) => /^webkit(2?gtk)-[\d.]+$/.test(name)).sort().map((name) => join(library, name, 'MiniBrowser'))),
    debian: 'webkit2gtk-driver',
  },
  xvfb: { title: 'Xvfb, a screen without a monitor', variable: 'XVFB', paths: () => inPath(['Xvfb']), debian: 'xvfb' },
};

const NEEDS = { firefox: ['firefox'], webkit: ['webKitDriver', 'miniBrowser', 'xvfb'] };

function find(key) {
  const { variable, paths } = PROGRAMS[key];
  return process.env[variable] ? [process.env[variable]].find(isProgram) : paths().find(isProgram);
}

const missing = (key) => `${PROGRAMS[key].title} (Debian: apt-get install ${PROGRAMS[key].debian}; or set ${PROGRAMS[key].variable} to its path)`;

function pathOf(key) {
  const found = find(key);
  if (found === undefined) throw new Error(`missing: ${missing(key)}`);
  return found;
}

export const firefoxPath = () => pathOf('firefox');
export const webKitDriverPath = () => pathOf('webKitDriver');
export const miniBrowserPath = () => pathOf('miniBrowser');
export const xvfbPath = () => pathOf('xvfb');

const lacking = (engines) => engines.flatMap((engine) => NEEDS[engine]).filter((key) => find(key) === undefined);

/**
 * Returns a line for each program that these engines need and that is not installed on this machine. The line contains the program's title,
 * its Debian package and the environment variable that can name its path.
 * @param {string[]} engines
 */
export const missingFor = (engines) => lacking(engines).map(missing);

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [isDebian, engines] = [process.argv[2] === '--debian', process.argv.slice(2).filter((argument) => argument !== '--debian')];
  const lines = isDebian ? [...new Set(lacking(engines).map((key) => PROGRAMS[key].debian))] : missingFor(engines);
  for (const line of lines) console.log(line);
  process.exitCode = lines.length > 0 ? 1 : 0;
}
