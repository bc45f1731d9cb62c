import { useEffect } from "preact/hooks";

import { CheckStep } from "./check_step";
import { CropStep } from "./crop_step";
import { isComplete, issued, mayIssue, nextCustomer, pictures } from "./draft";
import { PicturesStep } from "./pictures_step";
import { RecipientStep } from "./recipient_step";
import { SentStep } from "./sent_step";
import { CleanStep, DrawStep } from "./signature/deferred";
import { useSteps, type Step } from "./step";

/** Returns the requested step, or the step that the draft allows. After a reload the draft is empty and the first step follows. */
function allowedStep(requested: string): Step {
  // A code was just issued, or the user came back to that page. Any other step starts the next customer.
  if (issued.value !== undefined && (requested === "recipient" || requested === "sent")) return "sent";
  if ((requested === "face" || requested === "signature") && pictures.value[requested] !== undefined) return requested;
  if (requested === "draw" || (requested === "clean" && pictures.value.signature !== undefined)) return requested;
  if (requested === "recipient" && mayIssue.value) return requested;
  return (requested === "check" || requested === "recipient") && isComplete.value ? "check" : "pictures";
}

export function NewPhotos() {
  const { requested, go } = useSteps();
  const step = allowedStep(requested);
  useEffect(() => {
    if (step !== "sent" && issued.value !== undefined) nextCustomer();
    if (step !== requested) go(step, { replace: true });
  }, [step, requested]);
  useEffect(() => {
    // A file dropped outside of a slot would make the browser leave the page.
    const preventDrop = (event: DragEvent) => event.preventDefault();
    addEventListener("dragover", preventDrop);
    addEventListener("drop", preventDrop);
    return () => {
      removeEventListener("dragover", preventDrop);
      removeEventListener("drop", preventDrop);
    };
  }, []);
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
