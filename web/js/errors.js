// The error summary gets the focus when the page opens; its links focus the field, also behind a Tom Select.
const summary = document.querySelector("[data-errors]:not([hidden])");

if (summary) {
  summary.focus();
  summary.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    const field = link && document.getElementById(link.hash.slice(1));
    if (!field) return;
    event.preventDefault();
    if (field.tomselect) field.tomselect.focus();
    else field.focus();
    field.closest(".field")?.scrollIntoView({ block: "center" });
  });
}
