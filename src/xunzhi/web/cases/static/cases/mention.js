// While an @ is typed, people are offered: <div data-mention="/cases/1/mention"><textarea>.

for (const area of document.querySelectorAll("[data-mention]")) {
  const input = area.querySelector("textarea");
  const list = document.createElement("div");
  list.className = "dropdown-menu picker-list";
  list.role = "listbox";
  area.append(list);
  let asked = 0;

  const word = () => input.value.slice(0, input.selectionStart).match(/(?:^|\s|[，。；：、（])@([\p{L}\p{N}_.+-]*)$/u)?.[1];
  const close = () => list.classList.remove("show");
  const choose = (option) => {
    const before = input.value.slice(0, input.selectionStart).replace(/@[\p{L}\p{N}_.+-]*$/u, `@${option.dataset.id} `);
    const after = input.value.slice(input.selectionStart);
    input.value = before + after;
    input.setSelectionRange(before.length, before.length);
    close();
    input.focus();
  };

  input.addEventListener("input", async () => {
    const text = word();
    const mine = ++asked; // an answer that comes when more was typed is too late
    if (text === undefined) return close();
    const answer = await fetch(`${area.dataset.mention}?q=${encodeURIComponent(text)}`);
    if (!answer.ok || mine !== asked) return;
    const { options } = await answer.json();
    list.replaceChildren(...options.map(({ id, text: name, note }, index) => {
      const item = document.createElement("div");
      item.className = `dropdown-item${index ? "" : " active"}`;
      item.role = "option";
      item.dataset.id = id;
      item.textContent = `${name}  ${note}`;
      return item;
    }));
    list.classList.toggle("show", options.length > 0);
  });
  input.addEventListener("keydown", (event) => {
    if (!list.classList.contains("show")) return;
    const options = [...list.children];
    const at = options.findIndex((each) => each.classList.contains("active"));
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      options[at]?.classList.remove("active");
      options[(at + (event.key === "ArrowDown" ? 1 : -1) + options.length) % options.length].classList.add("active");
    } else if (event.key === "Enter" || event.key === "Tab") {
      event.preventDefault();
      choose(options[Math.max(at, 0)]);
    } else if (event.key === "Escape") close();
  });
  input.addEventListener("blur", () => setTimeout(close, 150));
  list.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    const option = event.target.closest("[role=option]");
    if (option) choose(option);
  });
}
