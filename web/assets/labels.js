// For screen readers: tools that every block has are called after their block, and the
// arrows of boxes and buttons of help after what they belong to.
(() => {
  const TOOLS = ".stMain :is(.stDownloadButton button, .stCheckbox input)";
  const ARROWS = ".stMain :is(.stSelectbox, .stMultiSelect) button[aria-label]:not([aria-label^=Remove])";
  // The nearest heading above: that of the block, or of the page where it has none.
  function headingOf(tool) {
    for (let box = tool.parentElement; box && !box.matches(".stMain"); box = box.parentElement) {
      const headings = box.querySelectorAll("h1, h2, h3");
      const before = [...headings].filter(heading =>
        heading.compareDocumentPosition(tool) & Node.DOCUMENT_POSITION_FOLLOWING);
      if (before.length) return before.at(-1).textContent;
    }
  }
  function name() {
    for (const tool of document.querySelectorAll(TOOLS)) {
      const text = (tool.closest("label") ?? tool).querySelector("p")?.textContent;
      const heading = text && headingOf(tool);
      const label = heading && `${text}: ${heading}`;
      if (label && tool.ariaLabel !== label) tool.ariaLabel = label;
    }
    // React keeps a button of help, and with it our name, where its text changes.
    for (const help of document.querySelectorAll('.stMain button[aria-label^="Help"]')) {
      let box = help.parentElement;
      while (box && !box.querySelector("p")) box = box.parentElement;
      if (box) help.ariaLabel = `Help: ${box.querySelector("p").textContent}`;
    }
    for (const arrow of document.querySelectorAll(ARROWS)) {
      const box = arrow.closest(".stSelectbox, .stMultiSelect").querySelector("input")?.ariaLabel;
      if (box && !arrow.ariaLabel.endsWith(`: ${box}`)) arrow.ariaLabel += `: ${box}`;
    }
  }
  // React draws them again, others in their place or with another text.
  let isWaiting = false;
  const later = () => {
    if (isWaiting) return;
    isWaiting = true;
    setTimeout(() => { isWaiting = false; name(); }, 200);
  };
  new MutationObserver(later).observe(document, {subtree: true, childList: true, characterData: true});
})();
