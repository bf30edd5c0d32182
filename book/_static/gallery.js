// The gallery's filters. Without this script all cards are shown.
document.addEventListener("DOMContentLoaded", () => {
  const selects = [...document.querySelectorAll("select[data-filter]")];
  const apply = () => {
    for (const card of document.querySelectorAll(".wv-cards > li")) {
      card.hidden = selects.some((s) => s.value && card.dataset[s.dataset.filter] !== s.value);
    }
  };
  for (const filters of document.querySelectorAll(".wv-filters")) filters.hidden = false;
  selects.forEach((s) => s.addEventListener("change", apply));
});
