// A link to the same page would lose what stands behind the # of a QR code's link; loading again does not.
for (const button of document.querySelectorAll("button")) button.addEventListener("click", () => location.reload());
addEventListener("online", () => location.reload());
