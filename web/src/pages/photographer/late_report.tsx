/*
 * Loads the component `ImageReport` when the first report is shown. The component need not be available offline, because the reports come
 * from the service.
 */
import { useEffect, useState } from "preact/hooks";

import { Loading } from "../../parts/page";
import { NotLoaded } from "../not_loaded";
import type { ImageReport } from "./report";

export function LateReport(props: Parameters<typeof ImageReport>[0]) {
  const [Report, setReport] = useState<typeof ImageReport | typeof NotLoaded>();
  useEffect(() => {
    import("./report").then(
      ({ ImageReport }) => setReport(() => ImageReport),
      () => setReport(() => NotLoaded),
    );
  }, []);
  return Report === undefined ? <Loading /> : <Report {...props} />;
}
