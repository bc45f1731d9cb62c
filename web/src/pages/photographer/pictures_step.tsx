import { useState } from "preact/hooks";

import { Button } from "../../parts/button";
import { focusNext } from "../../parts/focus";
import { Form, Radios, type Errors } from "../../parts/form";
import { Page } from "../../parts/page";
import { bytes } from "../../words/dates";
import { Chooser, hasCamera, useChoice } from "./chooser";
import { changeProfile, pictures, profile, remove } from "./draft";
import { words } from "./new_words";
import { frameOf, KINDS, PROFILES, type Kind } from "./picture/profiles";
import { number } from "./report_words";
import { STEPS, useSteps } from "./step";
import { words as common } from "./words";

/** Which document, and which pictures. */
export function PicturesStep() {
  const t = words();
  const { profile: profileNames, image } = common();
  const { go } = useSteps();
  const [pressed, setPressed] = useState(false);
  const wrong = pressed ? problems(t.pictures, image) : {};
  return (
    <Page title={t.pictures.title} caption={t.step(1, STEPS.length)} back="/photographer" wide>
      <Form
        errors={wrong}
        onSubmit={() => {
          setPressed(true);
          if (Object.keys(problems(t.pictures, image)).length === 0) go("check");
        }}
      >
        <Radios
          id="profile"
          legend={t.pictures.profile}
          value={profile.value}
          onChange={changeProfile}
          choices={PROFILES.map((value) => ({ value, label: profileNames[value], hint: leastOf(frameOf(value, "face").least) }))}
        />
        <p class="govgr-body">{t.pictures.intro}</p>
        <div class="slots">
          {KINDS.map((kind) => (
            <Slot key={kind} kind={kind} error={wrong[kind]} />
          ))}
        </div>
        <div class="govgr-button-group">
          <Button submit>{t.pictures.next}</Button>
        </div>
      </Form>
    </Page>
  );
}

const leastOf = ({ width, height }: { width: number; height: number }) => words().pictures.pixels(number(width), number(height));

function problems(t: ReturnType<typeof words>["pictures"], image: Readonly<Record<Kind, string>>): Errors {
  const chosen = KINDS.filter((kind) => pictures.value[kind] !== undefined);
  if (chosen.length === 0) return { face: t.nothing };
  return Object.fromEntries(chosen.filter((kind) => pictures.value[kind]?.ready === undefined).map((kind) => [kind, t.cropFirst(image[kind])]));
}

function Slot({ kind, error }: { kind: Kind; error: string | undefined }) {
  const t = words().pictures;
  const image = common().image[kind];
  const { go } = useSteps();
  const choice = useChoice(kind, () => go(kind));
  const [over, setOver] = useState(false);
  const chosen = pictures.value[kind];
  const problem = choice.wrong ?? error;
  return (
    <section
      class={`slot${over ? " slot-over" : ""}${problem === undefined ? "" : " slot-wrong"}`}
      aria-labelledby={`${kind}-title`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        void choice.pick(event.dataTransfer?.files);
      }}
    >
      <h2 class="govgr-heading-s" id={`${kind}-title`}>
        {image}
      </h2>
      {problem !== undefined && (
        <p class="govgr-error-message" role={choice.wrong === undefined ? undefined : "alert"}>
          {problem}
        </p>
      )}
      {chosen?.ready !== undefined && (
        <div class="slot-made">
          <img class={`thumb thumb-${kind}`} src={chosen.ready.url} alt={image} width={chosen.ready.size.width} height={chosen.ready.size.height} />
          <p>
            {t.made(number(chosen.ready.size.width), number(chosen.ready.size.height), bytes(chosen.ready.file.size))}
            {chosen.ready.asItWas && ` ${t.asItWas}`}
          </p>
        </div>
      )}
      {chosen === undefined && <p class="govgr-hint">{`${kind === "face" ? t.faceHint : t.signatureHint} ${leastOf(frameOf(profile.value, kind).least)}`}</p>}
      {chosen !== undefined && chosen.ready === undefined && <p class="govgr-body">{t.notCropped}</p>}
      <div class="govgr-button-group">
        {chosen !== undefined && (
          <Button look={chosen.ready === undefined ? "primary" : "secondary"} label={t.forImage(chosen.ready === undefined ? t.crop : t.cropAgain, image)} onClick={() => go(kind)}>
            {chosen.ready === undefined ? t.crop : t.cropAgain}
          </Button>
        )}
        <Chooser kind={kind} choice={choice} other={chosen !== undefined} camera={chosen === undefined} />
        {chosen !== undefined && (
          <Button look="link" label={t.forImage(t.remove, image)} onClick={() => {
              remove(kind);
              focusNext(() => document.getElementById(kind));
            }}>
            {t.remove}
          </Button>
        )}
      </div>
      {chosen === undefined && !hasCamera() && <p class="govgr-hint slot-drop">{t.drop}</p>}
    </section>
  );
}
