// Shows offline.html when a page cannot be loaded. Caches nothing else: no API responses and no pages.
const NAME = "offline-2";
const FILES = ["/offline.css", "/offline.js"];
addEventListener("install", (event) => {
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(["/offline.html", ...FILES])));
  skipWaiting();
});
addEventListener("activate", (event) => {
  event.waitUntil(caches.keys().then((names) => Promise.all(names.filter((name) => name !== NAME).map((name) => caches.delete(name)))));
});
addEventListener("fetch", (event) => {
  const { pathname } = new URL(event.request.url);
  if (event.request.mode === "navigate" && !pathname.startsWith("/v1/")) {
    event.respondWith(fetch(event.request).catch(() => caches.match("/offline.html")));
  } else if (FILES.includes(pathname)) {
    event.respondWith(fetch(event.request).catch(() => caches.match(pathname)));
  }
});
