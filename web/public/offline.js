// A link to the same page would lose what stands behind the # of a QR code's link; loading again does not.
for (const button of document.querySelectorAll("button")) button.addEventListener("click", () => location.reload());
// The browser may say "online" before anything can be reached, or not at all.
async function look() {
  if (!navigator.onLine) return;
  try {
    await fetch("/robots.txt", { cache: "no-store" });
    location.reload();
  } catch {
    // Not yet.
  }
}
addEventListener("online", look);
setInterval(look, 3000);
