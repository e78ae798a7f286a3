// Files go up while the form is still being filled in, each with its progress; pasted pictures too.
// <div data-upload="/cases/…" data-name="f"> with <input type=file> and [data-files]; words in data- attributes.

addEventListener("change", (event) => {
  const area = event.target.closest?.("[data-upload]");
  if (!area || event.target.type !== "file") return;
  [...event.target.files].forEach((file) => send(area, file));
  event.target.value = "";
});
addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files ?? [])];
  const area = document.activeElement?.closest?.("form")?.querySelector("[data-upload]:not([hidden])") ?? document.querySelector("[data-upload]");
  if (!files.length || !area) return;
  event.preventDefault();
  files.forEach((file) => send(area, file));
});
for (const kind of ["dragover", "drop"]) {
  addEventListener(kind, (event) => {
    const area = event.target.closest?.("[data-upload]");
    if (!area || ![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    if (kind === "drop") [...event.dataTransfer.files].forEach((file) => send(area, file));
  });
}
addEventListener("click", (event) => {
  const remove = event.target.closest?.("[data-remove-file]");
  if (!remove) return;
  const area = remove.closest("[data-upload]");
  remove.closest("[data-file]").remove();
  area.dispatchEvent(new Event("change", { bubbles: true }));
});

function send(area, file) {
  const item = document.createElement("div");
  item.className = "upload-file";
  item.dataset.file = "";
  const name = Object.assign(document.createElement("span"), { className: "text-truncate flex-fill", textContent: file.name });
  const bar = Object.assign(document.createElement("progress"), { max: 1, value: 0 });
  const remove = Object.assign(document.createElement("button"), { type: "button", className: "btn-close" });
  remove.dataset.removeFile = "";
  remove.setAttribute("aria-label", `${area.dataset.removeWord} ${file.name}`);
  item.append(name, bar, remove);
  area.querySelector("[data-files]").append(item);
  if (file.size > Number(area.dataset.limit)) return fail(item, bar, area.dataset.tooLarge);

  const request = new XMLHttpRequest();
  request.open("POST", area.dataset.upload);
  request.setRequestHeader("X-CSRFToken", JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"]);
  request.upload.onprogress = (event) => event.lengthComputable && (bar.value = event.loaded / event.total);
  request.onerror = () => fail(item, bar, area.dataset.failed);
  request.onload = () => {
    let answer = {};
    try {
      answer = JSON.parse(request.responseText);
    } catch {
      // a page of the server instead of an answer: it is said below
    }
    if (request.status !== 200) return fail(item, bar, answer.error ?? area.dataset.failed);
    bar.remove();
    item.append(Object.assign(document.createElement("input"), { type: "hidden", name: area.dataset.name, value: answer.id }));
    area.dispatchEvent(new Event("change", { bubbles: true }));
    if ("reload" in area.dataset) location.reload();
  };
  remove.addEventListener("click", () => request.abort());
  const data = new FormData();
  data.set("file", file, file.name || "paste.png");
  request.send(data);
}

function fail(item, bar, text) {
  bar.replaceWith(Object.assign(document.createElement("span"), { className: "text-danger small", textContent: text, role: "alert" }));
}
