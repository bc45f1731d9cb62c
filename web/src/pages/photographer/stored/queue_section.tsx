/* The queue. Shows each entry with its state, and buttons to send, correct or remove the entry. */
import { useEffect, useState } from "preact/hooks";

import { endsAt } from "../../../api/session";
import { Button } from "../../../parts/button";
import { Dialog } from "../../../parts/dialog";
import { FailureNote } from "../../../parts/failure";
import { focusAfterRender } from "../../../parts/focus";
import { Notice, Tag } from "../../../parts/notice";
import { words as parts } from "../../../parts/words";
import { time } from "../../../words/dates";
import { pictures } from "../draft";
import { formatPercent } from "../numbers";
import { useSteps } from "../step";
import { words as common } from "../words";
import { entries, ENTRIES_MAX, issuedFromQueue, issuedToAnother, isUploadRejected, kindsOf, mayOpen, openEntry, queueFailure, removeEntry, sendEntries, sending, wasAdded, type Entry } from "./queue";
import { words } from "./words";

/** Announces the last change of the queue at the top of the page, where the user sees it. */
export function QueueStatus() {
  const t = words();
  return (
    <div role="status">
      {wasAdded.value && (
        <Notice kind="success">
          <p>{t.later.added}</p>
        </Notice>
      )}
      {issuedFromQueue.value > 0 && (
        <Notice kind="success">
          <p>{t.queue.issued(issuedFromQueue.value)}</p>
        </Notice>
      )}
    </div>
  );
}

export function QueueSection() {
  const t = words().queue;
  const list = entries.value;
  const isOnline = useOnline();
  if (list.length === 0) return null;
  return (
    <section class="queue" aria-labelledby="queue-title">
      <h2 class="govgr-heading-m" id="queue-title" tabIndex={-1}>
        {t.title(list.length, ENTRIES_MAX)}
      </h2>
      <p class="govgr-body">{t.lead}</p>
      {endsAt.value !== undefined && <p class="govgr-body">{t.until(time(new Date(endsAt.value).toISOString()))}</p>}
      <p class="govgr-body" role="status">
        {isOnline ? t.online : t.offline}
      </p>
      <FailureNote failure={queueFailure.value} />
      <ul class="queue-list">
        {list.map((entry) => (
          <QueueEntry key={entry.id} entry={entry} isOnline={isOnline} />
        ))}
      </ul>
      {list.length > 1 && (
        <Button disabled={!isOnline} busy={sending.value !== undefined} onClick={() => sendEntries(list.map(({ id }) => id))}>
          {t.sendAll}
        </Button>
      )}
    </section>
  );
}

const focusQueue = () => focusAfterRender(() => document.querySelector("#queue-title") ?? document.querySelector("main h1"));

function QueueEntry({ entry, isOnline }: { entry: Entry; isOnline: boolean }) {
  const t = words().queue;
  const { image, profile } = common();
  const { go } = useSteps();
  const [isRemoving, setRemoving] = useState(false);
  const [refusal, setRefusal] = useState<"openFirst" | "notOpened">();
  const { id, head } = entry;
  const to = head.request.recipient.value;
  const current = sending.value?.id === id ? sending.value : undefined;
  const issued = issuedToAnother(entry);
  const open = async () => {
    const hasDraft = Object.keys(pictures.value).length > 0;
    setRefusal(hasDraft ? "openFirst" : undefined);
    if (hasDraft) return;
    const isOpen = await openEntry(id).catch((error: unknown) => {
      console.error(error);
      return false;
    });
    if (isOpen) go("pictures");
    else setRefusal("notOpened");
  };
  return (
    <li class="queue-entry">
      <p class="queue-to">
        <strong>{to}</strong>{" "}
        {current !== undefined ? <Tag kind="busy">{t.sending(formatPercent(Math.floor(current.share * 100) / 100))}</Tag> : head.problem !== undefined ? <Tag kind="bad">{t.rejected}</Tag> : <Tag kind="quiet">{t.waiting}</Tag>}
      </p>
      <p class="govgr-hint">
        {kindsOf(entry)
          .map((kind) => image[kind])
          .join(", ")}
        {" · "}
        {profile[head.profile]}
        {" · "}
        {t.added(time(new Date(head.addedAt).toISOString()))}
        {head.request.reference !== undefined && ` · ${head.request.reference}`}
      </p>
      {head.problem !== undefined && <p class="govgr-error-message">{isUploadRejected(entry) ? t.uploadRejected : head.problem.detail}</p>}
      {issued !== undefined && (
        <p class="govgr-body">
          <a class="govgr-link" href={`/photographer/issued/${issued}`}>
            {t.conflict}
          </a>
        </p>
      )}
      {refusal !== undefined && (
        <p class="govgr-error-message" role="alert">
          {t[refusal]}
        </p>
      )}
      <div class="govgr-button-group">
        <Button variant="secondary" disabled={!isOnline} busy={sending.value !== undefined} label={t.forRecipient(t.send, to)} onClick={() => sendEntries([id]).then(() => (entries.value.some((other) => other.id === id) ? undefined : focusQueue()))}>
          {t.send}
        </Button>
        {mayOpen(entry) && (
          <Button variant="secondary" label={t.forRecipient(t.open, to)} onClick={() => void open()}>
            {t.open}
          </Button>
        )}
        <Button variant="link" disabled={current !== undefined} label={t.forRecipient(t.remove, to)} onClick={() => setRemoving(true)}>
          {t.remove}
        </Button>
      </div>
      {isRemoving && (
        <Dialog title={t.removeTitle} onClose={() => setRemoving(false)}>
          <p class="govgr-body">{to}</p>
          <p class="govgr-body">{t.removeText}</p>
          <div class="govgr-button-group">
            <Button
              variant="warning"
              onClick={() => {
                setRemoving(false);
                void removeEntry(id).then(focusQueue);
              }}
            >
              {t.remove}
            </Button>
            <Button variant="secondary" onClick={() => setRemoving(false)}>
              {parts().cancel}
            </Button>
          </div>
        </Dialog>
      )}
    </li>
  );
}

/** Returns whether the device has a network. Even with a network, the device may not reach the service. */
function useOnline(): boolean {
  const [online, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const update = () => setOnline(navigator.onLine);
    addEventListener("online", update);
    addEventListener("offline", update);
    return () => {
      removeEventListener("online", update);
      removeEventListener("offline", update);
    };
  }, []);
  return online;
}
