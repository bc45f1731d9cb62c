import { useEffect } from "preact/hooks";

import { Loading } from "../../parts/page";
import { CheckStep } from "./check_step";
import { CropStep } from "./crop_step";
import { isComplete, issued, mayIssue, nextCustomer, pictures } from "./draft";
import { PicturesStep } from "./pictures_step";
import { RecipientStep } from "./recipient_step";
import { SentStep } from "./sent_step";
import { CleanStep, DrawStep } from "./signature/deferred";
import { useSteps, type Step } from "./step";
import { isRestoring } from "./stored/draft_storage";
import { DraftNotice, RemovedNotice } from "./stored/notices";
import { sendsLater } from "./stored/queue";
import { QueueSection, QueueStatus } from "./stored/queue_section";
import { SharedPictureNote } from "./stored/shared_picture";

/** Returns the requested step if the draft allows it, otherwise another step that the draft allows. */
function allowedStep(requested: string): Step {
  // After a code was issued, the steps `recipient` and `sent` show the page about the code, also when the user goes back. Every other step
  // begins a draft for the next customer.
  if (issued.value !== undefined && (requested === "recipient" || requested === "sent")) return "sent";
  if ((requested === "face" || requested === "signature") && pictures.value[requested] !== undefined) return requested;
  if (requested === "draw" || (requested === "clean" && pictures.value.signature !== undefined)) return requested;
  if (requested === "recipient" && (mayIssue.value || sendsLater.value)) return requested;
  return (requested === "check" || requested === "recipient") && isComplete.value ? "check" : "pictures";
}

/** Waits until a stored draft is restored, because the possible steps depend on the draft. */
export function NewPhotos() {
  return isRestoring.value ? <Loading /> : <Steps />;
}

function Steps() {
  const { requested, go } = useSteps();
  const step = allowedStep(requested);
  useEffect(() => {
    if (step !== "sent" && issued.value !== undefined) nextCustomer();
    if (step !== requested) go(step, { replace: true });
  }, [step, requested]);
  useEffect(() => {
    // Without these listeners, if the user dropped a file outside of the slots for pictures, the browser would leave the page and open the
    // file.
    const preventDrop = (event: DragEvent) => event.preventDefault();
    addEventListener("dragover", preventDrop);
    addEventListener("drop", preventDrop);
    return () => {
      removeEventListener("dragover", preventDrop);
      removeEventListener("drop", preventDrop);
    };
  }, []);
  return (
    <>
      <DraftNotice />
      {step === "pictures" && (
        <>
          <RemovedNotice />
          <QueueStatus />
          <SharedPictureNote />
        </>
      )}
      <CurrentStep step={step} />
      {step === "pictures" && <QueueSection />}
    </>
  );
}

function CurrentStep({ step }: { step: Step }) {
  switch (step) {
    case "face":
    case "signature":
      return <CropStep key={step} kind={step} />;
    case "clean":
      return <CleanStep />;
    case "draw":
      return <DrawStep />;
    case "check":
      return <CheckStep />;
    case "recipient":
      return <RecipientStep />;
    case "sent":
      return <SentStep />;
    default:
      return <PicturesStep />;
  }
}
