// Large print and high contrast without loading the page: the class of <html> changes at once, and the cookie tamga_view
// ("big", "contrast", "big.contrast" or empty) tells the server, which sets the classes of the next page.
const YEAR_S = 31536000;
const NAMES = ["big", "contrast"];

function remember() {
  const on = NAMES.filter((name) => document.documentElement.classList.contains(name));
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `tamga_view=${on.join(".")}; path=/; max-age=${YEAR_S}; samesite=lax${secure}`;
}

document.querySelectorAll("form[data-view]").forEach((form) => {
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[name]");
    if (!button || !NAMES.includes(button.name)) return;
    event.preventDefault();
    const on = document.documentElement.classList.toggle(button.name);
    button.setAttribute("aria-pressed", String(on));
    button.value = on ? "0" : "1";
    remember();
  });
});
