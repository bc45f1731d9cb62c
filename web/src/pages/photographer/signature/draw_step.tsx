import "./signature.css";

import { useEffect, useRef, useState } from "preact/hooks";

import { rememberUrl, useAction } from "../../../parts/action";
import { Button } from "../../../parts/button";
import { Form, Radios } from "../../../parts/form";
import { Notice } from "../../../parts/notice";
import { Page } from "../../../parts/page";
import { now } from "../../../words/clock";
import { language, type Language } from "../../../words/language";
import { choosePicture, finishPicture } from "../draft";
import { words as photoWords } from "../new_words";
import { STEPS, useSteps } from "../step";
import { encodeSignature } from "./encode";
import { Pad, pictureOf, type InkName } from "./pad";
import { isSigned, type Stroke } from "./strokes_drawn";
import { PAD_WORDS, words } from "./words";

/** Lets the person sign on the screen. This step uploads nothing. */
export function DrawStep() {
  const t = words().draw;
  const { step } = photoWords();
  const { leaveCrop, after } = useSteps();
  const [strokes, setStrokes] = useState<readonly Stroke[]>([]);
  const [ink, setInk] = useState<InkName>("blue");
  const [isFull, setFull] = useState(false);
  const [wasSubmitted, setWasSubmitted] = useState(false);
  const error = wasSubmitted && !isSigned(strokes) ? t.nothing : undefined;
  const finish = useAction(async () => {
    const isSameUrl = rememberUrl();
    const { file } = await encodeSignature(pictureOf(strokes, ink));
    await choosePicture("signature", new File([file], "signature.jpg", { type: "image/jpeg", lastModified: now() }));
    await finishPicture("signature");
    if (isSameUrl()) leaveCrop(after);
  });
  const back = after === "check" ? "/photographer/new?step=check" : "/photographer/new";
  return (
    <Page title={t.title} caption={step(1, STEPS.length)} back={back} wide>
      <p class="govgr-body">{t.intro}</p>
      <p class="govgr-body">
        {t.keyboard} <a class="govgr-link" href={back}>{t.keyboardLink}</a>.
      </p>
      <Form
        errors={error === undefined ? {} : { "draw-full": error }}
        onSubmit={() => {
          setWasSubmitted(true);
          if (isSigned(strokes)) void finish.run();
        }}
      >
        <Radios
          id="ink"
          legend={t.ink}
          value={ink}
          onChange={setInk}
          choices={[
            { value: "blue", label: t.inks.blue },
            { value: "black", label: t.inks.black },
          ]}
        />
        {!isFull && (
          <>
            <div class="pad-place">
              <Pad strokes={strokes} onStrokes={setStrokes} ink={ink} language={language.value} />
            </div>
            <div class="govgr-button-group">
              <PadButtons strokes={strokes} onStrokes={setStrokes} language={language.value} />
              <Button id="draw-full" variant="secondary" onClick={() => setFull(true)}>
                {t.full}
              </Button>
            </div>
          </>
        )}
        {finish.failure !== undefined && (
          <Notice kind="warning" live>
            <p>{t.failed}</p>
          </Notice>
        )}
        <div class="govgr-button-group">
          <Button submit busy={finish.busy}>
            {t.use}
          </Button>
        </div>
      </Form>
      {isFull && <FullPad strokes={strokes} onStrokes={setStrokes} ink={ink} onClose={() => setFull(false)} />}
    </Page>
  );
}

type PadButtonsProps = { strokes: readonly Stroke[]; onStrokes: (strokes: readonly Stroke[]) => void; language: Language };

function PadButtons({ strokes, onStrokes, language }: PadButtonsProps) {
  const t = PAD_WORDS[language];
  return (
    <>
      <Button variant="secondary" disabled={strokes.length === 0} onClick={() => onStrokes(strokes.slice(0, -1))}>
        {t.undo}
      </Button>
      <Button variant="secondary" disabled={strokes.length === 0} onClick={() => onStrokes([])}>
        {t.clear}
      </Button>
    </>
  );
}

type FullPadProps = { strokes: readonly Stroke[]; onStrokes: (strokes: readonly Stroke[]) => void; ink: InkName; onClose: () => void };

/** The drawing area that fills the window. Its texts are in the language of the person who signs. */
function FullPad({ strokes, onStrokes, ink, onClose }: FullPadProps) {
  const [shown, setShown] = useState<Language>(language.value);
  const other: Language = shown === "el" ? "en" : "el";
  const t = PAD_WORDS[shown];
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => {
      element?.close();
      document.getElementById("draw-full")?.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class="pad-full"
      lang={shown}
      aria-labelledby="pad-full-title"
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <div class="pad-full-top">
        <div>
          <h2 class="govgr-heading-m" id="pad-full-title">
            {t.title}
          </h2>
          <p>{t.help}</p>
        </div>
        <button type="button" class="govgr-btn govgr-btn-link" lang={other} onClick={() => setShown(other)}>
          {t.other}
        </button>
      </div>
      <div class="pad-place pad-place-full">
        <Pad strokes={strokes} onStrokes={onStrokes} ink={ink} language={shown} />
      </div>
      <div class="govgr-button-group">
        <PadButtons strokes={strokes} onStrokes={onStrokes} language={shown} />
        <Button onClick={onClose}>{t.done}</Button>
      </div>
    </dialog>
  );
}
