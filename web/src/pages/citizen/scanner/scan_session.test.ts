import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { Controls } from "./camera";
import { fakeDevices, openTracks, type FakeCamera, type FakeTrack, type Opening } from "./fake_camera";
import { ScanSession, SLOW_AFTER_MS, type ScanState } from "./scan_session";

const CODE = "adEC3wlknv5LcQn5W65twA";
const ORIGIN = "https://myphoto.example.gr";
const named = (name: string) => new DOMException("", name);

type Given = {
  openings?: readonly Opening[];
  cameras?: readonly FakeCamera[];
  withoutDevices?: boolean;
  play?: () => Promise<void>;
  read?: () => Promise<readonly string[]>;
};

const sessions: ScanSession[] = [];

function startSession({ openings = [{}], cameras = [], withoutDevices = false, play = () => Promise.resolve(), read = () => Promise.resolve([]) }: Given) {
  const fake = fakeDevices(openings, cameras);
  const states: ScanState[] = [];
  const codes: string[] = [];
  const controls: [Controls, number][] = [];
  const page = { isHidden: false, notify: (): void => undefined };
  const screen = { srcObject: null as MediaProvider | null, play: vi.fn(play) };
  const session = new ScanSession(
    {
      devices: withoutDevices ? undefined : fake.devices,
      screen,
      capture: () => (screen.srcObject === null ? undefined : ({} as ImageData)),
      read,
      origin: ORIGIN,
      isHidden: () => page.isHidden,
      onVisibilityChange: (listener) => {
        page.notify = listener;
        return () => void (page.notify = () => undefined);
      },
    },
    { onState: (state) => states.push(state), onCode: (code) => codes.push(code), onControls: (...change) => controls.push(change) },
  );
  sessions.push(session);
  const setHidden = async (isHidden: boolean) => {
    page.isHidden = isHidden;
    page.notify();
    await pass(0);
  };
  return { ...fake, session, screen, states, codes, controls, setHidden, state: () => states.at(-1), open: () => openTracks(fake.tracks) };
}

const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);
const lastOf = (tracks: readonly FakeTrack[]): FakeTrack => {
  const track = tracks.at(-1);
  if (track === undefined) throw new Error("no camera was opened");
  return track;
};

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  for (const session of sessions.splice(0)) session.end();
  vi.useRealTimers();
});

describe("scanning", () => {
  it("reads a code, switches the camera off and reports the code once", async () => {
    const texts = [[], ["https://elsewhere.example/"], [`${ORIGIN}/#code=${CODE}`]];
    const { codes, states, open } = startSession({ read: () => Promise.resolve(texts.shift() ?? [CODE]) });
    await pass(2_000);
    expect(codes).toEqual([CODE]);
    expect(states).toEqual([{ kind: "opening", isSlow: false }, { kind: "looking" }, { kind: "looking", found: { kind: "link", host: "elsewhere.example" } }]);
    expect(open()).toEqual([]);
  });

  it("keeps saying what another QR code is after the code has left the picture", async () => {
    const texts = [["WIFI:S:x;;"]];
    const { state } = startSession({ read: () => Promise.resolve(texts.shift() ?? []) });
    await pass(2_000);
    expect(state()).toEqual({ kind: "looking", found: { kind: "wifi" } });
  });

  it("reports that the reader cannot be loaded, and can be repeated", async () => {
    const results: (readonly string[] | Error)[] = [new Error("offline"), [CODE]];
    const { session, codes, state, open } = startSession({
      read: () => {
        const result = results.shift() ?? [];
        return result instanceof Error ? Promise.reject(result) : Promise.resolve(result);
      },
    });
    await pass(500);
    expect([state(), open()]).toEqual([{ kind: "failed", problem: "reader" }, []]);
    session.retry();
    await pass(500);
    expect(codes).toEqual([CODE]);
  });
});

describe("opening the camera", () => {
  it.each([
    ["NotAllowedError", "refused"],
    ["NotReadableError", "in_use"],
    ["OverconstrainedError", "unsuitable"],
    ["NotFoundError", "absent"],
    ["WeirdError", "unknown"],
  ])("after %s says %s, and a retry can succeed", async (name, problem) => {
    const openings = name === "OverconstrainedError" ? [named(name), named(name), {}] : [named(name), {}];
    const { session, state } = startSession({ openings });
    await pass(500);
    expect(state()).toEqual({ kind: "failed", problem });
    session.retry();
    await pass(500);
    expect(state()).toEqual({ kind: "looking" });
  });

  it("without mediaDevices is unavailable, also when the page is shown again", async () => {
    const { state, states, setHidden } = startSession({ withoutDevices: true });
    await pass(500);
    await setHidden(true);
    await setHidden(false);
    expect(state()).toEqual({ kind: "failed", problem: "unavailable" });
    expect(states.length).toBe(2);
  });

  it("that takes long names the other ways, and the late camera is used", async () => {
    let settle: (camera: FakeCamera) => void = () => undefined;
    const { state } = startSession({ openings: [new Promise<FakeCamera>((resolve) => (settle = resolve))] });
    await pass(SLOW_AFTER_MS - 1);
    expect(state()).toEqual({ kind: "opening", isSlow: false });
    await pass(1);
    expect(state()).toEqual({ kind: "opening", isSlow: true });
    settle({});
    await pass(500);
    expect(state()).toEqual({ kind: "looking" });
  });

  it("that finishes after the dialog was closed switches the camera off again", async () => {
    let settle: (camera: FakeCamera) => void = () => undefined;
    const { session, tracks, open, screen } = startSession({ openings: [new Promise<FakeCamera>((resolve) => (settle = resolve))] });
    await pass(SLOW_AFTER_MS);
    session.end();
    settle({});
    await pass(500);
    expect([tracks.length, open(), screen.srcObject]).toEqual([1, [], null]);
  });

  it("names the other ways also if the picture or the reader never starts", async () => {
    const { state } = startSession({ read: () => new Promise(() => undefined), play: () => new Promise(() => undefined) });
    await pass(SLOW_AFTER_MS);
    expect(state()).toEqual({ kind: "opening", isSlow: true });
  });
});

describe("a video that does not play by itself", () => {
  it.each(["NotAllowedError", "AbortError"])("starts after a tap (%s)", async (name) => {
    const results = [() => Promise.reject(named(name))];
    const { session, state, codes } = startSession({ play: () => (results.shift() ?? (() => Promise.resolve()))(), read: () => Promise.resolve([CODE]) });
    await pass(SLOW_AFTER_MS);
    expect([state(), codes]).toEqual([{ kind: "tap" }, []]);
    session.tap();
    await pass(500);
    expect(codes).toEqual([CODE]);
  });

  it("fails with words if it does not play after the tap either", async () => {
    const { session, state, open } = startSession({ play: () => Promise.reject(named("NotSupportedError")) });
    await pass(500);
    session.tap();
    await pass(500);
    expect([state(), open()]).toEqual([{ kind: "failed", problem: "unknown" }, []]);
  });

  it("that the system pauses is played again", async () => {
    const { session, screen } = startSession({});
    await pass(500);
    session.resume();
    expect(screen.play).toHaveBeenCalledTimes(2);
  });
});

describe("a page in the background", () => {
  it("switches the camera off, and opens it anew when it is shown again", async () => {
    const { state, open, tracks, setHidden } = startSession({});
    await pass(500);
    await setHidden(true);
    expect([state(), open()]).toEqual([{ kind: "paused" }, []]);
    await pass(60_000);
    expect(tracks.length).toBe(1);
    await setHidden(false);
    await pass(500);
    expect([state(), open().length, tracks.length]).toEqual([{ kind: "looking" }, 1, 2]);
  });

  it("switches off a camera that opens while the page is hidden", async () => {
    let settle: (camera: FakeCamera) => void = () => undefined;
    const { open, setHidden, state } = startSession({ openings: [new Promise<FakeCamera>((resolve) => (settle = resolve)), {}] });
    await setHidden(true);
    settle({});
    await pass(500);
    expect([state(), open()]).toEqual([{ kind: "paused" }, []]);
    await setHidden(false);
    await pass(500);
    expect([state(), open().length]).toEqual([{ kind: "looking" }, 1]);
  });

  it("tries again when the user returns from the settings", async () => {
    const { state, setHidden } = startSession({ openings: [named("NotAllowedError"), {}] });
    await pass(500);
    await setHidden(true);
    await setHidden(false);
    await pass(500);
    expect(state()).toEqual({ kind: "looking" });
  });

  it("does nothing after the dialog was closed", async () => {
    const { session, setHidden, tracks } = startSession({});
    await pass(500);
    session.end();
    await setHidden(true);
    await setHidden(false);
    await pass(500);
    expect(tracks.length).toBe(1);
  });
});

describe("a camera that the system takes away", () => {
  it("is opened anew when its track ends", async () => {
    const { tracks, state, open } = startSession({});
    await pass(500);
    lastOf(tracks).fail("ended");
    await pass(500);
    expect([tracks.length, open().length, state()]).toEqual([2, 1, { kind: "looking" }]);
  });

  it("is opened anew if it stays muted, but not after a short interruption", async () => {
    const { tracks } = startSession({});
    await pass(500);
    lastOf(tracks).fail("mute");
    await pass(2_000);
    lastOf(tracks).fail("unmute");
    await pass(10_000);
    expect(tracks.length).toBe(1);
    lastOf(tracks).fail("mute");
    await pass(3_500);
    expect(tracks.length).toBe(2);
  });

  it.each([[{ ended: true }], [{ muted: true }]])("is not opened for ever if it never works (%j)", async (camera) => {
    const { tracks, state, open } = startSession({ openings: [camera] });
    await pass(60_000);
    expect([tracks.length, open(), state()]).toEqual([4, [], { kind: "failed", problem: "in_use" }]);
  });

  it("may end any number of times if it works in between", async () => {
    const { tracks, state } = startSession({});
    for (let time = 0; time < 8; time += 1) {
      await pass(5_000);
      lastOf(tracks).fail("ended");
    }
    await pass(500);
    expect(state()).toEqual({ kind: "looking" });
  });
});

describe("several cameras", () => {
  const WIDE = { id: "wide", label: "Back Camera" };
  const ULTRA = { id: "ultra", label: "Back Ultra Wide Camera" };
  const FRONT = { id: "front", label: "Front Camera" };

  it("the lens that focuses near is used, one camera at a time", async () => {
    const { open, controls } = startSession({ openings: [ULTRA], cameras: [FRONT, ULTRA, WIDE] });
    await pass(500);
    expect(open().map(({ label }) => label)).toEqual(["Back Camera"]);
    expect(controls.at(-1)).toEqual([{ torch: false }, 3]);
  });

  it("the first lens is used if the better one does not open", async () => {
    const { open, state } = startSession({ openings: [ULTRA], cameras: [ULTRA, { ...WIDE, fails: "NotReadableError" }] });
    await pass(500);
    expect(open().map(({ label }) => label)).toEqual(["Back Ultra Wide Camera"]);
    expect(state()).toEqual({ kind: "looking" });
  });

  it("the user can switch, and the choice stays after the page was hidden", async () => {
    const { session, open, setHidden } = startSession({ openings: [WIDE], cameras: [FRONT, ULTRA, WIDE] });
    await pass(500);
    session.switchCamera();
    await pass(500);
    expect(open().map(({ label }) => label)).toEqual(["Back Ultra Wide Camera"]);
    await setHidden(true);
    await setHidden(false);
    await pass(500);
    expect(open().map(({ label }) => label)).toEqual(["Back Ultra Wide Camera"]);
  });

  it("capabilities that a camera tells only when it delivers images are offered", async () => {
    const camera: FakeCamera = {};
    const read = () => {
      camera.capabilities = { torch: true };
      return Promise.resolve([]);
    };
    const { controls } = startSession({ openings: [camera], read });
    await pass(500);
    expect(controls.at(-1)).toEqual([{ torch: true }, 0]);
    expect(controls.filter(([{ torch }]) => torch)).toHaveLength(1);
  });

  it("capabilities that the images do not change are reported once, so that the light is still shown as on", async () => {
    const { session, controls } = startSession({ openings: [{ capabilities: { torch: true, zoom: { min: 1, max: 4, step: 1 } } }] });
    await pass(100);
    expect(await session.setTorch(true)).toBe(true);
    await pass(5_000);
    expect(controls.filter(([{ torch }]) => torch)).toHaveLength(1);
  });

  it("a camera that never answers the request to focus is read nevertheless", async () => {
    const camera: FakeCamera = { capabilities: { torch: true, focusMode: ["continuous"] }, apply: () => new Promise(() => undefined) };
    const { tracks, controls, state } = startSession({ openings: [camera] });
    await pass(1_500);
    expect(lastOf(tracks).applyConstraints).toHaveBeenCalledTimes(1);
    expect(state()).toEqual({ kind: "looking" });
    expect(controls.at(-1)).toEqual([{ torch: true }, 0]);
  });

  it("light and zoom are set on the open camera, and offered only while it is open", async () => {
    const { session, tracks, controls } = startSession({ openings: [{ capabilities: { torch: true, zoom: { min: 1, max: 4, step: 1 } } }] });
    await pass(500);
    expect(controls.at(-1)).toEqual([{ torch: true, zoom: { min: 1, max: 4, step: 1, value: 1 } }, 0]);
    expect(await session.setTorch(true)).toBe(true);
    await session.setZoom(2);
    expect(lastOf(tracks).applyConstraints.mock.calls.map(([{ advanced }]) => advanced)).toEqual([[{ torch: true }], [{ zoom: 2 }]]);
    session.end();
    expect(controls.at(-1)).toEqual([{ torch: false }, 0]);
    expect(await session.setTorch(true)).toBe(false);
  });
});
