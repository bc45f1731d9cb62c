import { useEffect, useState } from "preact/hooks";

import type { Schemas } from "../../api/client";
import { useAction } from "../../parts/action";
import { Loading } from "../../parts/page";
import { fetchPhoto } from "./file";
import type { Subject } from "./subject";
import { ErrorMessage } from "./error_message";
import { words as common } from "./words/common";
import { words } from "./words/home";

/** One associated image at full size. The image's memory is released when the user leaves the page. */
export function Photo({ subject, image }: { subject: Subject; image: Schemas["Image"] }) {
  const t = words();
  const [url, setUrl] = useState<string>();
  const [attempt, setAttempt] = useState(0);
  const load = useAction(() => fetchPhoto(subject.handle, image.kind));
  useEffect(() => {
    let objectUrl: string | undefined;
    let isUnmounted = false;
    void load.run().then((blob) => {
      if (blob === undefined || isUnmounted) return;
      objectUrl = URL.createObjectURL(blob);
      setUrl(objectUrl);
    });
    return () => {
      isUnmounted = true;
      if (objectUrl !== undefined) URL.revokeObjectURL(objectUrl);
    };
  }, [subject.handle, image.kind, attempt]);
  const name = common()[image.kind];
  return (
    <li class={`picture picture-${image.kind}`}>
      {url !== undefined ? (
        <img src={url} alt={t.photoOf(name, subject.name)} width={image.width} height={image.height} />
      ) : load.failure === undefined ? (
        <Loading text={t.photoLoading} />
      ) : (
        <ErrorMessage failure={load.failure} onRetry={() => setAttempt(attempt + 1)} subject={subject} />
      )}
      <p class="picture-name">{name}</p>
    </li>
  );
}
