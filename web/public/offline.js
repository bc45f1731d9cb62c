// Reload instead of a link, because a link to the same page would lose the URL's fragment, which holds the code number of a QR code's link.
for (const button of document.querySelectorAll("button")) button.addEventListener("click", () => location.reload());
// The browser may report "online" before the network works, or not report it at all. So this also tries every 3 seconds.
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
