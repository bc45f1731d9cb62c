import { Button } from "../../parts/button";
import { Notice } from "../../parts/notice";
import { placeAutomatically, profile, type ChosenPicture } from "./draft";
import { words } from "./new_words";
import { headIn, isAt } from "./picture/placement";
import { HEAD_LIMITS, type Frame } from "./picture/profiles";

/**
 * Describes how the frame was placed on the face, unless the file is sent unchanged. If the user has changed the placement, offers to
 * restore it.
 */
export function PlacementNotes({ chosen, frame, isOriginal }: { chosen: ChosenPicture; frame: Frame; isOriginal: boolean }) {
  const t = words().placement;
  const { face, placement, isCorrected } = chosen;
  if (face === undefined) return null;
  const isPlaced = placement !== undefined && !isCorrected;
  return (
    <div class="placement">
      <p class="govgr-hint" role="status">
        {face === "searching" ? t.searching : placement === undefined ? t.notFound : isOriginal ? "" : isPlaced ? t.placed : t.corrected}
      </p>
      {isPlaced && (placement.outside.length > 0 || isHeadSmall(chosen, frame)) && (
        <Notice kind="warning" live>
          {placement.outside.map((side) => (
            <p key={side}>{t.noRoom[side]}</p>
          ))}
          {placement.outside.length > 0 && <p>{t.nearest}</p>}
          {isHeadSmall(chosen, frame) && <p>{t.small}</p>}
        </Notice>
      )}
      {placement !== undefined && isCorrected && !isAt(placement, chosen.crop) && (
        <Button variant="secondary" onClick={placeAutomatically}>
          {t.again}
        </Button>
      )}
    </div>
  );
}

/** Returns whether the picture has too few pixels for a crop in which the head is large enough. */
function isHeadSmall({ face, placement, source }: ChosenPicture, frame: Frame): boolean {
  if (typeof face !== "object" || face.face === undefined || placement === undefined) return false;
  return headIn(frame, source.size, placement.crop, face.face).height < HEAD_LIMITS[profile.value].headHeight.min;
}
