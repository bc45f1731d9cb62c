// Shows offline.html when a page cannot be loaded. Caches only the files of that page: no API responses and no other pages.
const CACHE_NAME = "offline-2";
const CACHED_FILES = ["/offline.css", "/offline.js"];
addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE_NAME).then((cache) => cache.addAll(["/offline.html", ...CACHED_FILES])));
  skipWaiting();
});
addEventListener("activate", (event) => {
  event.waitUntil(caches.keys().then((names) => Promise.all(names.filter((name) => name !== CACHE_NAME).map((name) => caches.delete(name)))));
});
addEventListener("fetch", (event) => {
  const { pathname } = new URL(event.request.url);
  if (event.request.mode === "navigate" && !pathname.startsWith("/v1/")) {
    event.respondWith(fetch(event.request).catch(() => caches.match("/offline.html")));
  } else if (CACHED_FILES.includes(pathname)) {
    event.respondWith(fetch(event.request).catch(() => caches.match(pathname)));
  }
});
