import { useState } from "preact/hooks";

import { useAction } from "../../parts/action";
import { Button } from "../../parts/button";
import { language } from "../../words/language";
import { fetchZip } from "./file";
import { SavingStatus, useSaving } from "./save_file";
import type { Subject } from "./subject";
import { ErrorMessage } from "./error_message";
import { words } from "./words/home";

/** A button that downloads photos.zip, shows the progress, and says whether the file was saved. */
export function Download({ subject, variant = "secondary" }: { subject: Subject; variant?: "primary" | "secondary" }) {
  const t = words();
  const [share, setShare] = useState<number>();
  const { saving, save, share: shareFile, clear } = useSaving();
  const download = useAction(async () => {
    clear();
    setShare(undefined);
    const { zip, name } = await fetchZip(subject.handle, language.value, setShare);
    save(zip, name);
  });
  return (
    <div class="download">
      <ErrorMessage failure={download.failure} subject={subject} />
      <Button variant={variant} busy={download.busy} onClick={() => download.run()}>
        {download.busy ? (share === undefined ? t.downloadBegun : t.downloading(Math.floor(share * 100))) : t.download}
      </Button>
      <SavingStatus saving={saving} share={shareFile} downloaded={t.downloaded} />
    </div>
  );
}
