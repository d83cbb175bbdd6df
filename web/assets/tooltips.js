// What charts do not do for pointers themselves: tooltips below a finger, which points at
// nothing and leaves nothing, and labels beside bars.
(() => {
  const {find} = fpp;
  // Labels of an axis hear of no mouse: where the row of a bar can be clicked, they are
  // pointed at and clicked as the row is. That is what begins where the plot does.
  function rowBeside({target, clientX, clientY}) {
    if (!target.matches?.("svg.marks")) return;
    const {left} = target.querySelector(".background").getBoundingClientRect();
    const row = clientX < left && document.elementFromPoint(left + 2, clientY);
    if (row && row.__data__?.cursor === "pointer" && target.contains(row))
      return [row, {bubbles: true, clientX: left + 2, clientY}];
  }
  for (const kind of ["pointermove", "click"])
    addEventListener(kind, event => {
      const [row, where] = rowBeside(event) ?? [];
      row?.dispatchEvent(new PointerEvent(kind, where));
    });
  // Vega shows them for a pointer that moves: after a tap, as for a mouse at that place.
  // Of a click older browsers say nothing of the pointer, or that it is a mouse.
  let isTouch = false;
  addEventListener("pointerdown", ({pointerType}) => { isTouch = pointerType === "touch"; }, true);
  addEventListener("click", ({target, clientX, clientY}) => {
    if (isTouch && target.closest("svg.marks"))
      target.dispatchEvent(new PointerEvent("pointermove", {bubbles: true, clientX, clientY}));
  });
  // One that a swipe leaves behind would lie over the page from then on.
  const hide = () => find("#vg-tooltip-element")?.classList.remove("visible");
  for (const kind of ["touchend", "scroll"]) addEventListener(kind, hide, true);
})();
