// Display equations wider than the column are set smaller, to two thirds at most; then they scroll.
const fit = () => {
  for (const math of document.querySelectorAll('article mjx-container[display="true"]')) {
    const box = math.closest("div.math") || math.parentElement;
    math.dataset.size ??= math.style.fontSize; // MathJax' own, which matches the text around it
    math.style.fontSize = math.dataset.size;
    const share = () => Math.min(math.clientWidth / math.scrollWidth, box.clientWidth / box.scrollWidth);
    if (share() < 0.995) {
      const size = parseFloat(getComputedStyle(math).fontSize);
      math.style.fontSize = `${Math.max(0.62, 0.97 * share()) * size}px`;
    }
    box.classList.toggle("wv-wide", share() < 0.995);
  }
};
// On a phone the rows of a table that does not fit become blocks; a folded one is judged by its columns.
const stack = () => {
  if (window.innerWidth > 620) return;
  for (const table of document.querySelectorAll("article table:not(.wv-stack)")) {
    const box = table.closest(".wv-scroll, .pst-scrollable-table-container, .text_html") || table;
    const columns = table.querySelectorAll("thead th").length;
    const shown = table.getClientRects().length > 0;
    const sideways = [box, table].some((one) => one.scrollWidth > one.clientWidth + 1);
    if (columns > 1 && (shown ? sideways : columns > 3)) table.classList.add("wv-stack");
  }
};
// A row that becomes a block names its columns; numbered tables and those of prose come without the names.
const label = () => {
  for (const table of document.querySelectorAll("table.wv-stack")) {
    const heads = [...table.querySelectorAll("thead th")].map((head) => head.innerText.trim());
    for (const row of table.querySelectorAll("tbody tr")) {
      let column = 0;
      for (const cell of row.children) {
        if (column && cell.colSpan === 1) cell.dataset.label ??= heads[column] || "";
        column += cell.colSpan;
      }
    }
  }
};
window.addEventListener("load", () => {
  const all = () => { fit(); stack(); label(); };
  const ready = window.MathJax?.startup?.promise ?? Promise.resolve();
  label();
  ready.then(all);
  window.addEventListener("resize", all);
});
