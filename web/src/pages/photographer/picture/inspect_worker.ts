/* The worker of inspect_file.ts. Receives one file and sends its inspection. */
import { inspect } from "./inspect";

addEventListener("message", (event: MessageEvent<File>) => {
  event.data.arrayBuffer().then(
    (bytes) => postMessage(inspect(new Uint8Array(bytes))),
    // The page reads the file itself then, and so learns the reason.
    () => postMessage(undefined),
  );
});
