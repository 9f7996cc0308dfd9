// <add-line for="ID" line="203.0.113.7">… <button type="button" hidden>Add my current address</button></add-line>
// Adds a line to the text area with that id, once. Without JavaScript the text beside the button is typed by hand.
class AddLine extends HTMLElement {
  connectedCallback() {
    this.button = this.querySelector("button");
    this.button.hidden = false;
    this.button.addEventListener("click", () => this.add());
  }

  add() {
    const area = document.getElementById(this.getAttribute("for"));
    const lines = area.value.split("\n").filter((line) => line.trim());
    const line = this.getAttribute("line");
    if (!lines.includes(line)) lines.push(line);
    area.value = lines.join("\n");
    area.focus();
  }
}
customElements.define("add-line", AddLine);
