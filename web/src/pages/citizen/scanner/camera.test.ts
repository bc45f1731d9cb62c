import { describe, expect, it } from "vitest";

import { applySetting, betterCamera, cameraProblem, controlsOf, focusContinuously, lensRank, listCameras, nextCamera, openCamera, type Camera, type Devices } from "./camera";
import { fakeDevices, FakeTrack, type FakeCamera } from "./fake_camera";

const track = (camera: FakeCamera) => new FakeTrack(camera) as unknown as MediaStreamTrack;
const named = (name: string) => new DOMException("", name);

describe("an error of getUserMedia", () => {
  it.each([
    [named("NotAllowedError"), "refused"],
    [named("SecurityError"), "refused"],
    [named("NotFoundError"), "absent"],
    [named("NotReadableError"), "in_use"],
    [named("AbortError"), "in_use"],
    [named("OverconstrainedError"), "unsuitable"],
    [{ name: "OverconstrainedError", constraint: "width" }, "unsuitable"],
    [{ name: "TrackStartError" }, "in_use"],
    [{ name: "PermissionDeniedError" }, "refused"],
    [new TypeError(), "unavailable"],
    [named("DataError"), "unknown"],
    [{ name: "constructor" }, "unknown"],
    [undefined, "unknown"],
  ])("%o is reported as %s", (error, problem) => {
    expect(cameraProblem(error)).toBe(problem);
  });
});

describe("opening a camera", () => {
  it.each([undefined, {}, { getUserMedia: undefined }])("without getUserMedia is unavailable (%o)", async (devices) => {
    const error: unknown = await openCamera(devices as Devices | undefined, undefined).catch((error: unknown) => error);
    expect(cameraProblem(error)).toBe("unavailable");
  });

  it("asks for any camera if none fits what is preferred", async () => {
    const { devices, requests } = fakeDevices([named("OverconstrainedError"), {}]);
    await openCamera(devices, undefined);
    expect(requests).toEqual([expect.objectContaining({ facingMode: { ideal: "environment" } }), true]);
  });

  it("opens another camera if the chosen one is gone", async () => {
    const { devices, requests } = fakeDevices([named("NotFoundError"), {}]);
    await openCamera(devices, "gone");
    expect(requests.length).toBe(2);
  });

  it("does not ask again if the user refuses", async () => {
    const { devices, requests } = fakeDevices([named("NotAllowedError")]);
    await expect(openCamera(devices, undefined)).rejects.toThrow();
    expect(requests.length).toBe(1);
  });
});

describe("the choice among several lenses", () => {
  const IPHONE_PRO = ["Front Camera", "Back Ultra Wide Camera", "Back Telephoto Camera", "Back Camera", "Back Dual Camera", "Back Dual Wide Camera", "Back Triple Camera"];
  const IPHONE = ["Back Camera", "Front Camera", "Back Ultra Wide Camera", "Back Dual Wide Camera"];
  const IPHONE_GREEK = ["Πίσω υπερευρυγώνια κάμερα", "Μπροστινή κάμερα", "Πίσω κάμερα", "Πίσω τηλεφακός"];
  const ANDROID = ["camera2 3, facing front", "camera2 1, facing front", "camera2 2, facing back", "camera2 0, facing back", "camera2 12, facing back"];

  const camerasOf = (labels: readonly string[]): Promise<readonly Camera[]> => listCameras(fakeDevices([], labels.map((label) => ({ id: label, label }))).devices);

  it.each([
    [IPHONE_PRO, "Back Camera", "Back Triple Camera"],
    [IPHONE_PRO, "Back Ultra Wide Camera", "Back Triple Camera"],
    [IPHONE, "Back Camera", "Back Dual Wide Camera"],
    [IPHONE_GREEK, "Πίσω υπερευρυγώνια κάμερα", "Πίσω κάμερα"],
    [IPHONE_GREEK, "Μπροστινή κάμερα", "Πίσω κάμερα"],
    [ANDROID, "camera2 2, facing back", "camera2 0, facing back"],
    [ANDROID, "camera2 1, facing front", "camera2 0, facing back"],
  ])("of %j, if the browser opened %s, %s is better", async (labels, opened, better) => {
    expect(betterCamera(await camerasOf(labels), track({ id: opened, label: opened }))?.label).toBe(better);
  });

  it.each([
    [IPHONE_PRO, "Back Triple Camera"],
    [ANDROID, "camera2 0, facing back"],
    [["Back Camera", "Front Camera"], "Back Camera"],
    // On a computer, the user chooses the camera in the browser.
    [["FaceTime HD Camera", "USB Camera"], "FaceTime HD Camera"],
    [["Integrated Camera", "Integrated IR Camera", "OBS Virtual Camera"], "Integrated Camera"],
    [["", ""], ""],
  ])("of %j, the browser's choice %s stays", async (labels, opened) => {
    expect(betterCamera(await camerasOf(labels), track({ id: opened, label: opened }))).toBeUndefined();
  });

  it("the user can go through all cameras, from the best to the front and back to the first", async () => {
    const cameras = await camerasOf(IPHONE);
    const seen: string[] = [];
    let open = cameras[0]?.id;
    for (let step = 0; step < 5; step += 1) {
      seen.push(open ?? "");
      open = nextCamera(cameras, open)?.id;
    }
    expect(seen).toEqual(["Back Dual Wide Camera", "Back Camera", "Back Ultra Wide Camera", "Front Camera", "Back Dual Wide Camera"]);
  });

  it("an unknown label ranks like an ordinary camera", () => {
    expect(lensRank("Κάμερα")).toBe(lensRank("Back Camera"));
  });

  it("cameras that cannot be listed are no failure", async () => {
    const devices = { getUserMedia: () => Promise.reject(new Error()), enumerateDevices: () => Promise.reject(named("NotAllowedError")) };
    expect(await listCameras(devices)).toEqual([]);
  });
});

describe("light, zoom and focus", () => {
  it.each([
    [{}, { torch: false }],
    [{ torch: true }, { torch: true }],
    [{ torch: [false, true] }, { torch: true }],
    [{ torch: [false] }, { torch: false }],
    [{ zoom: { min: 1, max: 1, step: 0 } }, { torch: false }],
    [{ zoom: { min: 1, max: 5, step: 0.1 } }, { torch: false, zoom: { min: 1, max: 5, step: 0.1, value: 1 } }],
    [{ zoom: { min: 0.5, max: 123, step: 0 } }, { torch: false, zoom: { min: 0.5, max: 8, step: 0.375, value: 1 } }],
    [{ zoom: { min: 100, max: 1000, step: 1 } }, { torch: false, zoom: { min: 100, max: 800, step: 1, value: 100 } }],
  ])("capabilities %j become the controls %j", (capabilities, controls) => {
    expect(controlsOf(track({ capabilities }))).toEqual(controls);
  });

  it("a browser without getCapabilities has no controls", () => {
    const old = new FakeTrack({}) as unknown as { getCapabilities?: unknown };
    old.getCapabilities = undefined;
    expect(controlsOf(old as unknown as MediaStreamTrack)).toEqual({ torch: false });
  });

  it("the camera focuses continuously if it can", async () => {
    const camera = new FakeTrack({ capabilities: { focusMode: ["manual", "continuous"] } });
    await focusContinuously(camera as unknown as MediaStreamTrack);
    expect(camera.applyConstraints).toHaveBeenCalledWith({ advanced: [{ focusMode: "continuous" }] });
    const fixed = new FakeTrack({ capabilities: { focusMode: ["manual"] } });
    await focusContinuously(fixed as unknown as MediaStreamTrack);
    expect(fixed.applyConstraints).not.toHaveBeenCalled();
  });

  it("a setting that the camera rejects is reported", async () => {
    const camera = new FakeTrack({});
    camera.applyConstraints.mockRejectedValue(named("OverconstrainedError"));
    expect(await applySetting(camera as unknown as MediaStreamTrack, { torch: true })).toBe(false);
  });
});
