// A select with data-depends="id" shows only the options whose data-parent is the value of that other select (盟市 → 旗县).
// Options without data-parent always stay; with nothing chosen above, all stay. Options are taken out, not hidden, because not
// every browser hides them.
export function dependentSelects(root) {
  root.querySelectorAll("select[data-depends]").forEach((child) => {
    const parent = document.getElementById(child.dataset.depends);
    if (!parent || child.dependsReady) return;
    child.dependsReady = true;
    const nodes = [...child.children];
    const options = new Map(nodes.filter((node) => node.tagName === "OPTGROUP").map((group) => [group, [...group.children]]));
    const fits = (option) => !parent.value || !option.dataset.parent || option.dataset.parent === parent.value;

    function filter() {
      const chosen = child.value;
      child.tomselect?.clear(true);
      child.tomselect?.clearOptions();
      child.replaceChildren(...nodes.filter((node) => {
        if (node.tagName !== "OPTGROUP") return fits(node);
        const left = options.get(node).filter(fits);
        node.replaceChildren(...left);
        return left.length > 0;
      }));
      child.value = chosen;
      if (child.selectedIndex < 0) child.value = "";
      child.tomselect?.sync();
      if (child.value !== chosen) child.dispatchEvent(new Event("change", { bubbles: true }));
    }
    parent.addEventListener("change", filter);
    filter();
  });
}
