import { useEffect, useState } from "preact/hooks";

import { Button } from "../../parts/button";
import { focusAfterRender } from "../../parts/focus";
import { Form, Radios, type Errors } from "../../parts/form";
import { Page } from "../../parts/page";
import { bytes } from "../../words/dates";
import { FileChooser, hasCamera, useFileChoice, type FileChoice } from "./chooser";
import { changeProfile, pictures, profile, removePicture } from "./draft";
import { words } from "./new_words";
import { focusedSlot, slotFor, usePaste } from "./paste";
import { words as pasteWords } from "./paste_words";
import { canSendUnchanged } from "./picture/decode";
import { frameOf, KINDS, PROFILES, type Kind } from "./picture/profiles";
import { formatNumber } from "./numbers";
import { STEPS, takeFirstFieldFocus, useSteps, type Step } from "./step";
import { words as common } from "./words";

/** Step 1: the user chooses the kind of document and the pictures. */
export function PicturesStep() {
  const t = words();
  const { profile: profileNames, image } = common();
  const { go } = useSteps();
  const [wasSubmitted, setWasSubmitted] = useState(false);
  const errors = wasSubmitted ? missingPictures(t.pictures, image) : {};
  const choices = { face: useFileChoice("face", () => go(editStep("face"))), signature: useFileChoice("signature", () => go(editStep("signature"))) };
  const [pasteError, setPasteError] = useState<{ reason: "text" | "empty" | "which"; number: number }>();
  usePaste((pasted) => {
    const slot = slotFor(focusedSlot(), KINDS.filter((kind) => pictures.value[kind] !== undefined));
    const reason = "none" in pasted ? pasted.none : slot === undefined ? "which" : undefined;
    setPasteError((last) => (reason === undefined ? undefined : { reason, number: (last?.number ?? 0) + 1 }));
    if ("files" in pasted && slot !== undefined) void choices[slot].pick(pasted.files);
  });
  useEffect(() => {
    if (takeFirstFieldFocus()) document.querySelector<HTMLElement>("input[name=profile]:checked")?.focus();
  }, []);
  return (
    <Page title={t.pictures.title} caption={t.step(1, STEPS.length)} back="/photographer" wide>
      <Form
        errors={errors}
        onSubmit={() => {
          setWasSubmitted(true);
          if (Object.keys(missingPictures(t.pictures, image)).length === 0) go("check");
        }}
      >
        <Radios
          id="profile"
          legend={t.pictures.profile}
          value={profile.value}
          onChange={changeProfile}
          choices={PROFILES.map((value) => ({ value, label: profileNames[value], hint: minSizeText(frameOf(value, "face").minSize) }))}
        />
        <p class="govgr-body">
          {t.pictures.intro} {!hasCamera() && pasteWords().hint(isApple() ? "⌘V" : "Ctrl+V")}
        </p>
        {pasteError !== undefined && (
          // Each paste creates a new element, so that screen readers also read a repeated text.
          <p key={pasteError.number} class="govgr-error-message" role="alert">
            {pasteWords()[pasteError.reason]}
          </p>
        )}
        <div class="slots">
          {KINDS.map((kind) => (
            <PictureSlot key={kind} kind={kind} choice={choices[kind]} error={errors[kind]} />
          ))}
        </div>
        <div class="govgr-button-group">
          <Button submit>{t.pictures.next}</Button>
        </div>
      </Form>
    </Page>
  );
}

/** Returns whether the keyboard has a command key, as on Apple devices. */
const isApple = () => /mac|iphone|ipad/i.test(navigator.userAgent);

/**
 * Returns the step in which the picture is edited. A photo of a signature on paper is cleaned. A file that already meets the specification,
 * such as a drawn signature, is only cropped.
 */
function editStep(kind: Kind): Step {
  const chosen = pictures.value[kind];
  return kind === "signature" && chosen !== undefined && !canSendUnchanged(frameOf(profile.value, kind), chosen.source) ? "clean" : kind;
}

const minSizeText = ({ width, height }: { width: number; height: number }) => words().pictures.pixels(formatNumber(width), formatNumber(height));

function missingPictures(t: ReturnType<typeof words>["pictures"], image: Readonly<Record<Kind, string>>): Errors {
  const chosen = KINDS.filter((kind) => pictures.value[kind] !== undefined);
  if (chosen.length === 0) return { face: t.nothing };
  return Object.fromEntries(chosen.filter((kind) => pictures.value[kind]?.finished === undefined).map((kind) => [kind, t.cropFirst(image[kind])]));
}

function PictureSlot({ kind, choice, error }: { kind: Kind; choice: FileChoice; error: string | undefined }) {
  const t = words().pictures;
  const image = common().image[kind];
  const { go } = useSteps();
  const [isDraggedOver, setIsDraggedOver] = useState(false);
  const chosen = pictures.value[kind];
  const shownError = choice.error ?? error;
  return (
    <section
      class={`slot${isDraggedOver ? " slot-over" : ""}${shownError === undefined ? "" : " slot-wrong"}`}
      aria-labelledby={`${kind}-title`}
      data-slot={kind}
      // Pressing on the slot focuses it, so that the next pasted picture goes to this slot.
      tabIndex={-1}
      onDragOver={(event) => {
        event.preventDefault();
        setIsDraggedOver(true);
      }}
      onDragLeave={() => setIsDraggedOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setIsDraggedOver(false);
        void choice.pick(event.dataTransfer?.files);
      }}
    >
      <h2 class="govgr-heading-s" id={`${kind}-title`}>
        {image}
      </h2>
      {shownError !== undefined && (
        <p class="govgr-error-message" role={choice.error === undefined ? undefined : "alert"}>
          {shownError}
        </p>
      )}
      {chosen?.finished !== undefined && (
        <div class="slot-made">
          <img class={`thumb thumb-${kind}`} src={chosen.finished.url} alt={image} width={chosen.finished.size.width} height={chosen.finished.size.height} />
          <p>
            {t.made(formatNumber(chosen.finished.size.width), formatNumber(chosen.finished.size.height), bytes(chosen.finished.file.size))}
            {chosen.finished.isOriginalFile && ` ${t.asItWas}`}
          </p>
        </div>
      )}
      {chosen === undefined && <p class="govgr-hint">{`${kind === "face" ? t.faceHint : t.signatureHint} ${minSizeText(frameOf(profile.value, kind).minSize)}`}</p>}
      {chosen !== undefined && chosen.finished === undefined && <p class="govgr-body">{t.notCropped}</p>}
      <div class="govgr-button-group">
        {chosen !== undefined && (
          <Button variant={chosen.finished === undefined ? "primary" : "secondary"} label={t.forImage(chosen.finished === undefined ? t.crop : t.cropAgain, image)} onClick={() => go(editStep(kind))}>
            {chosen.finished === undefined ? t.crop : t.cropAgain}
          </Button>
        )}
        <FileChooser kind={kind} choice={choice} replaces={chosen !== undefined} camera={chosen === undefined} />
        {kind === "signature" && (
          <Button variant="secondary" onClick={() => go("draw")}>
            {t.draw}
          </Button>
        )}
        {chosen !== undefined && (
          <Button variant="link" label={t.forImage(t.remove, image)} onClick={() => {
              removePicture(kind);
              focusAfterRender(() => document.getElementById(kind));
            }}>
            {t.remove}
          </Button>
        )}
      </div>
      {chosen === undefined && !hasCamera() && <p class="govgr-hint slot-drop">{t.drop}</p>}
    </section>
  );
}
