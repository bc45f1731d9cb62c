/* Tests which files are opened, with fakes of the browser's two decoders: `createImageBitmap` and the image element. */
import { afterEach, expect, test, vi } from "vitest";

import baseline from "../../../../../shared/pictures/tests/data/baseline_420.jpg?inline";
import { openPicture, UnreadableFile } from "./decode";

vi.mock("./inspect_worker?worker&url", () => ({ default: "" }));

const JPEG = Uint8Array.from(atob(baseline.slice(baseline.indexOf(",") + 1)), (letter) => letter.charCodeAt(0));
const fileOf = (bytes: Uint8Array<ArrayBuffer>, name = "DSC_0001.jpg") => new File([bytes], name);
const PREVIEW = { close: () => undefined };

class FakeImage {
  naturalWidth = 800;
  naturalHeight = 1200;
  src = "";
  decode = () => Promise.resolve();
}

/** Installs the fakes. `decodes` tells whether `createImageBitmap` decodes files. The image element decodes every file. */
function setDecoder(decodes: boolean): void {
  vi.stubGlobal("HTMLImageElement", FakeImage);
  vi.stubGlobal("Image", FakeImage);
  vi.stubGlobal("createImageBitmap", (source: unknown) => (source instanceof Blob && !decodes ? Promise.reject(new DOMException("", "InvalidStateError")) : Promise.resolve({ ...PREVIEW, width: 800, height: 1200 })));
}

const reasonOf = (file: File) =>
  openPicture(file).then(
    () => "opened",
    (error: unknown) => (error instanceof UnreadableFile ? error.reason : error),
  );

afterEach(() => vi.unstubAllGlobals());

test.each([true, false])("a JPEG that was cut off is incomplete, whether the browser decodes it or not (%s)", async (decodes) => {
  setDecoder(decodes);
  for (const share of [0.01, 0.6, 0.99]) expect(await reasonOf(fileOf(JPEG.slice(0, Math.floor(JPEG.length * share))))).toBe("incomplete");
});

test("the image element opens a JPEG that createImageBitmap rejects, only if the JPEG is complete", async () => {
  setDecoder(false);
  expect(await reasonOf(fileOf(JPEG))).toBe("opened");
  const judgedByBrowser = JPEG.slice();
  // Declares arithmetic coding, so that the page cannot judge whether the file is complete.
  judgedByBrowser[judgedByBrowser.findIndex((byte, at) => byte === 0xff && JPEG[at + 1] === 0xc0) + 1] = 0xc9;
  expect(await reasonOf(fileOf(judgedByBrowser))).toBe("unreadable");
});

test.each(["NotReadableError", "NotFoundError"])("a file that cannot be read any more (%s) has to be copied again", async (name) => {
  setDecoder(true);
  const file = Object.assign(fileOf(JPEG), { arrayBuffer: () => Promise.reject(new DOMException("", name)) });
  expect(await reasonOf(file)).toBe("incomplete");
});
