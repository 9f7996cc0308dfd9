// <carry-on><form method="post">… <button>Continue</button></form></carry-on>
// A long act in steps: each page sends its form by itself, until a page comes without one. Leaving the page stops it.
class CarryOn extends HTMLElement {
  connectedCallback() {
    const button = this.querySelector("button");
    this.timer = setTimeout(() => {
      this.querySelector("form").requestSubmit(button);
      button.disabled = true;
    }, 200);
  }

  disconnectedCallback() {
    clearTimeout(this.timer);
  }
}
customElements.define("carry-on", CarryOn);
