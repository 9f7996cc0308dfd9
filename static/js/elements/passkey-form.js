// <passkey-form do="create|get" [options="/where/they/are/"]>
//   <form method="post">… <input type="hidden" name="credential"> <div data-complaint role="alert" hidden><p></p></div> <button>…</button></form>
//   <script type="application/json">{"publicKey": …}</script>
// </passkey-form>
// Lets the browser make or use a passkey when the form is sent, and sends what comes of it. The options stand in the
// element or are asked for. Without JavaScript the element is not shown, and the page says so.
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const COMPLAINTS = {
  InvalidStateError: "This device holds a passkey of yours already.",
  NotAllowedError: "Nothing came from the device, or it took too long. Try again.",
  SecurityError: "Passkeys belong to another address of this site. Open it there.",
};

class PasskeyForm extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.form.addEventListener("submit", (event) => this.prove(event));
  }

  async prove(event) {
    event.preventDefault();
    this.say("");
    if (!window.PublicKeyCredential) return this.say("This browser, or an address without https, knows no passkeys.");
    try {
      const publicKey = await this.options();
      const way = this.getAttribute("do");
      this.form.elements.credential.value = JSON.stringify(this.told(await navigator.credentials[way]({ publicKey })));
      this.form.submit();
    } catch (error) {
      this.say(COMPLAINTS[error.name] ?? "This did not work. Load the page again and try once more.");
    }
  }

  async options() {
    const address = this.getAttribute("options");
    const given = address
      ? (await (await fetch(address, { headers: { Accept: "application/json" } })).json()).request_options
      : JSON.parse(this.querySelector("script").textContent);
    const options = { ...given.publicKey, challenge: bytes(given.publicKey.challenge) };
    const known = (list) => list?.map((each) => ({ ...each, id: bytes(each.id) }));
    options.allowCredentials = known(options.allowCredentials);
    options.excludeCredentials = known(options.excludeCredentials);
    return options.user ? this.toMake(options) : options;
  }

  toMake(options) {
    const alone = this.form.elements.passwordless.checked;
    const wish = alone ? { residentKey: "required", requireResidentKey: true, userVerification: "required" } : {};
    const authenticatorSelection = { ...options.authenticatorSelection, ...wish };
    return { ...options, user: { ...options.user, id: bytes(options.user.id) }, authenticatorSelection };
  }

  told(credential) {
    const { id, type } = credential;
    const response = {};
    for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[part]) response[part] = text(credential.response[part]);
    }
    return { id, rawId: id, type, response, clientExtensionResults: credential.getClientExtensionResults() };
  }

  say(words) {
    const complaint = this.querySelector("[data-complaint]");
    complaint.querySelector("p").textContent = words;
    complaint.hidden = !words;
  }
}
customElements.define("passkey-form", PasskeyForm);
