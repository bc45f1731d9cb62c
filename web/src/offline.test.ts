/* Tests offline.html, which the service worker shows when another page cannot be loaded, with the real offline.js. */
import { expect, test, vi } from "vitest";

import html from "../public/offline.html?raw";
import source from "../public/offline.js?raw";

type Heading = { readonly text: string; readonly dataset: { readonly when: string }; hidden: boolean };

const browser = new EventTarget();
const headings = Array.from(html.matchAll(/<h2 data-when="(\w+)"( hidden)?>([^<]+)<\/h2>/g), ([, when = "", hidden, text = ""]): Heading => ({ text, dataset: { when }, hidden: hidden !== undefined }));
const shown = () => headings.filter(({ hidden }) => !hidden).map(({ text }) => text);

function setOnline(onLine: boolean): void {
  vi.stubGlobal("navigator", { onLine });
  browser.dispatchEvent(new Event(onLine ? "online" : "offline"));
}

test("the offline page says that there is no internet connection only if the device has no network", () => {
  expect(shown()).toEqual(["Δεν υπάρχει σύνδεση με το διαδίκτυο", "There is no internet connection"]);
  vi.stubGlobal("document", { querySelectorAll: (selector: string) => (selector === "[data-when]" ? headings : []) });
  vi.stubGlobal("addEventListener", browser.addEventListener.bind(browser));
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no response")));
  vi.useFakeTimers();
  vi.stubGlobal("navigator", { onLine: true });
  globalThis.eval(source);
  expect(shown()).toEqual(["Η σύνδεση διακόπηκε", "The connection was interrupted"]);
  setOnline(false);
  expect(shown()).toEqual(["Δεν υπάρχει σύνδεση με το διαδίκτυο", "There is no internet connection"]);
  setOnline(true);
  expect(shown()).toEqual(["Η σύνδεση διακόπηκε", "The connection was interrupted"]);
  vi.useRealTimers();
});
