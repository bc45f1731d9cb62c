/* A fake of the browser's camera for tests. It can fail in each way that was seen on phones. */
import { vi } from "vitest";

import type { Devices } from "./camera";

export type FakeCamera = { id?: string; label?: string; capabilities?: object; settings?: object; muted?: boolean; ended?: boolean; fails?: string };

export class FakeTrack extends EventTarget {
  readonly stop = vi.fn(() => void (this.readyState = "ended"));
  readonly applyConstraints = vi.fn<(constraints: MediaTrackConstraints) => Promise<void>>(() => Promise.resolve());
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

  /** What the system does when another app takes the camera, or when it is unplugged. */
  fail(event: "ended" | "mute" | "unmute"): void {
    this.muted = event === "mute";
    if (event === "ended") this.readyState = "ended";
    this.dispatchEvent(new Event(event));
  }
}

export type Opening = FakeCamera | Error | DOMException | Promise<FakeCamera>;

/**
 * Devices whose `getUserMedia` returns or throws what `openings` lists, in this order. The last one repeats. A request for a camera by its ID
 * opens that camera if `cameras` has it.
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
