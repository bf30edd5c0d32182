// How Sphinx' search orders what it finds: the parts' pages, other pages, the library's modules and functions.
var Scorer = {
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
  // result: [docname, title, anchor, description, score, filename]
  score: ([document, , , , score]) => {
    if (document.startsWith("api/")) return score - 1000;
    if (document === "bibliography") return score - 100;
    return /^[0-7]-/.test(document) ? score + 3 : score;
  },
};
