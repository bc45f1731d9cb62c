// Where the stack is: infra/local/stack.py writes it as variables, for whoever runs the tests.

/** @param {string} name */
export function variable(name) {
  const value = process.env[name];
  if (!value) {
    throw new Error(`${name} is not set: run \`make test\`, or take a running stack's settings first: \`set -a; . .local/dev/env; set +a\``);
  }
  return value;
}

/** The service, as browsers see it. */
export const origin = () => variable('MYPHOTO_URL');

/** The outside world: TAXISnet, registers, inbox. */
export const sandbox = () => variable('SANDBOX_URL');

/** Where the photographer's browser puts pictures: locally the emulator. */
export const uploads = () => new URL(variable('AWS_ENDPOINT_URL')).origin;
