/* Detects limitations of the user's browser. */

export type Client = { userAgent: string; maxTouchPoints: number; isStandalone: boolean };

export function currentClient(): Client {
  const { userAgent, maxTouchPoints } = navigator;
  // Safari on iOS has this property, which is not part of a standard.
  const isOnHomeScreen = (navigator as { standalone?: boolean }).standalone === true;
  return { userAgent, maxTouchPoints, isStandalone: isOnHomeScreen || matchMedia("(display-mode: standalone)").matches };
}

/** Parts of the User-Agent by which apps that show web pages are recognised. `; wv)` is the part that Android's WebView adds. */
const APPS = /\bFB(AN|AV|IOS)\b|FB_IAB|Messenger|Instagram|Viber|WhatsApp|\bLine\/|MicroMessenger|TikTok|musical_ly|BytedanceWebview|Snapchat|Twitter|LinkedInApp|Pinterest|Telegram|; wv\)/i;

/** Returns whether the page is shown inside an app that is not a browser. */
export function isInsideApp(client: Client): boolean {
  const { userAgent, isStandalone } = client;
  // On iOS, the User-Agent of every browser contains `Safari`. Apps that show web pages, and pages opened from the home screen, send a
  // User-Agent without `Safari`.
  const isAppleView = isAppleMobile(client) && /AppleWebKit/.test(userAgent) && !/Safari\//.test(userAgent) && !isStandalone;
  return isAppleView || APPS.test(userAgent);
}

/** Returns whether the device is an iPhone or iPad. An iPad calls itself a Mac, but Macs have no touchscreen. */
function isAppleMobile({ userAgent, maxTouchPoints }: Client): boolean {
  return /iPhone|iPad|iPod/.test(userAgent) || (userAgent.includes("Macintosh") && maxTouchPoints > 1);
}

export type SavingMethod = "download" | "share" | "impossible";

/**
 * Returns the method for saving a file. In a page opened from the home screen of iOS, and inside apps, a link to a file saves nothing.
 * There the user has to share the file with another app, such as Files.
 */
export function savingMethod(client: Client, canShare: boolean): SavingMethod {
  const ignoresDownloads = isInsideApp(client) || (isAppleMobile(client) && client.isStandalone);
  if (!ignoresDownloads) return "download";
  return canShare ? "share" : "impossible";
}

/** Errors of `navigator.share` after which the user can try again: the user closed the share sheet, or another share sheet is open. */
const SHARING_CAN_BE_REPEATED = new Set(["AbortError", "NotAllowedError", "InvalidStateError"]);

/** Hands a file to an app that the user chooses. */
export async function shareFile(file: File, share: (data: ShareData) => Promise<void>): Promise<"handedOver" | "cancelled" | "impossible"> {
  try {
    await share({ files: [file] });
    return "handedOver";
  } catch (error) {
    return error instanceof DOMException && SHARING_CAN_BE_REPEATED.has(error.name) ? "cancelled" : "impossible";
  }
}

/**
 * Returns the URL that opens this page in another browser, without query and fragment. If the path is neither `/people/self` nor below it,
 * returns the URL of the home page, because the path may contain a handle that is valid only in this session.
 */
export function urlForOtherBrowser({ origin, pathname }: { origin: string; pathname: string }): string {
  return origin + (/^\/people\/self(\/[a-z]+)*$/.test(pathname) ? pathname : "/");
}
