// URLs of the stack, from environment variables. infra/local/stack.py writes them to the file `env` of the stack's folder.

/** @param {string} name */
export function variable(name) {
  const value = process.env[name];
  if (!value) {
    throw new Error(`${name} is not set: run \`make test\`, or load the settings of a running stack first: \`set -a; . .local/dev/env; set +a\``);
  }
  return value;
}

/** Returns the service's origin. */
export const origin = () => variable('MYPHOTO_URL');

/** Returns the sandbox's origin. The sandbox simulates TAXISnet, the registers, and the recipients of SMS and email. */
export const sandbox = () => variable('SANDBOX_URL');

/** Returns the origin to which the photographer's browser uploads pictures. Locally it is the emulator's. */
export const uploads = () => variable('UPLOADS_URL');
