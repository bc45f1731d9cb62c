import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { createReader, type DetectorClass, type Reader } from "./reader";

vi.mock("zxing-wasm/reader", () => ({ prepareZXingModule: vi.fn(), readBarcodes: vi.fn() }));
vi.mock("zxing-wasm/reader/zxing_reader.wasm?url", () => ({ default: "zxing.wasm" }));

const IMAGE = {} as ImageData;

type Given = { formats?: () => Promise<string[]>; detect: () => Promise<{ rawValue: string }[]> };

function detector({ formats = () => Promise.resolve(["qr_code"]), detect }: Given): DetectorClass {
  return class {
    static getSupportedFormats = formats;
    detect = detect;
  };
}

const zxing = (texts: readonly string[]) => {
  const read = vi.fn<Reader>(() => Promise.resolve(texts));
  return { read, load: vi.fn(() => Promise.resolve(read)) };
};

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe("the reader of QR codes", () => {
  it("uses the browser's detector alone while that finds codes", async () => {
    const { load } = zxing([]);
    const read = createReader(0, { native: detector({ detect: () => Promise.resolve([{ rawValue: "a" }]) }), loadZxing: load });
    expect(await read(IMAGE)).toEqual(["a"]);
    expect(load).not.toHaveBeenCalled();
  });

  it.each([
    ["does not exist", undefined],
    ["does not support QR codes", detector({ formats: () => Promise.resolve(["ean_13"]), detect: () => Promise.resolve([{ rawValue: "native" }]) })],
    ["cannot list its formats", detector({ formats: () => Promise.reject(new Error("no service")), detect: () => Promise.resolve([]) })],
    ["finds nothing", detector({ detect: () => Promise.resolve([]) })],
    ["finds a code without a text", detector({ detect: () => Promise.resolve([{ rawValue: "" }]) })],
    ["rejects", detector({ detect: () => Promise.reject(new DOMException("", "NotSupportedError")) })],
    ["throws", detector({ detect: () => { throw new TypeError(); } })],
  ])("asks zxing about the same image if the browser's detector %s", async (_, native) => {
    const { load } = zxing(["z"]);
    expect(await createReader(0, { native, loadZxing: load })(IMAGE)).toEqual(["z"]);
  });

  it.each([
    ["detecting", detector({ detect: () => new Promise(() => undefined) })],
    ["listing its formats", detector({ formats: () => new Promise(() => undefined), detect: () => Promise.resolve([]) })],
  ])("asks zxing if the browser's detector never finishes %s", async (_, native) => {
    const { load } = zxing(["z"]);
    const texts = createReader(0, { native, loadZxing: load })(IMAGE);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await texts).toEqual(["z"]);
  });

  it("waits for some empty images before it loads zxing, but not if the detector fails", async () => {
    const empty = zxing(["z"]);
    const read = createReader(2, { native: detector({ detect: () => Promise.resolve([]) }), loadZxing: empty.load });
    expect([await read(IMAGE), await read(IMAGE), await read(IMAGE)]).toEqual([[], [], ["z"]]);

    const failing = zxing(["z"]);
    expect(await createReader(2, { native: detector({ detect: () => Promise.reject(new Error()) }), loadZxing: failing.load })(IMAGE)).toEqual(["z"]);
  });

  it("no longer uses the browser's detector once zxing read what that missed", async () => {
    const detect = vi.fn(() => Promise.resolve([]));
    const { load } = zxing(["z"]);
    const read = createReader(0, { native: detector({ detect }), loadZxing: load });
    await read(IMAGE);
    await read(IMAGE);
    expect(detect).toHaveBeenCalledTimes(1);
  });

  it("fails if zxing cannot be loaded and the browser has no detector", async () => {
    await expect(createReader(0, { native: undefined, loadZxing: () => Promise.reject(new Error("offline")) })(IMAGE)).rejects.toThrow("offline");
  });

  it("continues with the browser's detector if zxing cannot be loaded, and tries again later", async () => {
    const load = vi.fn(() => Promise.reject(new Error("offline")));
    const read = createReader(0, { native: detector({ detect: () => Promise.resolve([]) }), loadZxing: load });
    for (let image = 0; image < 41; image += 1) expect(await read(IMAGE)).toEqual([]);
    expect(load).toHaveBeenCalledTimes(1);
    await read(IMAGE);
    expect(load).toHaveBeenCalledTimes(2);
  });
});
