// Everything that tests import: `import { test, signIn, person } from './lib/index.mjs'`.

export { axe, axeInBoth } from './axe.mjs';
export { cameraPicture, choose } from './camera.mjs';
export { checkPage, chromiumPath, forgetFaults, launch, newPage, test } from './browser.mjs';
export { assertFits } from './fits.mjs';
export { Caller, json, request } from './http.mjs';
export * as inbox from './inbox.mjs';
export { caller, changeMinor, emailOf, issue, minor, named, person, photographer, pictures } from './people.mjs';
export { callFrom, denyTaxisnet, passTaxisnet, signIn, untilSignedOut, upToOtp } from './sign_in.mjs';
export { origin, sandbox, uploads } from './stack.mjs';
export { qrVideo } from './video.mjs';
export { assertFocused, eventually, hasFocus } from './waits.mjs';
