/* Opens cameras, chooses among them, and uses their light and zoom. */

/** Reason why a camera delivers no images. */
export type CameraProblem = "unavailable" | "refused" | "absent" | "in_use" | "unsuitable" | "unknown";
export type Devices = Pick<MediaDevices, "getUserMedia" | "enumerateDevices">;
export type Camera = { id: string; label: string };
export type Zoom = { min: number; max: number; step: number; value: number };
/** Settings of the open camera that the user can change. */
export type Controls = { torch: boolean; zoom?: Zoom };

/** Error names of getUserMedia in all browsers, including older ones. */
const PROBLEMS: Readonly<Record<string, CameraProblem>> = {
  NotAllowedError: "refused",
  PermissionDeniedError: "refused",
  PermissionDismissedError: "refused",
  SecurityError: "refused",
  NotFoundError: "absent",
  DevicesNotFoundError: "absent",
  NotReadableError: "in_use",
  TrackStartError: "in_use",
  SourceUnavailableError: "in_use",
  AbortError: "in_use",
  OverconstrainedError: "unsuitable",
  ConstraintNotSatisfiedError: "unsuitable",
  TypeError: "unavailable",
  NotSupportedError: "unavailable",
};

export function cameraProblem(error: unknown): CameraProblem {
  // In some browsers OverconstrainedError is not a DOMException, so only the name is compared.
  const name = typeof error === "object" && error !== null && "name" in error ? String(error.name) : "";
  return Object.hasOwn(PROBLEMS, name) ? (PROBLEMS[name] ?? "unknown") : "unknown";
}

const PREFERRED: MediaTrackConstraints = { width: { ideal: 1280 }, height: { ideal: 960 } };

/** Opens the given camera, or a camera at the back if none is given. If the device has no suitable camera, opens any camera. */
export async function openCamera(devices: Devices | undefined, id: string | undefined): Promise<MediaStream> {
  // Pages inside apps such as Messenger have no mediaDevices.
  if (typeof devices?.getUserMedia !== "function") throw new TypeError("there is no getUserMedia");
  const requests: readonly (MediaTrackConstraints | true)[] = [
    ...(id === undefined ? [] : [{ ...PREFERRED, deviceId: { exact: id } }]),
    { ...PREFERRED, facingMode: { ideal: "environment" } },
    true,
  ];
  let failure: unknown;
  for (const video of requests) {
    try {
      return await devices.getUserMedia({ video });
    } catch (error) {
      failure = error;
      // The chosen camera may have been unplugged.
      const isGone = id !== undefined && cameraProblem(error) === "absent";
      if (cameraProblem(error) !== "unsuitable" && !isGone) throw error;
    }
  }
  throw failure;
}

/** Returns the cameras, best first. Browsers reveal the labels only after the user has allowed a camera. */
export async function listCameras(devices: Devices): Promise<readonly Camera[]> {
  try {
    const inputs = (await devices.enumerateDevices()).filter(({ kind, deviceId }) => kind === "videoinput" && deviceId !== "");
    const cameras = inputs.map(({ deviceId, label }) => ({ id: deviceId, label }));
    return cameras.sort((one, other) => lensRank(one.label) - lensRank(other.label));
  } catch {
    return [];
  }
}

/**
 * Patterns of camera labels and their ranks. The labels are those of iOS in English and Greek, of Android, and of desktop browsers. A
 * camera with a lower rank focuses better on a close code. The triple camera and the dual wide camera of iPhones use the lens that focuses
 * near. Ultra-wide lenses often have no autofocus, and telephoto lenses do not focus near.
 */
const LENS_RANKS: readonly (readonly [RegExp, number])[] = [
  [/front|facing user|selfie|facetime|μπροστ|προσθι/, 9],
  [/\bir\b|infrared|depth|\btof\b/, 8],
  [/virtual|\bobs\b|snap camera/, 7],
  [/tele|τηλεφακ/, 6],
  [/ultra[ -]?wide|υπερευρυ/, 5],
  [/macro/, 4],
  [/triple|τριπλ/, 0],
  [/dual wide|διπλη ευρυ/, 1],
  // Android numbers its cameras. The main camera has the number 0.
  [/camera2? 0\b/, 2],
  [/camera2? \d+/, 4],
];
const OTHER_LENS_RANK = 2;

export function lensRank(label: string): number {
  return LENS_RANKS.find(([pattern]) => pattern.test(plainText(label)))?.[1] ?? OTHER_LENS_RANK;
}

/** Converts to lower case and removes accents. */
const plainText = (label: string) => label.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

const BACK = /back|rear|πισω|οπισθ/;

/**
 * Returns the camera at the back that focuses better on a close code than the open camera, if there is one. `cameras` are sorted, best
 * first. On computers, labels do not say where a camera is, so this returns undefined and the browser's choice stays.
 */
export function betterCamera(cameras: readonly Camera[], open: MediaStreamTrack): Camera | undefined {
  const best = cameras.find(({ label }) => BACK.test(plainText(label)));
  return best !== undefined && best.id !== open.getSettings().deviceId && lensRank(best.label) < lensRank(open.label) ? best : undefined;
}

/** Returns the camera that follows the open camera in the list. After the last camera comes the first. */
export function nextCamera(cameras: readonly Camera[], openId: string | undefined): Camera | undefined {
  return cameras[(cameras.findIndex(({ id }) => id === openId) + 1) % cameras.length];
}

/** Members that the image capture specification adds and TypeScript's types lack. */
type ImageCapabilities = { torch?: boolean | readonly boolean[]; zoom?: { min?: number; max?: number; step?: number }; focusMode?: readonly string[] };
type ImageSettings = { zoom?: number };

function capabilitiesOf(track: MediaStreamTrack): ImageCapabilities {
  // Some browsers have no getCapabilities.
  const { getCapabilities } = track as { getCapabilities?: () => unknown };
  try {
    return getCapabilities?.call(track) ?? {};
  } catch {
    return {};
  }
}

/** Maximum zoom divided by the zoom of the main lens. Reading a code needs no more, and a slider up to 100 would be hard to use. */
const MAGNIFICATION_MAX = 8;

export function controlsOf(track: MediaStreamTrack): Controls {
  const { torch, zoom } = capabilitiesOf(track);
  const hasTorch = Array.isArray(torch) ? torch.includes(true) : torch === true;
  const { min, max, step } = zoom ?? {};
  if (min === undefined || max === undefined || max <= min) return { torch: hasTorch };
  // The zoom of the main lens. It is usually 1, and wider lenses have a zoom below 1. Some cameras report the zoom in percent. In these
  // cameras it is the minimum, 100.
  const natural = Math.max(min, 1);
  const largest = Math.min(max, natural * MAGNIFICATION_MAX);
  const value = (track.getSettings() as ImageSettings).zoom ?? natural;
  return { torch: hasTorch, zoom: { min, max: largest, step: step !== undefined && step > 0 ? step : (largest - min) / 20, value: Math.min(value, largest) } };
}

/** Makes the camera focus all the time, if it can. */
export async function focusContinuously(track: MediaStreamTrack): Promise<void> {
  if (capabilitiesOf(track).focusMode?.includes("continuous") === true) await applySetting(track, { focusMode: "continuous" });
}

/** Applies a setting of image capture. Returns whether the camera accepted it. */
export async function applySetting(track: MediaStreamTrack, setting: { torch: boolean } | { zoom: number } | { focusMode: string }): Promise<boolean> {
  try {
    await track.applyConstraints({ advanced: [setting as MediaTrackConstraintSet] });
    return true;
  } catch {
    return false;
  }
}
