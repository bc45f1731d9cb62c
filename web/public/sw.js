// Shows offline.html where a page cannot be loaded. Keeps nothing else: no answer about anybody, no page.
const NAME = "offline-1";
addEventListener("install", (event) => {
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(["/offline.html", "/offline.css"])));
  skipWaiting();
});
addEventListener("activate", (event) => {
  event.waitUntil(caches.keys().then((names) => Promise.all(names.filter((name) => name !== NAME).map((name) => caches.delete(name)))));
});
addEventListener("fetch", (event) => {
  const { pathname } = new URL(event.request.url);
  if (event.request.mode === "navigate" && !pathname.startsWith("/v1/")) {
    event.respondWith(fetch(event.request).catch(() => caches.match("/offline.html")));
  } else if (pathname === "/offline.css") {
    event.respondWith(fetch(event.request).catch(() => caches.match("/offline.css")));
  }
});
