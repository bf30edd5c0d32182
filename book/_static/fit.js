// Display equations wider than the column are set smaller, to two thirds at most; then they scroll.
const fit = () => {
  for (const math of document.querySelectorAll('article mjx-container[display="true"]')) {
    const box = math.closest("div.math") || math.parentElement;
    math.dataset.size ??= math.style.fontSize; // MathJax' own, which matches the text around it
    math.style.fontSize = math.dataset.size;
    const needed = Math.max(math.scrollWidth, box.scrollWidth);
    if (needed > box.clientWidth) {
      const size = parseFloat(getComputedStyle(math).fontSize);
      math.style.fontSize = `${Math.max(0.66, (0.97 * box.clientWidth) / needed) * size}px`;
    }
    box.classList.toggle("wv-wide", box.scrollWidth > box.clientWidth + 2);
  }
};
window.addEventListener("load", () => {
  const ready = window.MathJax?.startup?.promise ?? Promise.resolve();
  ready.then(fit);
  window.addEventListener("resize", fit);
});
