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
// A row of a table that becomes a block on a phone names its columns; numbered tables come without the names.
const label = () => {
  for (const table of document.querySelectorAll("table.wv-stack")) {
    const heads = [...table.querySelectorAll("thead th")].map((head) => head.innerText.trim());
    for (const row of table.querySelectorAll("tbody tr")) {
      [...row.children].forEach((cell, column) => { if (column) cell.dataset.label ??= heads[column] || ""; });
    }
  }
};
window.addEventListener("load", () => {
  label();
  const ready = window.MathJax?.startup?.promise ?? Promise.resolve();
  ready.then(fit);
  window.addEventListener("resize", fit);
});
