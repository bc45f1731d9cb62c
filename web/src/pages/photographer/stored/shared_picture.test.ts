/* Tests with the real service worker and the real page: the service worker stores a shared picture, and the page opens it. */
import { beforeEach, expect, test, vi } from "vitest";

import manifestText from "../../../../public/manifest.webmanifest?raw";
import source from "../../../../public/sw.js?raw";
import { deviceTime } from "../../../words/clock";
import { eventually, newBrowser } from "./fake_page";

const MINUTE_MS = 60_000;
vi.mock("../../../words/language", async () => ({ language: (await import("@preact/signals")).signal("en") }));
vi.mock("../../../api/session", async () => ({ onEnd: [], session: (await import("@preact/signals")).signal(undefined), sessionState: (await import("@preact/signals")).signal({ kind: "unknown" }) }));
vi.mock("../draft", () => ({ pictures: { value: {} } }));
vi.mock("./draft_record", () => ({}));
vi.mock("./draft_storage", () => ({}));
vi.mock("../chooser", () => ({}));
vi.mock("../picture/decode", () => ({}));

type FetchEvent = { readonly request: Request; readonly respondWith: (response: Promise<Response>) => void; readonly waitUntil: (work: Promise<unknown>) => void };

const worker = new EventTarget();
newBrowser();
vi.stubGlobal("addEventListener", (type: string, listener: (event: FetchEvent) => void) => worker.addEventListener(type, (event) => listener((event as unknown as { detail: FetchEvent }).detail)));
globalThis.eval(source);

/** Sends a request through the service worker. Returns undefined if the service worker leaves the request to the browser. */
async function send(request: Request): Promise<Response | undefined> {
  let response: Promise<Response> | undefined;
  const work: Promise<unknown>[] = [];
  worker.dispatchEvent(Object.assign(new Event("fetch"), { detail: { request, respondWith: (value: Promise<Response>) => (response = value), waitUntil: (value: Promise<unknown>) => work.push(value) } }));
  await Promise.all(work);
  return response;
}

function share(content: BlobPart | undefined, path = "/photographer/share", method = "POST"): Request {
  const body = new FormData();
  if (content !== undefined) body.set("picture", new File([content], "IMG_1.jpg", { type: "image/jpeg" }));
  return new Request(`https://myphoto.example.gr${path}`, method === "POST" ? { method, body } : { method });
}

/** Opens the page at the URL to which the service worker has redirected. */
async function openPage(response: Response | undefined): Promise<File | undefined> {
  const url = new URL(response?.headers.get("Location") ?? "", "https://myphoto.example.gr");
  vi.stubGlobal("location", { hash: url.hash, pathname: url.pathname, search: url.search, origin: url.origin });
  const { takeSharedPictureKeyFromUrl } = await import("../../../stored/shared_picture_key");
  const { takeSharedPicture } = await import("./shared_picture");
  takeSharedPictureKeyFromUrl();
  return takeSharedPicture();
}

const replaceState = vi.fn();
const databases = async () => (await indexedDB.databases()).map(({ name }) => name);

beforeEach(() => {
  newBrowser();
  vi.useFakeTimers({ toFake: ["Date", "setTimeout"], now: 1_000_000_000_000 });
  replaceState.mockClear();
  vi.stubGlobal("history", { state: null, replaceState });
  // Browsers resolve relative URLs in `Response.redirect`. Node.js does not.
  vi.spyOn(Response, "redirect").mockImplementation((url, status) => new Response(null, { status: status ?? 302, headers: { Location: String(url) } }));
});

test("a shared picture reaches the page, no other tab, and no server, and is removed when the page has it", async () => {
  const response = await send(share("a face"));
  expect([response?.status, response?.headers.get("Location")?.split("#")[0]]).toEqual([303, "/photographer/new?from=share"]);
  const file = await openPage(response);
  expect([await file?.text(), file?.type]).toEqual(["a face", "image/jpeg"]);
  expect(replaceState).toHaveBeenCalledWith(null, "", "/photographer/new?from=share");
  await eventually(async () => expect(await databases()).toEqual([]));
  expect(await openPage(response)).toBeUndefined();
});

test("another tab, which does not have the key, opens nothing", async () => {
  await send(share("a face"));
  expect(await openPage(undefined)).toBeUndefined();
  const other = "A".repeat(43);
  const warn = vi.spyOn(console, "warn").mockReturnValue(undefined);
  expect(await openPage(new Response(null, { headers: { Location: `/photographer/new?from=share#picture=${other}` } }))).toBeUndefined();
  warn.mockRestore();
});

test("after ten minutes without a photographer the picture is gone: for the page, and for the service worker at the next page", async () => {
  const response = await send(share("a face"));
  vi.setSystemTime(deviceTime() + 10 * MINUTE_MS);
  expect(await openPage(response)).toBeUndefined();
  vi.setSystemTime(deviceTime() + 1);
  const second = await send(share("another face"));
  vi.setSystemTime(deviceTime() + 10 * MINUTE_MS);
  vi.stubGlobal("fetch", () => Promise.resolve(new Response()));
  await send(Object.defineProperty(new Request("https://myphoto.example.gr/"), "mode", { value: "navigate" }));
  vi.setSystemTime(deviceTime() - 10 * MINUTE_MS);
  expect(await openPage(second)).toBeUndefined();
});

test("without a picture the page says that it did not arrive", async () => {
  for (const content of [undefined, ""]) {
    expect((await send(share(content)))?.headers.get("Location")).toBe("/photographer/new?from=share_failed");
  }
  expect(await databases()).toEqual([]);
});

test("the service worker answers no other request, and stores no response", async () => {
  expect(await send(share("a face", "/v1/photographer/uploads"))).toBeUndefined();
  expect(await send(share(undefined, "/v1/session", "GET"))).toBeUndefined();
  expect(await send(share(undefined, "/assets/index.js", "GET"))).toBeUndefined();
  expect([source.match(/cache\.\w+/g), /caches\.open/g.exec(source)?.length]).toEqual([["cache.addAll"], 1]);
});

test("the manifest names the path and the field that the service worker reads", () => {
  const manifest = JSON.parse(manifestText) as { share_target: { action: string; method: string; enctype: string; params: { files: { name: string }[] } }; file_handlers: { action: string }[]; scope: string };
  const { action, method, enctype, params } = manifest.share_target;
  expect([action, method, enctype, params.files[0]?.name, manifest.scope]).toEqual(["/photographer/share", "POST", "multipart/form-data", "picture", "/"]);
  expect(manifest.file_handlers.map(({ action }) => action)).toEqual(["/photographer/new?from=file"]);
});
