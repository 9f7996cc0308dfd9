// <shown-once href="/address/without/the/secret/">… the secret …</shown-once>
// The answer to a form holds a secret. Its entry in the history becomes the address of the page without it,
// so that a reload or the back button finds that page; and leaving takes the secret out of a page kept in memory.
class ShownOnce extends HTMLElement {
  connectedCallback() {
    history.replaceState(null, "", this.getAttribute("href"));
    this.onLeave = () => this.replaceChildren();
    this.onReturn = (event) => event.persisted && location.reload();
    addEventListener("pagehide", this.onLeave);
    addEventListener("pageshow", this.onReturn);
    this.querySelector("dialog")?.addEventListener("close", () => this.close());
  }

  close() {
    this.replaceChildren();
    location.reload();
  }

  disconnectedCallback() {
    removeEventListener("pagehide", this.onLeave);
    removeEventListener("pageshow", this.onReturn);
  }
}
customElements.define("shown-once", ShownOnce);
