// What a reader meets on a page, in pixels, as delivered: with everything folded.
() => {
  const top = (element) => element.getBoundingClientRect().top + window.scrollY;
  const shown = (element) => element.getClientRects().length > 0;
  const all = (selector) => [...document.querySelectorAll(selector)].filter(shown);
  const picture = all("article .wv-svg, article .wv-cards img, article img")[0];
  const answer = all("article .wv-finding")[0];

  const luminance = (colour) => {
    const [r, g, b] = colour.match(/[\d.]+/g).slice(0, 3).map((x) => x / 255)
      .map((x) => (x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (; element; element = element.parentElement) {
      const colour = getComputedStyle(element).backgroundColor;
      if (!/rgba\(.*, 0\)|transparent/.test(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const contrast = (element) => {
    const [a, b] = [luminance(getComputedStyle(element).color), luminance(ground(element))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  // A summary's words may have a colour of their own.
  const summaries = all("article summary, article .admonition.dropdown > .admonition-title")
    .map((summary) => all("p, span").find((inner) => summary.contains(inner)) || summary);

  // An equation that neither fits nor shows that it goes on.
  const cut = all('article mjx-container[display="true"]').filter((math) => {
    const box = math.closest(".math") || math.parentElement;
    const share = Math.min(math.clientWidth / math.scrollWidth, box.clientWidth / box.scrollWidth);
    return share < 0.99 && !box.classList.contains("wv-wide");
  });

  const width = document.documentElement.clientWidth;
  const sticks = (element) => element.getBoundingClientRect().right > width + 1;
  const boxed = (element) => {
    for (let box = element.parentElement; box && box !== document.body; box = box.parentElement) {
      if (getComputedStyle(box).overflowX !== "visible" && !sticks(box)) return true;
    }
    return false;
  };
  const wide = document.documentElement.scrollWidth > width + 1;

  // Markup that was not understood: backticks, a formula's dollars or brackets, a role.
  const words = document.createTreeWalker(document.querySelector("article") || document.body, 4);
  const raw = [];
  for (let node = words.nextNode(); node; node = words.nextNode()) {
    if (node.parentElement.closest("pre, code, script, style, svg, mjx-container, .math, a.wv-raw")) continue;
    const found = node.data.match(/.{0,30}(`|\$[^$ ][^$]*\$|\\[([]|\{(ref|numref|cite|eq|term)\}).{0,30}/);
    if (found) raw.push(found[0].trim());
  }
  // A table that is read by moving it sideways, also where it has to be unfolded.
  const folded = [...document.querySelectorAll("article details:not([open])")];
  folded.forEach((details) => { details.open = true; });
  const sideways = all("article table").filter((table) => {
    for (let box = table; box.tagName !== "ARTICLE"; box = box.parentElement) {
      if (getComputedStyle(box).overflowX !== "visible" && box.scrollWidth > box.clientWidth + 1) return true;
    }
    return false;
  }).map((table) => table.innerText.trim().slice(0, 60));
  folded.forEach((details) => { details.open = false; });

  return {
    title: document.querySelector("h1")?.innerText.trim() || "",
    answer: answer ? Math.round(top(answer)) : null,
    top: picture ? Math.round(top(picture)) : null,
    middle: picture ? Math.round(top(picture) + picture.getBoundingClientRect().height / 2) : null,
    length: document.documentElement.scrollHeight,
    bars: all("article details.hide").length,
    contrast: summaries.length ? Math.min(...summaries.map(contrast)) : null,
    cut: cut.map((math) => math.textContent.slice(0, 60)),
    wide: wide ? all("article *").filter((e) => sticks(e) && !boxed(e)).map((e) => e.outerHTML.slice(0, 90)) : null,
    sideways,
    raw,
    captions: all("article figcaption .caption-text").map((caption) => caption.innerText),
    verdict: all("article .wv-answer .wv-verdict")[0]?.innerText || "",
    parts: [...document.querySelectorAll("nav.bd-links .caption-text")].map((part) => part.innerText),
    broken: document.querySelectorAll("mjx-merror").length,
  };
}
