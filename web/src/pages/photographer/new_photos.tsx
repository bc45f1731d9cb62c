import { useEffect } from "preact/hooks";

import { CheckStep } from "./check_step";
import { CropStep } from "./crop_step";
import { currentReport, isComplete, issued, nextCustomer, pictures } from "./draft";
import { PicturesStep } from "./pictures_step";
import { RecipientStep } from "./recipient_step";
import { SentStep } from "./sent_step";
import { useSteps, type Step } from "./step";

/** As far as the draft allows: after a reload nothing is there, and it begins again. */
function allowedStep(requested: string): Step {
  // Just issued, or come back to it; anything else is the next customer.
  if (issued.value !== undefined && (requested === "recipient" || requested === "sent")) return "sent";
  if ((requested === "face" || requested === "signature") && pictures.value[requested] !== undefined) return requested;
  if (requested === "recipient" && currentReport.value?.report.ok === true) return requested;
  return (requested === "check" || requested === "recipient") && isComplete.value ? "check" : "pictures";
}

export function NewPhotos() {
  const { wanted, go } = useSteps();
  const step = allowedStep(wanted);
  useEffect(() => {
    if (step !== "sent" && issued.value !== undefined) nextCustomer();
    if (step !== wanted) go(step, { replace: true });
  }, [step, wanted]);
  useEffect(() => {
    // A file dropped beside its place would take the browser away from here.
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
