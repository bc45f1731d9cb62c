/* A fake of the browser's camera for tests. It can fail in each way that was seen on phones. */
import { vi } from "vitest";

import type { Devices } from "./camera";

export type FakeCamera = { id?: string; label?: string; capabilities?: object; settings?: object; muted?: boolean; ended?: boolean; fails?: string; apply?: () => Promise<void> };

export class FakeTrack extends EventTarget {
  readonly stop = vi.fn(() => void (this.readyState = "ended"));
  readonly applyConstraints = vi.fn<(constraints: MediaTrackConstraints) => Promise<void>>(() => this.camera.apply?.() ?? Promise.resolve());
  readonly label: string;
  muted: boolean;
  readyState: "live" | "ended";

  constructor(private readonly camera: FakeCamera) {
    super();
    this.label = camera.label ?? "";
    this.muted = camera.muted ?? false;
    this.readyState = camera.ended === true ? "ended" : "live";
  }

  getSettings = () => ({ deviceId: this.camera.id ?? "only", ...this.camera.settings });
  getCapabilities = () => this.camera.capabilities ?? {};

  /** Fires the browser's event for a camera that another app uses, or that was unplugged. */
  fail(event: "ended" | "mute" | "unmute"): void {
    this.muted = event === "mute";
    if (event === "ended") this.readyState = "ended";
    this.dispatchEvent(new Event(event));
  }
}

export type Opening = FakeCamera | Error | DOMException | Promise<FakeCamera>;

/**
 * Simulates the browser's devices. `getUserMedia` opens the camera with the requested ID if `cameras` contains it. Otherwise each call
 * returns or throws the next entry of `openings`, and the last entry repeats.
 */
export function fakeDevices(openings: readonly Opening[], cameras: readonly FakeCamera[] = []) {
  const tracks: FakeTrack[] = [];
  const requests: unknown[] = [];
  let count = 0;
  const getUserMedia = vi.fn(async ({ video }: MediaStreamConstraints) => {
    requests.push(video);
    const id = ((video as MediaTrackConstraints).deviceId as { exact?: string } | undefined)?.exact;
    const chosen = cameras.find((camera) => camera.id === id && id !== undefined) ?? (openings[Math.min(count++, openings.length - 1)] as Opening);
    if (chosen instanceof Error) throw chosen;
    const camera = await chosen;
    if (camera.fails !== undefined) throw new DOMException("", camera.fails);
    const track = new FakeTrack(camera);
    tracks.push(track);
    return { getTracks: () => [track], getVideoTracks: () => [track] } as unknown as MediaStream;
  });
  const enumerateDevices = vi.fn(() => Promise.resolve(cameras.map(({ id = "", label = "" }) => ({ kind: "videoinput", deviceId: id, label }) as MediaDeviceInfo)));
  return { devices: { getUserMedia, enumerateDevices } as Devices, tracks, requests };
}

export const openTracks = (tracks: readonly FakeTrack[]) => tracks.filter(({ readyState }) => readyState === "live");
