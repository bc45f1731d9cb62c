import { useEffect, useState } from "preact/hooks";

import type { Schemas } from "../../api/client";
import { useAction } from "../../parts/action";
import { Loading } from "../../parts/page";
import { photo } from "./file";
import type { Who } from "./subject";
import { Trouble } from "./trouble";
import { words as common } from "./words/common";
import { words } from "./words/home";

/** One image as it is stored. Its bytes are let go when the page is left. */
export function Photo({ who, image }: { who: Who; image: Schemas["Image"] }) {
  const t = words();
  const [address, setAddress] = useState<string>();
  const [turn, setTurn] = useState(0);
  const load = useAction(() => photo(who.subject, image.kind));
  useEffect(() => {
    let made: string | undefined;
    let left = false;
    void load.run().then((blob) => {
      if (blob === undefined || left) return;
      made = URL.createObjectURL(blob);
      setAddress(made);
    });
    return () => {
      left = true;
      if (made !== undefined) URL.revokeObjectURL(made);
    };
  }, [who.subject, image.kind, turn]);
  const name = common()[image.kind];
  return (
    <li class={`picture picture-${image.kind}`}>
      {address !== undefined ? (
        <img src={address} alt={t.photoOf(name, who.name)} width={image.width} height={image.height} />
      ) : load.failure === undefined ? (
        <Loading text={t.photoLoading} />
      ) : (
        <Trouble failure={load.failure} onRetry={() => setTurn(turn + 1)} who={who} />
      )}
      <p class="picture-name">{name}</p>
    </li>
  );
}
