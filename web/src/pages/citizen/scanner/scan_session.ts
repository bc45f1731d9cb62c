/*
 * Scans the camera's images until one contains a code number. Browsers and phones fail in many ways. So the caller passes in all browser
 * objects, and tests pass objects that fail in each of these ways.
 */
import { applySetting, betterCamera, cameraProblem, controlsOf, focusContinuously, listCameras, nextCamera, openCamera, type Camera, type CameraProblem, type Controls, type Devices } from "./camera";
import type { Reader } from "./reader";
import { recognizeTexts, type Finding } from "./scanned_text";

export type OtherFinding = Exclude<Finding, { kind: "code" }>;
export type ScanState =
  | { kind: "opening"; isSlow: boolean }
  /** The browser shows the camera's images only after a tap, for example on an iPhone in low power mode. */
  | { kind: "tap" }
  | { kind: "looking"; found?: OtherFinding }
  /** The page is hidden, so the camera is switched off. */
  | { kind: "paused" }
  | { kind: "failed"; problem: CameraProblem | "reader" };

/** The video element that shows the camera's images. */
export type Screen = { srcObject: MediaProvider | null; play: () => Promise<void> };

export type Environment = {
  devices: Devices | undefined;
  screen: Screen;
  /** Returns the image that `screen` shows now, or undefined if it shows nothing yet. */
  capture: () => ImageData | undefined;
  read: Reader;
  origin: string;
  isHidden: () => boolean;
  /** Calls `listener` whenever the page is hidden or shown. Returns a function that removes the listener. */
  onVisibilityChange: (listener: () => void) => () => void;
};

export type Listener = {
  onState: (state: ScanState) => void;
  /** `cameras` is the number of cameras between which the user can switch. */
  onControls: (controls: Controls, cameras: number) => void;
  onCode: (code: string) => void;
};

/** Time in milliseconds after which the page names the other ways to enter a code. */
export const SLOW_AFTER_MS = 10_000;
const SCAN_INTERVAL_MS = 120;
/** Time in milliseconds after which a muted camera is opened again. A camera is muted while another app interrupts it. */
const MUTED_MAX_MS = 3_000;
/**
 * Maximum number of times that a camera is opened again after it ended or stayed muted. The count starts again after
 * `IMAGES_OF_WORKING_CAMERA` images.
 */
const REOPENINGS_MAX = 3;
/**
 * Maximum time in milliseconds to wait until the camera has accepted or rejected continuous focus. After this time, scanning begins anyway.
 */
const FOCUS_MAX_MS = 1_000;
/** Number of images after which the camera counts as working. */
const IMAGES_OF_WORKING_CAMERA = 20;

const NO_CONTROLS: Controls = { torch: false };

export class ScanSession {
  private state: ScanState = { kind: "paused" };
  /** Aborted when the camera is closed. Each opened camera has its own controller. */
  private opening = new AbortController();
  private track: MediaStreamTrack | undefined;
  /** The capabilities of the open camera that were reported last, as JSON. */
  private reportedCapabilities: string | undefined;
  private cameras: readonly Camera[] = [];
  private chosenCamera: string | undefined;
  private reopenings = 0;
  private hasEnded = false;
  private readonly stopListening: () => void;

  constructor(
    private readonly environment: Environment,
    private readonly listener: Listener,
  ) {
    this.stopListening = environment.onVisibilityChange(() => this.followVisibility());
    if (!environment.isHidden()) this.open();
  }

  /** Switches the camera off permanently. */
  end(): void {
    this.hasEnded = true;
    this.stopListening();
    this.close();
  }

  /** Opens the camera again when the user asks for it after a failure. */
  retry(): void {
    this.reopenings = 0;
    if (this.state.kind === "failed") this.open();
  }

  /**
   * Starts the video after the user's tap. The handler of the tap must call `tap` directly, because browsers allow playback only during
   * such a handler.
   */
  tap(): void {
    const { signal } = this.opening;
    this.environment.screen.play().then(
      () => {
        if (!signal.aborted && this.state.kind === "tap") this.setState({ kind: "looking" });
      },
      () => {
        if (!signal.aborted) this.fail("unknown");
      },
    );
  }

  /** Resumes the video after the system has paused it. */
  resume(): void {
    if (this.state.kind !== "looking") return;
    const { signal } = this.opening;
    this.environment.screen.play().catch(() => {
      if (!signal.aborted) this.setState({ kind: "tap" });
    });
  }

  switchCamera(): void {
    const next = nextCamera(this.cameras, this.track?.getSettings().deviceId);
    if (next === undefined) return;
    this.chosenCamera = next.id;
    this.open();
  }

  async setTorch(on: boolean): Promise<boolean> {
    return this.track !== undefined && (await applySetting(this.track, { torch: on }));
  }

  async setZoom(zoom: number): Promise<boolean> {
    return this.track !== undefined && (await applySetting(this.track, { zoom }));
  }

  private followVisibility(): void {
    if (this.hasEnded) return;
    if (this.environment.isHidden()) {
      if (this.state.kind === "failed") return;
      this.close();
      this.setState({ kind: "paused" });
    } else if (this.state.kind === "paused" || (this.state.kind === "failed" && this.state.problem !== "unavailable")) {
      // While the page was hidden, the user may have allowed the camera in the settings, or closed another app that used it.
      this.reopenings = 0;
      this.open();
    }
  }

  private open(): void {
    this.close();
    this.opening = new AbortController();
    const { signal } = this.opening;
    this.setState({ kind: "opening", isSlow: false });
    const timer = setTimeout(() => {
      if (this.state.kind === "opening") this.setState({ kind: "opening", isSlow: true });
    }, SLOW_AFTER_MS);
    signal.addEventListener("abort", () => clearTimeout(timer));
    void this.scan(signal);
  }

  private close(): void {
    this.opening.abort();
    this.track = undefined;
    this.environment.screen.srcObject = null;
    this.reportedCapabilities = undefined;
    this.listener.onControls(NO_CONTROLS, 0);
  }

  private async scan(signal: AbortSignal): Promise<void> {
    try {
      const stream = await this.openBestCamera(signal);
      if (stream === undefined) return;
      await this.show(stream, signal);
    } catch (error) {
      if (!signal.aborted) this.fail(cameraProblem(error));
      return;
    }
    await this.readImages(signal);
  }

  /**
   * Opens a camera. If the device has another camera that focuses better on a close code, opens that one instead. Returns undefined if the
   * camera was closed in the meantime.
   */
  private async openBestCamera(signal: AbortSignal): Promise<MediaStream | undefined> {
    const { devices } = this.environment;
    const first = await this.openUnlessAborted(this.chosenCamera, signal);
    const track = first?.getVideoTracks()[0];
    if (first === undefined || track === undefined || devices === undefined) return first;
    this.cameras = await listCameras(devices);
    const better = this.chosenCamera === undefined ? betterCamera(this.cameras, track) : undefined;
    if (better === undefined || isAborted(signal)) return isAborted(signal) ? undefined : first;
    // Phones open only one camera at a time.
    stopCamera(first);
    this.chosenCamera = better.id;
    try {
      return await this.openUnlessAborted(better.id, signal);
    } catch {
      this.chosenCamera = track.getSettings().deviceId;
      return this.openUnlessAborted(this.chosenCamera, signal);
    }
  }

  /** Opens a camera. If `signal` was aborted before the camera opened, switches the camera off again. */
  private async openUnlessAborted(id: string | undefined, signal: AbortSignal): Promise<MediaStream | undefined> {
    const stream = await openCamera(this.environment.devices, id);
    if (isAborted(signal)) {
      stopCamera(stream);
      return undefined;
    }
    signal.addEventListener("abort", () => stopCamera(stream));
    return stream;
  }

  private async show(stream: MediaStream, signal: AbortSignal): Promise<void> {
    const { screen } = this.environment;
    const track = stream.getVideoTracks()[0];
    if (track === undefined) throw new DOMException("the stream has no video", "NotFoundError");
    this.track = track;
    this.watch(track, signal);
    if (isAborted(signal)) return;
    screen.srcObject = stream;
    screen.play().catch(() => {
      if (!signal.aborted) this.setState({ kind: "tap" });
    });
    // A camera that neither accepts nor rejects continuous focus can still deliver images.
    await Promise.race([focusContinuously(track), delay(FOCUS_MAX_MS)]);
    if (!isAborted(signal)) this.reportControls();
  }

  /**
   * Reports the capabilities of the open camera. Reports nothing if they have not changed, because each report makes the page show the
   * light as off.
   */
  private reportControls(): void {
    if (this.track === undefined) return;
    const controls = controlsOf(this.track);
    const capabilities = JSON.stringify({ ...controls, zoom: { ...controls.zoom, value: undefined } });
    if (capabilities === this.reportedCapabilities) return;
    this.reportedCapabilities = capabilities;
    this.listener.onControls(controls, this.cameras.length);
  }

  /** Opens the camera again after the system has ended or interrupted it. */
  private watch(track: MediaStreamTrack, signal: AbortSignal): void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stopTimer = () => clearTimeout(timer);
    const startTimer = () => {
      stopTimer();
      timer = setTimeout(() => this.reopen(), MUTED_MAX_MS);
    };
    track.addEventListener("ended", () => this.reopen(), { signal });
    track.addEventListener("mute", startTimer, { signal });
    track.addEventListener("unmute", stopTimer, { signal });
    signal.addEventListener("abort", stopTimer);
    if (track.muted) startTimer();
    if (track.readyState === "ended") this.reopen();
  }

  private reopen(): void {
    this.reopenings += 1;
    if (this.reopenings > REOPENINGS_MAX) this.fail("in_use");
    else this.open();
  }

  private async readImages(signal: AbortSignal): Promise<void> {
    const { capture, read, origin } = this.environment;
    let images = 0;
    try {
      while (!signal.aborted) {
        const image = this.state.kind === "tap" ? undefined : capture();
        const texts = image === undefined ? [] : await read(image);
        if (isAborted(signal)) return;
        const finding = recognizeTexts(texts, origin);
        if (finding?.kind === "code") {
          this.end();
          this.listener.onCode(finding.code);
          return;
        }
        if (image !== undefined) {
          // A muted camera delivers black images.
          if (this.track?.muted === false) images += 1;
          if (images === IMAGES_OF_WORKING_CAMERA) this.reopenings = 0;
          // Android's cameras report some of their capabilities only after they deliver images.
          if (images === 1 || images === IMAGES_OF_WORKING_CAMERA) this.reportControls();
          this.showFinding(finding);
        }
        await delay(SCAN_INTERVAL_MS);
      }
    } catch {
      if (!isAborted(signal)) this.fail("reader");
    }
  }

  /** Shows the finding. The finding stays on the page until there is another one, so that the user has time to read it. */
  private showFinding(finding: OtherFinding | undefined): void {
    if (this.state.kind === "tap") return;
    if (finding !== undefined) this.setState({ kind: "looking", found: finding });
    else if (this.state.kind !== "looking") this.setState({ kind: "looking" });
  }

  private fail(problem: CameraProblem | "reader"): void {
    this.close();
    this.setState({ kind: "failed", problem });
  }

  private setState(state: ScanState): void {
    this.state = state;
    if (!this.hasEnded) this.listener.onState(state);
  }
}

function stopCamera(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

/** This is a function, because TypeScript would otherwise assume that `aborted` cannot change across an await. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
