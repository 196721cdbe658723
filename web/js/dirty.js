// A form with data-dirty that was changed and not sent: the browser asks before leaving. A form that came back with errors
// holds unsaved text from the start.
let dirty = Boolean(document.querySelector("form[data-dirty] .has-error"));

document.addEventListener("input", (event) => {
  if (event.target.closest("form[data-dirty]")) dirty = true;
});
document.addEventListener("submit", (event) => {
  if (!event.defaultPrevented) dirty = false;
});
window.addEventListener("beforeunload", (event) => {
  if (!dirty) return;
  event.preventDefault();
  event.returnValue = "";
});
