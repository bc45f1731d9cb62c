import { useState } from "preact/hooks";

import { useAction } from "../../parts/action";
import { Button } from "../../parts/button";
import { language } from "../../words/language";
import { downloadPhotos } from "./file";
import type { Subject } from "./subject";
import { ErrorMessage } from "./error_message";
import { words } from "./words/home";

/** A button that downloads photos.zip and shows the progress. */
export function Download({ subject, variant = "secondary" }: { subject: Subject; variant?: "primary" | "secondary" }) {
  const t = words();
  const [share, setShare] = useState<number>();
  const [done, setDone] = useState(false);
  const download = useAction(async () => {
    setDone(false);
    setShare(undefined);
    await downloadPhotos(subject.handle, language.value, setShare);
    setDone(true);
  });
  return (
    <div class="download">
      <ErrorMessage failure={download.failure} subject={subject} />
      <Button variant={variant} busy={download.busy} onClick={() => download.run()}>
        {download.busy ? (share === undefined ? t.downloadBegun : t.downloading(Math.floor(share * 100))) : t.download}
      </Button>
      <p class="govgr-hint" role="status">
        {done && t.downloaded}
      </p>
    </div>
  );
}
