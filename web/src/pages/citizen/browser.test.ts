import { describe, expect, it } from "vitest";

import { isInsideApp, savingMethod, shareFile, urlForOtherBrowser } from "./browser";

const IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)";
const ANDROID = "Mozilla/5.0 (Linux; Android 15; Pixel 8";
const CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Mobile Safari/537.36";
const client = (userAgent: string, rest = {}) => ({ userAgent, maxTouchPoints: 5, isStandalone: false, ...rest });

const SAFARI = client(`${IPHONE} Version/18.5 Mobile/15E148 Safari/604.1`);
const HOME_SCREEN = client(`${IPHONE} Mobile/15E148`, { isStandalone: true });
const BROWSERS = [
  ["Safari on iPhone", SAFARI],
  ["Chrome on iPhone", client(`${IPHONE} CriOS/148.0.7778.100 Mobile/15E148 Safari/604.1`)],
  ["Firefox on iPhone", client(`${IPHONE} FxiOS/150.0 Mobile/15E148 Safari/605.1.15`)],
  ["Chrome on Android", client(`${ANDROID}) ${CHROME}`)],
  ["Samsung Internet", client(`${ANDROID}) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36`)],
  ["Firefox on Android", client("Mozilla/5.0 (Android 15; Mobile; rv:153.0) Gecko/153.0 Firefox/153.0")],
  ["Safari on a Mac", client("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15", { maxTouchPoints: 0 })],
  ["Chrome on Windows", client("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36", { maxTouchPoints: 10 })],
] as const;
const APPS = [
  ["Messenger on iPhone", client(`${IPHONE} Mobile/15E148 [FBAN/MessengerForiOS;FBAV/500.0;FBDV/iPhone14,5]`)],
  ["Instagram on iPhone", client(`${IPHONE} Mobile/15E148 Instagram 380.0.0.28.109 (iPhone14,5; iOS 18_5; el_GR)`)],
  ["an unnamed app on iPhone", client(`${IPHONE} Mobile/15E148`)],
  ["an unnamed app on iPad", client("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)")],
  ["Facebook on Android", client(`${ANDROID}; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/148.0.0.0 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/500.0.0.0;]`)],
  ["an unnamed app on Android", client(`${ANDROID} Build/AP4A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/148.0.0.0 Mobile Safari/537.36`)],
  ["Viber on Android", client(`${ANDROID}) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/148.0.0.0 Mobile Safari/537.36 Viber/24.1`)],
] as const;

describe("a page inside an app", () => {
  it.each(APPS)("is recognised: %s", (_, app) => {
    expect(isInsideApp(app)).toBe(true);
  });

  it.each([...BROWSERS, ["an app on the home screen", HOME_SCREEN] as const])("is not confused with %s", (_, browser) => {
    expect(isInsideApp(browser)).toBe(false);
  });
});

describe("a file", () => {
  it.each(BROWSERS)("is downloaded in %s, even if it could be shared", (_, browser) => {
    expect(savingMethod(browser, true)).toBe("download");
  });

  it.each([...APPS, ["an app on the home screen of an iPhone", HOME_SCREEN] as const])("is shared in %s, and not saved if it cannot be shared", (_, place) => {
    expect(savingMethod(place, true)).toBe("share");
    expect(savingMethod(place, false)).toBe("impossible");
  });

  it("is downloaded in an app on the home screen of Android", () => {
    expect(savingMethod(client(`${ANDROID}) ${CHROME}`, { isStandalone: true }), true)).toBe("download");
  });
});

describe("sharing a file", () => {
  const file = new File(["x"], "photos.zip", { type: "application/zip" });

  it("hands the file over", async () => {
    const shared: ShareData[] = [];
    const share = (data: ShareData) => {
      shared.push(data);
      return Promise.resolve();
    };
    expect(await shareFile(file, share)).toBe("handedOver");
    expect(shared).toEqual([{ files: [file] }]);
  });

  it.each(["AbortError", "NotAllowedError", "InvalidStateError"])("can be repeated after %s", async (name) => {
    expect(await shareFile(file, () => Promise.reject(new DOMException("", name)))).toBe("cancelled");
  });

  it.each([new DOMException("", "DataError"), new TypeError("not supported")])("is impossible after %s", async (error) => {
    expect(await shareFile(file, () => Promise.reject(error))).toBe("impossible");
  });
});

it.each([
  ["/people/self/code", "https://a.example/people/self/code"],
  ["/people/self", "https://a.example/people/self"],
  ["/people/x7Yh-2/code", "https://a.example/"],
  ["/photographer", "https://a.example/"],
])("the URL for another browser contains no code and nothing of the session: %s", (pathname, url) => {
  const page = new URL(`https://a.example${pathname}?code=adEC3wlknv5LcQn5W65twA#code=adEC3wlknv5LcQn5W65twA`);
  expect(urlForOtherBrowser(page)).toBe(url);
});
