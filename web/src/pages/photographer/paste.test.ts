import { expect, test } from "vitest";

import { readClipboard, slotFor } from "./paste";

const clipboard = (types: readonly string[], ...files: File[]) => ({ types, files: files as unknown as FileList });
const png = new File(["picture"], "image.png", { type: "image/png" });

test("a copied picture is a file, also if the browser adds its HTML", () => {
  expect(readClipboard(clipboard(["text/html", "Files"], png))).toEqual({ files: [png] });
});

test("several copied files are all returned, so that the page can say that it needs one", () => {
  expect(readClipboard(clipboard(["Files"], png, png))).toEqual({ files: [png, png] });
});

test("text and links are not pictures", () => {
  expect(readClipboard(clipboard(["text/plain"]))).toEqual({ none: "text" });
  expect(readClipboard(clipboard(["text/uri-list", "text/html"]))).toEqual({ none: "text" });
});

test("an empty clipboard, or none, has nothing", () => {
  expect(readClipboard(clipboard([]))).toEqual({ none: "empty" });
  expect(readClipboard(null)).toEqual({ none: "empty" });
});

test("a picture is for the slot with the focus, or else for the first empty one", () => {
  expect(slotFor(undefined, [])).toBe("face");
  expect(slotFor(undefined, ["face"])).toBe("signature");
  expect(slotFor(undefined, ["signature"])).toBe("face");
  expect(slotFor("signature", [])).toBe("signature");
  expect(slotFor("face", ["face", "signature"])).toBe("face");
});

test("a picture replaces none of two unless one of them has the focus", () => {
  expect(slotFor(undefined, ["face", "signature"])).toBeUndefined();
});
