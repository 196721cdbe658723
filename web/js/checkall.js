// The box in a table's head, data-check-all="ids", ticks all boxes of that name in the table. Within the same form,
// [data-check-count] shows how many are ticked and [data-needs-checked] buttons are off while none is.
function boxes(all) {
  return [...all.closest("table").querySelectorAll(`input[type=checkbox][name="${CSS.escape(all.dataset.checkAll)}"]`)];
}

function refresh(all) {
  const list = boxes(all);
  const on = list.filter((box) => box.checked).length;
  all.checked = on > 0 && on === list.length;
  all.indeterminate = on > 0 && on < list.length;
  const form = all.form || all.closest("form");
  if (!form) return;
  form.querySelectorAll("[data-check-count]").forEach((node) => { node.textContent = String(on); });
  form.querySelectorAll("[data-needs-checked]").forEach((button) => { button.disabled = on === 0; });
}

document.addEventListener("change", (event) => {
  const box = event.target;
  if (box.matches("[data-check-all]")) boxes(box).forEach((other) => { other.checked = box.checked; });
  const all = box.closest("table")?.querySelector("[data-check-all]");
  if (all) refresh(all);
});

export function checkAlls(root) {
  root.querySelectorAll("[data-check-all]").forEach(refresh);
}
