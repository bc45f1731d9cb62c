import { useEffect } from "preact/hooks";

import { staying, useAction } from "../../parts/action";
import { Button } from "../../parts/button";
import { Notice } from "../../parts/notice";
import { Page } from "../../parts/page";
import { Chooser, hasCamera, useChoice } from "./chooser";
import { Cropper } from "./cropper";
import { keepCrop, pictures, profile, take } from "./draft";
import { words } from "./new_words";
import { hasPixels, mostWidth, outputSize, same } from "./picture/crop";
import { isReadyAsItIs } from "./picture/decode";
import { frameOf, HEADS, type Kind } from "./picture/profiles";
import { number } from "./report_words";
import { STEPS, useSteps } from "./step";

/** One picture under its frame. */
export function CropStep({ kind }: { kind: Kind }) {
  const t = words();
  const { leave, after } = useSteps();
  const choice = useChoice(kind, () => undefined);
  const use = useAction(async () => {
    const isHere = staying();
    await take(kind);
    if (isHere()) leave(after);
  });
  const chosen = pictures.value[kind];
  useEffect(() => {
    use.setFailure(undefined);
  }, [chosen?.opened]);
  if (chosen === undefined) return null;
  const frame = frameOf(profile.value, kind);
  const { opened, crop, first } = chosen;
  const enough = hasPixels(frame, crop);
  const asItIs = isReadyAsItIs(frame, opened);
  const size = outputSize(frame, crop);
  const back = after === "check" ? "/photographer/new?step=check" : "/photographer/new";
  const wouldDoTurned = [1, 2, 3].some((more) => hasPixels(frame, { ...crop, width: mostWidth(frame, opened.size, { quarter: ((crop.quarter + more) % 4) as 0 | 1 | 2 | 3, tilt: 0 }) }));
  return (
    <Page title={t.crop.title[kind]} caption={t.step(1, STEPS.length)} back={back} wide>
      <div class="crop">
        <Cropper
          key={`${opened.file.name} ${opened.file.lastModified}`}
          frame={frame}
          source={opened.size}
          shown={opened.shown}
          crop={crop}
          first={first}
          head={kind === "face" ? HEADS[profile.value] : undefined}
          onCrop={(crop) => keepCrop(kind, crop)}
        >
          <p class="govgr-body">
            {t.crop.help[kind]} {hasCamera() ? t.crop.fingers : t.crop.keys}
          </p>
          {asItIs && same(crop, first) && (
            <Notice>
              <p>{t.crop.asItIs}</p>
            </Notice>
          )}
        </Cropper>
        <div class="crop-end">
          <div role="status">
            {enough ? (
              <p class="govgr-hint">{t.crop.result(number(size.width), number(size.height))}</p>
            ) : (
              <Notice kind="warning">
                <p>
                  {t.crop.tooSmall(number(size.width), number(size.height), number(frame.least.width), number(frame.least.height))}
                  {wouldDoTurned && ` ${t.crop.turnInstead}`}
                </p>
              </Notice>
            )}
            {use.busy && <p class="govgr-visually-hidden">{t.crop.making}</p>}
          </div>
          {use.failure !== undefined && (
            <Notice kind="warning" live>
              <p>{t.crop.failed}</p>
            </Notice>
          )}
          {choice.wrong !== undefined && (
            <p class="govgr-error-message" role="alert">
              {choice.wrong}
            </p>
          )}
          <div class="govgr-button-group">
            <Button busy={use.busy} disabled={!enough} onClick={() => use.run()}>
              {t.crop.use}
            </Button>
            <Chooser kind={kind} choice={choice} other />
          </div>
        </div>
      </div>
    </Page>
  );
}
