/* Locks between the tabs of a browser. When a page ends or crashes, the browser releases its locks. */

/** Acquires a lock if no other page holds it. Returns the function that releases the lock, or undefined if another page holds the lock. */
export function tryLock(name: string): Promise<(() => void) | undefined> {
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(name, { ifAvailable: true }, (lock) => {
        if (lock === null) return resolve(undefined);
        return new Promise<void>((release) => resolve(release));
      })
      .catch(reject);
  });
}
