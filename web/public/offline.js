// Reloads the page instead of linking to it. The URL's fragment may hold the code number of a QR code's link, and a link would lose it.
for (const button of document.querySelectorAll("button")) button.addEventListener("click", () => location.reload());
// A connection can break although the device has a network, for example when the service does not respond.
function showReason() {
  for (const heading of document.querySelectorAll("[data-when]")) heading.hidden = (heading.dataset.when === "online") !== navigator.onLine;
}
showReason();
addEventListener("online", showReason);
addEventListener("offline", showReason);
// The browser may report "online" before the network works, or not report it at all. So the page also tries every 3 seconds.
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
