// <download-text for="ID" name="recovery-codes.txt"><button type="button">Download</button></download-text>
// Saves the text of the element with that id as a file, without asking the server for it once more.
class DownloadText extends HTMLElement {
  connectedCallback() {
    this.querySelector("button").addEventListener("click", () => this.save());
  }

  save() {
    const source = document.getElementById(this.getAttribute("for"));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([source.textContent.trim(), "\n"], { type: "text/plain" }));
    link.download = this.getAttribute("name");
    link.click();
    URL.revokeObjectURL(link.href);
  }
}
customElements.define("download-text", DownloadText);
