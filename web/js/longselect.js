// select[data-long] becomes a field one can type into. Tom Select is loaded only on pages that have one. An option may carry
// data-pinyin (initials), which is searched too. The build replaces TOM_SELECT_FILE by the file's hashed name.
const base = document.currentScript?.src || "";
let loading = null;

function load() {
  loading ||= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL(TOM_SELECT_FILE, base).href;
    script.onload = resolve;
    script.onerror = reject;
    document.head.append(script);
  });
  return loading;
}

function enhance(select) {
  if (select.tomselect) return;
  // Tom Select takes the label over; the hidden select keeps a name of its own.
  const label = select.labels?.[0]?.textContent.trim();
  if (label) select.setAttribute("aria-label", label);
  const first = select.options[0];
  new window.TomSelect(select, {
    maxOptions: null,
    searchField: ["text", "pinyin"],
    placeholder: first && !first.value ? first.textContent : "",
    hidePlaceholder: true,
    allowEmptyOption: false,
    lockOptgroupOrder: true,
    render: { no_results: (data, escape) => `<div class="no-results">没有“${escape(data.input)}”</div>` },
  });
}

export function longSelects(root) {
  const list = [...root.querySelectorAll("select[data-long]")].filter((select) => !select.tomselect);
  if (list.length === 0) return;
  load().then(() => list.forEach(enhance)).catch(() => {});
}
