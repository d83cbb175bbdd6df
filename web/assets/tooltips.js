// Tooltips of charts below a finger, which points at nothing and leaves nothing.
(() => {
  const {find} = fpp;
  // Vega shows them for a pointer that moves: after a tap, as for a mouse at that place.
  addEventListener("click", ({pointerType, target, clientX, clientY}) => {
    if (pointerType === "touch" && target.closest("svg.marks"))
      target.dispatchEvent(new PointerEvent("pointermove", {bubbles: true, clientX, clientY}));
  });
  // One that a swipe leaves behind would lie over the page from then on.
  const hide = () => find("#vg-tooltip-element")?.classList.remove("visible");
  for (const kind of ["touchend", "scroll"]) addEventListener(kind, hide, true);
})();
