// Buttons and links with data-confirm="question" ask first, in the dialog #confirm of the layout. The click is held back before
// anybody else sees it (htmx too) and done again once the answer is yes.
const dialog = document.getElementById("confirm");
let agreed = null;

if (dialog?.showModal) {
  document.addEventListener("click", (event) => {
    const trigger = event.target.closest("[data-confirm]");
    if (!trigger) return;
    if (trigger === agreed) {
      agreed = null;
      return;
    }
    if (trigger.form && !trigger.formNoValidate && !trigger.form.reportValidity()) {
      event.preventDefault();
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    dialog.querySelector("[data-confirm-text]").textContent = trigger.dataset.confirm;
    dialog.returnValue = "no";
    dialog.onclose = () => {
      if (dialog.returnValue !== "yes") return;
      agreed = trigger;
      trigger.click();
    };
    dialog.showModal();
  }, true);
}
