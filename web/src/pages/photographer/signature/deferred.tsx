import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

import { Loading } from "../../../parts/page";
import { NotLoaded } from "../../not_loaded";

/** Loads a step when it is opened, so that the photographer's first page stays small. */
function deferred(load: () => Promise<ComponentType>) {
  return function Deferred() {
    const [Step, setStep] = useState<ComponentType>();
    useEffect(() => {
      let isOpen = true;
      const show = (step: ComponentType) => {
        if (isOpen) setStep(() => step);
      };
      load().then(show, () => show(NotLoaded));
      return () => {
        isOpen = false;
      };
    }, []);
    return Step === undefined ? <Loading /> : <Step />;
  };
}

export const CleanStep = deferred(() => import("./clean_step").then((step) => step.CleanStep));
export const DrawStep = deferred(() => import("./draw_step").then((step) => step.DrawStep));
