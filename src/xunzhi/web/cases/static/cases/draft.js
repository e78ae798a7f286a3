// What is typed is kept on the server every few seconds and when the page is left; nothing is lost by an error, an
// expired session or a second tab. The notice lives in [data-draft-notice]; its words come from data- attributes.

const PAUSE = 2500;

export function keepDraft(form) {
  const notice = form.querySelector("[data-draft-notice]");
  let version = form.dataset.draftVersion;
  let saved = fingerprint(form);
  let blocked = false;
  let waiting;

  const say = (key, extra = "") => {
    notice.textContent = key ? `${notice.dataset[key]} ${extra}`.trim() : "";
    notice.classList.toggle("text-danger", ["signedOut", "offline", "elsewhere"].includes(key));
  };

  async function save() {
    const now = fingerprint(form);
    if (blocked || form.dataset.sent || now === saved) return true;
    let answer;
    try {
      answer = await fetch(form.dataset.draft, { method: "POST", body: body(form, version), redirect: "manual" });
    } catch {
      say("offline");
      later(5000);
      return false;
    }
    if (answer.status === 200) {
      version = (await answer.json()).version;
      form.dataset.draftVersion = version;
      saved = now;
      say("saved", new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
      return true;
    }
    if (answer.status === 409) {
      blocked = true;
      say("elsewhere");
      const take = form.querySelector("[data-draft-take]");
      take.hidden = false;
      take.onclick = async () => {
        version = (await answer.json()).version;
        blocked = false;
        take.hidden = true;
        save();
      };
      return true;
    }
    say("signedOut");
    later(5000);
    return false;
  }
  const later = (pause) => {
    clearTimeout(waiting);
    waiting = setTimeout(save, pause);
  };

  form.addEventListener("input", () => later(PAUSE));
  form.addEventListener("change", () => later(PAUSE));
  addEventListener("visibilitychange", () => document.visibilityState === "hidden" && leave());
  const leave = () => {
    if (!blocked && !form.dataset.sent && fingerprint(form) !== saved) navigator.sendBeacon(form.dataset.draft, body(form, version));
  };
  // Signed out meanwhile: sending would end on the sign-in page, so the draft goes first and says so.
  form.addEventListener("submit", async (event) => {
    if (event.defaultPrevented || form.dataset.checked) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const { submitter } = event;
    if (!(await save())) return void notice.scrollIntoView({ block: "center" });
    await new Promise((later) => setTimeout(later)); // a form can't be sent while it still tells that it is being sent
    form.dataset.checked = "yes";
    form.requestSubmit(submitter);
    delete form.dataset.checked;
  });
}

function body(form, version) {
  const data = new FormData(form);
  for (const [name, value] of [...data]) if (value instanceof File || name === "password") data.delete(name);
  data.set("draft_version", version);
  return data;
}

const fingerprint = (form) => {
  const data = body(form, "");
  return new URLSearchParams([...data]).toString();
};
