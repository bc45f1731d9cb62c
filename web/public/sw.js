// Shows offline.html when a page cannot be loaded. Also stores a picture that a person shares from the device's gallery with the installed
// application. Caches only the files of the offline page: no API responses and no other pages.
const CACHE_NAME = "offline-3";
const CACHED_FILES = ["/offline.css", "/offline.js"];

// Path to which the browser posts a shared picture: `action` of `share_target` in manifest.webmanifest.
const SHARE_PATH = "/photographer/share";
const SHARED_DATABASE = "shared-picture";
const SHARED_STORE = "pictures";
// Maximum time that a shared picture is stored while its photographer signs in.
const SHARED_LIFETIME_MS = 10 * 60_000;
// Maximum size of a shared picture in bytes. Larger than the files of cameras, because the page makes the picture smaller only later.
const SHARED_BYTES_MAX = 60_000_000;

addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE_NAME).then((cache) => cache.addAll(["/offline.html", ...CACHED_FILES])));
  skipWaiting();
});
addEventListener("activate", (event) => {
  event.waitUntil(caches.keys().then((names) => Promise.all(names.filter((name) => name !== CACHE_NAME).map((name) => caches.delete(name)))));
});
addEventListener("fetch", (event) => {
  const { pathname } = new URL(event.request.url);
  if (event.request.method === "POST" && pathname === SHARE_PATH) {
    event.respondWith(takeSharedPicture(event.request));
  } else if (event.request.mode === "navigate" && !pathname.startsWith("/v1/")) {
    event.waitUntil(removeOldSharedPicture());
    event.respondWith(fetch(event.request).catch(() => caches.match("/offline.html")));
  } else if (CACHED_FILES.includes(pathname)) {
    event.respondWith(fetch(event.request).catch(() => caches.match(pathname)));
  }
});

// Stores a shared picture encrypted. The key is only in the URL's fragment, which the page removes at once, so no other tab can open the
// picture.
async function takeSharedPicture(request) {
  try {
    const file = (await request.formData()).get("picture");
    if (!(file instanceof Blob) || file.size === 0 || file.size > SHARED_BYTES_MAX) throw new Error("no picture");
    const key = crypto.getRandomValues(new Uint8Array(32));
    const nonce = crypto.getRandomValues(new Uint8Array(12));
    const imported = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt"]);
    const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce }, imported, await file.arrayBuffer());
    await inSharedStore("readwrite", (store) => store.put({ at: Date.now(), type: file.type, nonce, sealed }, "picture"));
    return Response.redirect(`/photographer/new?from=share#picture=${base64url(key)}`, 303);
  } catch {
    return Response.redirect("/photographer/new?from=share_failed", 303);
  }
}

async function removeOldSharedPicture() {
  try {
    if (!(await indexedDB.databases()).some(({ name }) => name === SHARED_DATABASE)) return;
    await inSharedStore("readwrite", (store) => {
      const request = store.get("picture");
      request.onsuccess = () => {
        if (request.result !== undefined && Math.abs(Date.now() - request.result.at) >= SHARED_LIFETIME_MS) store.delete("picture");
      };
    });
  } catch {
    // The browser blocks the database. So no picture can have been stored in it, and there is nothing to remove.
  }
}

function inSharedStore(mode, use) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(SHARED_DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(SHARED_STORE);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const database = opening.result;
      const transaction = database.transaction(SHARED_STORE, mode);
      use(transaction.objectStore(SHARED_STORE));
      transaction.oncomplete = () => {
        database.close();
        resolve();
      };
      transaction.onabort = () => {
        database.close();
        reject(transaction.error);
      };
    };
  });
}

function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
