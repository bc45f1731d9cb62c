import { useEffect } from "preact/hooks";

import { CheckStep } from "./check_step";
import { CropStep } from "./crop_step";
import { currentReport, isComplete, issued, nextCustomer, pictures } from "./draft";
import { PicturesStep } from "./pictures_step";
import { RecipientStep } from "./recipient_step";
import { SentStep } from "./sent_step";
import { useSteps, type Step } from "./step";

/** As far as the draft allows: after a reload nothing is there, and it begins again. */
function allowed(wanted: string): Step {
  // Just issued, or come back to it; anything else is the next customer.
  if (issued.value !== undefined && (wanted === "recipient" || wanted === "sent")) return "sent";
  if ((wanted === "face" || wanted === "signature") && pictures.value[wanted] !== undefined) return wanted;
  if (wanted === "recipient" && currentReport.value?.report.ok === true) return wanted;
  return (wanted === "check" || wanted === "recipient") && isComplete.value ? "check" : "pictures";
}

export function NewPhotos() {
  const { wanted, go } = useSteps();
  const step = allowed(wanted);
  useEffect(() => {
    if (step !== "sent" && issued.value !== undefined) nextCustomer();
    if (step !== wanted) go(step, { replace: true });
  }, [step, wanted]);
  useEffect(() => {
    // A file dropped beside its place would take the browser away from here.
    const stay = (event: DragEvent) => event.preventDefault();
    addEventListener("dragover", stay);
    addEventListener("drop", stay);
    return () => {
      removeEventListener("dragover", stay);
      removeEventListener("drop", stay);
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
