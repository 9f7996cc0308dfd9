// A form with a request key is answered with a secret, once: an impatient second click would throw that answer away.
const PATIENCE_MS = 10_000; // who stopped the page from loading may send it again

const sent = new WeakMap();

addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !form.elements.namedItem("request_key")) return;
  const now = performance.now();
  if (now - (sent.get(form) ?? -Infinity) < PATIENCE_MS) event.preventDefault();
  else sent.set(form, now);
});
addEventListener("pageshow", (event) => {
  if (event.persisted) for (const form of document.forms) sent.delete(form);
});
