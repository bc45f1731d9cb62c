import { useEffect } from "preact/hooks";

import { rememberUrl, useAction } from "../../parts/action";
import { Button } from "../../parts/button";
import { Notice } from "../../parts/notice";
import { Page } from "../../parts/page";
import { FileChooser, hasCamera, useFileChoice } from "./chooser";
import { Cropper } from "./cropper";
import { setCrop, pictures, profile, finishPicture, sendsOriginal } from "./draft";
import { words } from "./new_words";
import { PlacementNotes } from "./placement_notes";
import { hasEnoughPixels, maxWidth, outputSize } from "./picture/crop";
import { frameOf, HEAD_LIMITS, type Kind } from "./picture/profiles";
import { formatNumber } from "./numbers";
import { STEPS, useSteps } from "./step";

/** Crops one picture. */
export function CropStep({ kind }: { kind: Kind }) {
  const t = words();
  const { go, leaveCrop, after } = useSteps();
  const choice = useFileChoice(kind, () => undefined);
  const finish = useAction(async () => {
    const isSameUrl = rememberUrl();
    await finishPicture(kind);
    if (isSameUrl()) leaveCrop(after);
  });
  const chosen = pictures.value[kind];
  useEffect(() => {
    finish.setFailure(undefined);
  }, [chosen?.source]);
  if (chosen === undefined) return null;
  const frame = frameOf(profile.value, kind);
  const { source, crop, initialCrop } = chosen;
  const isLargeEnough = hasEnoughPixels(frame, crop);
  const isOriginal = sendsOriginal(kind, chosen);
  const size = isOriginal ? source.size : outputSize(frame, crop);
  const back = after === "check" ? "/photographer/new?step=check" : "/photographer/new";
  // A picture cannot be accepted while the file that will replace it is being opened.
  const canAccept = isLargeEnough && !choice.busy;
  const accept = () => {
    if (canAccept) void finish.run();
  };
  const isLargeEnoughRotated = [1, 2, 3].some((more) => hasEnoughPixels(frame, { ...crop, width: maxWidth(frame, source.size, { quarter: ((crop.quarter + more) % 4) as 0 | 1 | 2 | 3, tilt: 0 }) }));
  return (
    <Page title={t.crop.title[kind]} caption={t.step(1, STEPS.length)} back={back} wide>
      <form
        class="crop"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          accept();
        }}
      >
        <Cropper
          key={`${source.file.name} ${source.file.lastModified}`}
          frame={frame}
          source={source.size}
          preview={source.preview}
          crop={crop}
          initialCrop={initialCrop}
          head={kind === "face" ? HEAD_LIMITS[profile.value] : undefined}
          onCrop={(crop) => setCrop(kind, crop)}
          onAccept={accept}
        >
          <p class="govgr-body">
            {t.crop.help[kind]} {hasCamera() ? t.crop.fingers : t.crop.keys}
          </p>
          {kind === "face" && <PlacementNotes chosen={chosen} frame={frame} isOriginal={isOriginal} />}
          {isOriginal && (
            <Notice>
              <p>{t.crop.asItIs}</p>
            </Notice>
          )}
        </Cropper>
        <div class="crop-end">
          <div role="status">
            {isLargeEnough ? (
              <p class="govgr-hint">{t.crop.result(formatNumber(size.width), formatNumber(size.height))}</p>
            ) : (
              <Notice kind="warning">
                <p>
                  {t.crop.tooSmall(formatNumber(size.width), formatNumber(size.height), formatNumber(frame.minSize.width), formatNumber(frame.minSize.height))}
                  {isLargeEnoughRotated && ` ${t.crop.turnInstead}`}
                </p>
              </Notice>
            )}
            {finish.busy && <p class="govgr-visually-hidden">{t.crop.making}</p>}
          </div>
          {finish.failure !== undefined && (
            <Notice kind="warning" live>
              <p>{t.crop.failed}</p>
            </Notice>
          )}
          {choice.error !== undefined && (
            <p class="govgr-error-message" role="alert">
              {choice.error}
            </p>
          )}
          <div class="govgr-button-group">
            <Button submit busy={finish.busy} disabled={!canAccept}>
              {t.crop.use}
            </Button>
            {kind === "signature" && (
              <Button variant="secondary" onClick={() => go("clean", { replace: true, ...(after === "check" ? { after } : {}) })}>
                {t.crop.clean}
              </Button>
            )}
            <FileChooser kind={kind} choice={choice} replaces />
          </div>
        </div>
      </form>
    </Page>
  );
}
