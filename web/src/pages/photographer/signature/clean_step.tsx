import "./signature.css";

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { rememberUrl, useAction } from "../../../parts/action";
import { Button } from "../../../parts/button";
import { Notice } from "../../../parts/notice";
import { Loading, Page } from "../../../parts/page";
import { FileChooser, useFileChoice } from "../chooser";
import { finishWith, pictures } from "../draft";
import { words as photoWords } from "../new_words";
import type { OpenedPicture } from "../picture/decode";
import { formatNumber } from "../numbers";
import { STEPS, useSteps } from "../step";
import { STRENGTH_DEFAULT, type Cleaned, type Settings } from "./clean";
import { startCleaner, type Cleaner } from "./cleaner";
import { Corners } from "./corners";
import { canvasOf, encodeSignature } from "./encode";
import { fullQuad, turnQuad } from "./quad";
import type { Raster } from "./raster";
import { words } from "./words";

/** The picture is made again when the corners and the strength have not changed for this time, in milliseconds. */
const SETTLE_MS = 150;

/** The last settings for each photo. They are used when the user opens the step again. */
const usedSettings = new WeakMap<OpenedPicture, Settings>();

/** Makes a clean signature from a photo of a signature on paper. This step uploads nothing. */
export function CleanStep() {
  const t = words().clean;
  const { step } = photoWords();
  const { go, leaveCrop, after } = useSteps();
  const choice = useFileChoice("signature", () => undefined);
  const source = pictures.value.signature?.source;
  const { cleaned, settings, change, findAgain, busy, failed } = useCleaning(source);
  const finish = useAction(async () => {
    const chosen = pictures.value.signature;
    if (chosen === undefined || cleaned?.picture === undefined) return;
    const isSameUrl = rememberUrl();
    await finishWith("signature", chosen, await encodeSignature(canvasOf(cleaned.picture)));
    if (isSameUrl()) leaveCrop(after);
  });
  if (source === undefined) return null;
  const picture = cleaned?.picture;
  return (
    <Page title={t.title} caption={step(1, STEPS.length)} back={after === "check" ? "/photographer/new?step=check" : "/photographer/new"} wide>
      <p class="govgr-body">{t.intro}</p>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void finish.run();
        }}
      >
        <div class="clean">
          <section aria-labelledby="clean-before">
            <h2 class="govgr-heading-s" id="clean-before">
              {t.before}
            </h2>
            {settings !== undefined && <Corners preview={source.preview} size={source.size} quad={settings.quad} onChange={(quad) => change({ ...settings, quad, isBox: false })} />}
            <p class="govgr-hint" id="corners-help">
              {t.cornersHelp}
            </p>
          </section>
          <section aria-labelledby="clean-after">
            <h2 class="govgr-heading-s" id="clean-after">
              {t.after}
            </h2>
            {picture !== undefined && <Result picture={picture} />}
            <div role="status">
              {busy && <Loading text={t.working} />}
              {!busy && picture !== undefined && <p class="govgr-hint">{t.result(formatNumber(picture.width), formatNumber(picture.height))}</p>}
              {!busy &&
                cleaned?.problems.map((problem) => (
                  <Notice key={problem} kind="warning">
                    <p>{t.problem[problem]}</p>
                  </Notice>
                ))}
            </div>
            {settings !== undefined && <Strength value={settings.strength} onInput={(strength) => change({ ...settings, strength })} />}
          </section>
        </div>
        {settings !== undefined && (
          <div class="govgr-button-group">
            <Button variant="secondary" onClick={() => change({ ...settings, quad: turnQuad(turnQuad(turnQuad(settings.quad))) })}>
              <span aria-hidden="true">⟲</span> {t.turnLeft}
            </Button>
            <Button variant="secondary" onClick={() => change({ ...settings, quad: turnQuad(settings.quad) })}>
              <span aria-hidden="true">⟳</span> {t.turnRight}
            </Button>
            <Button variant="link" onClick={findAgain}>
              {t.reset}
            </Button>
          </div>
        )}
        {(failed || finish.failure !== undefined) && (
          <Notice kind="warning" live>
            <p>{t.failed}</p>
          </Notice>
        )}
        {choice.error !== undefined && (
          <p class="govgr-error-message" role="alert">
            {choice.error}
          </p>
        )}
        <div class="govgr-button-group">
          <Button submit busy={finish.busy || busy} disabled={picture === undefined || choice.busy}>
            {t.use}
          </Button>
          <Button variant="secondary" onClick={() => go("signature", { replace: true, ...(after === "check" ? { after } : {}) })}>
            {t.keep}
          </Button>
          <FileChooser kind="signature" choice={choice} replaces />
        </div>
      </form>
    </Page>
  );
}

function Result({ picture }: { picture: Raster }) {
  const t = words().clean;
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    Object.assign(element, { width: picture.width, height: picture.height });
    element.getContext("2d")?.putImageData(new ImageData(new Uint8ClampedArray(picture.data), picture.width, picture.height), 0, 0);
  }, [picture]);
  return <canvas ref={canvas} class="clean-result" role="img" aria-label={t.after} />;
}

function Strength({ value, onInput }: { value: number; onInput: (value: number) => void }) {
  const t = words().clean;
  const percent = `${Math.round(100 * value)}%`;
  return (
    <div class="clean-strength">
      <label for="strength">
        {t.strength} <span class="crop-value">{percent}</span>
      </label>
      <input id="strength" class="crop-range" type="range" min={0} max={1} step={0.05} value={value} aria-valuetext={percent} aria-describedby="strength-help" onInput={(event) => onInput(event.currentTarget.valueAsNumber)} />
      <p class="govgr-hint" id="strength-help">
        {t.strengthHelp}
      </p>
    </div>
  );
}

/** Cleans the photo, first with the area found in it, and again after each change of the settings. */
function useCleaning(source: OpenedPicture | undefined) {
  const [cleaned, setCleaned] = useState<Cleaned>();
  const [settings, setSettings] = useState<Settings>();
  const [busy, setBusy] = useState(true);
  const [failed, setFailed] = useState(false);
  const cleaner = useRef<Cleaner | undefined>(undefined);
  const latestRun = useRef(0);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  /** Runs `work`. Discards its result if other work starts before it ends. */
  const run = (work: (isCurrent: () => boolean) => Promise<void>) => {
    const thisRun = ++latestRun.current;
    const isCurrent = () => thisRun === latestRun.current;
    setBusy(true);
    setFailed(false);
    work(isCurrent)
      .catch((error: unknown) => {
        console.warn(error);
        if (isCurrent()) setFailed(true);
      })
      .finally(() => {
        if (isCurrent()) setBusy(false);
      });
  };
  const clean = async (next: Settings, isCurrent: () => boolean) => {
    const result = await cleaner.current?.clean(next);
    if (isCurrent()) setCleaned(result);
  };
  const keep = (next: Settings) => {
    if (source !== undefined) usedSettings.set(source, next);
    setSettings(next);
  };
  const find = async (isCurrent: () => boolean) => {
    const found = await cleaner.current?.findArea();
    if (!isCurrent() || source === undefined) return;
    const next = { quad: found?.quad ?? fullQuad(source.size), isBox: found?.kind === "box", strength: STRENGTH_DEFAULT };
    keep(next);
    await clean(next, isCurrent);
  };

  useEffect(() => {
    if (source === undefined) return;
    setCleaned(undefined);
    setSettings(undefined);
    let isOpen = true;
    run(async (isCurrent) => {
      const started = await startCleaner(source);
      if (!isOpen) return started.close();
      cleaner.current = started;
      const used = usedSettings.get(source);
      if (used === undefined) return find(isCurrent);
      setSettings(used);
      await clean(used, isCurrent);
    });
    return () => {
      isOpen = false;
      latestRun.current += 1;
      clearTimeout(timer.current);
      cleaner.current?.close();
      cleaner.current = undefined;
    };
  }, [source]);

  const change = (next: Settings) => {
    keep(next);
    setBusy(true);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => run((isCurrent) => clean(next, isCurrent)), SETTLE_MS);
  };
  const findAgain = () => {
    clearTimeout(timer.current);
    run(find);
  };
  return { cleaned, settings, change, findAgain, busy, failed };
}
