// Demo accounts fill the sign-in form; copy buttons; one box that checks all.
document.addEventListener("click", (event) => {
  const fill = event.target.closest("[data-fill]");
  if (fill) {
    const form = document.getElementById("sign-in");
    form.elements.username.value = fill.dataset.fill;
    form.elements.password.value = fill.closest("[data-demo-password]").dataset.demoPassword;
    form.requestSubmit();
  }
  const copy = event.target.closest("[data-copy]");
  if (copy) navigator.clipboard?.writeText(document.querySelector(copy.dataset.copy).innerText);
});
document.addEventListener("change", (event) => {
  const name = event.target.dataset.checkAll;
  if (name) document.querySelectorAll(`input[name="${name}"]`).forEach((box) => { box.checked = event.target.checked; });
});
