/* The worker of inspect_file.ts. Receives one file and sends its inspection. */
import { inspect } from "./inspect";

addEventListener("message", (event: MessageEvent<File>) => {
  event.data.arrayBuffer().then(
    (bytes) => postMessage(inspect(new Uint8Array(bytes))),
    // If the worker cannot read the file, the page tries to read the file itself and gets the error.
    () => postMessage(undefined),
  );
});
