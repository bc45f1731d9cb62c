// Reloads the page. A link to the same page would lose the URL's fragment, which may contain the code number of a QR code.
for (const button of document.querySelectorAll("button")) button.addEventListener("click", () => location.reload());
// Shows one of two headings: the device has no network, or there is a network but the service cannot be reached.
function showReason() {
  for (const heading of document.querySelectorAll("[data-when]")) heading.hidden = (heading.dataset.when === "online") !== navigator.onLine;
}
showReason();
addEventListener("online", showReason);
addEventListener("offline", showReason);
// The browser may report "online" before the network works, or may never report it. So the page also sends a request every 3 seconds, and
// reloads if there is a response.
async function reloadIfOnline() {
  if (!navigator.onLine) return;
  try {
    await fetch("/robots.txt", { cache: "no-store" });
    location.reload();
  } catch {
    // The network does not work yet.
  }
}
addEventListener("online", reloadIfOnline);
setInterval(reloadIfOnline, 3000);
