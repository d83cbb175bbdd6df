// Keyboard shortcuts, their list behind "?", and the way of the focus.
//
// Streamlit's `shortcut=` takes letters and digits only, puts the key's name into the
// label, and only presses buttons: "?" and "/" and the boxes need a script.
(() => {
  const {find, storage, until, thrice, isDrawn, fiberOf} = fpp;
  const OFF = "keyboard-shortcuts-off"; // a key of the browser's storage
  const FILTER = ".st-key-filter_menu button";
  const OPEN_MENU = '[data-testid="stPopoverButton"][aria-expanded="true"]';
  const press = selector => () => find(selector)?.click();
  // It would stay open below the list of a box, and Escape would close it before ours.
  fpp.closeMenu = () => {
    const button = find(OPEN_MENU);
    button?.click();
    return button;
  };
  const closeMenu = () => fpp.closeMenu()?.focus();
  const open = box => () => {
    const field = find(`${box} input`);
    if (!field) return false;
    closeMenu();
    field.focus();
    field.dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowDown", bubbles: true}));
    return true;
  };
  const openRooms = open(".st-key-room_search");
  const openFilter = async () => {
    const button = find(FILTER);
    if (!button || button === find(OPEN_MENU)) return closeMenu();
    closeMenu();
    button.focus();
    button.click();
    // What it asks for first is drawn once the server answers. A list that closes may give
    // the focus back later than that; the user's next act ends the wait.
    let isUsed = false;
    const use = () => (isUsed = true);
    for (const kind of ["keydown", "pointerdown"]) addEventListener(kind, use, {once: true, capture: true});
    await until(thrice(() => {
      const isThere = isUsed || document.activeElement.matches('[data-testid="stPopoverBody"] input');
      if (!isThere) find(".st-key-filter_kind input")?.focus();
      return isThere;
    }), LONGEST);
  };
  const findRoom = () => {
    if (openRooms()) return;
    press('.st-key-navigation a[href*="room"]')();
    const end = Date.now() + 30_000;
    const wait = setInterval(() => (openRooms() || Date.now() > end) && clearInterval(wait), 100);
  };
  const SHORTCUTS = [
    ["p", "Choose the period", open(".st-key-period")],
    [",", "Previous period", press(".st-key-step_chevron_left button")],
    [".", "Next period", press(".st-key-step_chevron_right button")],
    ["f", "Filter", openFilter],
    ["/", "Find a room", findRoom],
    ["?", "Show or close this list", toggleList],
  ];

  let list;
  function toggleList() {
    list ??= build();
    if (list.open) return list.close();
    closeMenu();
    const {backgroundColor, color} = getComputedStyle(find(".stApp"));
    Object.assign(list.style, {backgroundColor, color}); // of the theme in use
    list.showModal();
  }
  function build() {
    const dialog = document.createElement("dialog");
    dialog.className = "shortcuts";
    dialog.setAttribute("aria-labelledby", "shortcuts-title");
    dialog.innerHTML =
      '<h2 id="shortcuts-title">Keyboard shortcuts</h2><table><tbody>' +
      SHORTCUTS.map(([key, does]) => `<tr><th scope="row"><kbd>${key}</kbd></th><td>${does}</td></tr>`).join("") +
      '<tr><th scope="row"><kbd>Shift</kbd> <kbd>Space</kbd></th><td>Open or filter by a row of a table</td></tr>' +
      '<tr><th scope="row"><kbd>Shift</kbd> click</th><td>Choose cells of such a table, to copy them</td></tr>' +
      '</tbody></table><label><input type="checkbox">Use single-key shortcuts</label>' +
      '<form method="dialog"><button>Close</button></form>';
    const used = dialog.querySelector("input");
    used.checked = !storage[OFF];
    used.onchange = () => used.checked ? delete storage[OFF] : storage[OFF] = "1";
    document.body.append(dialog);
    return dialog;
  }

  // The logo leads where the link below it does, and the page's frame nowhere.
  const REDUNDANT = 'button[data-testid="stLogoLink"], [data-testid="stMain"]';
  // Into a switch or a closed list nothing is typed: either has the focus once it was used.
  const TYPING = 'input:not([type="checkbox"], [inputmode="none"][aria-expanded="false"]), '
    + 'textarea, select, [contenteditable="true"], [data-testid="stDataFrame"]';
  addEventListener("keydown", event => {
    if (event.key === "Tab") {
      document.querySelectorAll(REDUNDANT).forEach(e => e.tabIndex = -1);
      tabThroughMenu(event);
    }
  });
  // On its way down: a closed list lets no key up to the window. What stops a key on a
  // page that is left listens at the window.
  document.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.(TYPING)) return;
    const shortcut = SHORTCUTS.find(([key]) => key === event.key);
    if (!shortcut || (event.key !== "?" && (list?.open || storage[OFF]))) return;
    event.preventDefault();
    if (!event.repeat) shortcut[2](); // of a key that is held, menus would flicker
  }, true);
  // In an open list of presets typed text leads to an option, as in a browser's own list.
  const PRESETS = '[role="combobox"][inputmode="none"][aria-expanded="true"]';
  const PAUSE = 1_000; // milliseconds after which another text begins
  let typed = "", typedAt = 0, wanted;
  document.addEventListener("keydown", event => {
    const {key, target, timeStamp} = event;
    if (event.ctrlKey || event.metaKey || event.altKey || !target.matches?.(PRESETS)) return;
    if (wanted && key === "Enter") {
      event.preventDefault();
      event.stopImmediatePropagation();
      wanted.click(); // on the way there Enter would take another one
    }
    if (key.length > 1) return;
    event.preventDefault();
    typed = (timeStamp - typedAt < PAUSE ? typed : "") + key.toLowerCase();
    typedAt = timeStamp;
    if (!wanted) goToTyped(target);
  }, true);
  async function goToTyped(list) {
    const options = [...document.querySelectorAll('[role="option"]')];
    for (let left = 2 * options.length; left && list.matches(PRESETS); left--) {
      const there = options.findIndex(option => option.innerText.toLowerCase().startsWith(typed));
      const at = options.findIndex(({id}) => id === list.getAttribute("aria-activedescendant"));
      wanted = options[there];
      if (there < 0 || there === at) break;
      const key = at < there ? "ArrowDown" : "ArrowUp";
      list.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
      await new Promise(requestAnimationFrame); // for React
    }
    wanted = undefined;
  }
  // Enter takes the first room of the list, which may be only like what is typed ("ID 43"
  // is in "ID 434"), and lists none for a link. It takes the one that is called so.
  const ROOMS = ".st-key-room_search input";
  const LABEL = /^(?:(.*) \(#(\d+), )?ID (\d+)\)?$/is; // `_text` in ui/blocks/room.py
  const PRINTED = /^(?:.*\(|\(.*\) )?(?:#(\d+)(?:, ID (\d+))?|ID (\d+))\)?$|[?&]room=(\d+)/is;
  const bare = text => text.replace(/\p{Cf}/gu, "").normalize().trim().toLowerCase();
  const boxOf = node => node.memoizedProps?.element ?? boxOf(node.return);
  let isMoved = false; // to another room of the list
  addEventListener("keydown", async event => {
    const {key, target, isTrusted} = event;
    if (!isTrusted || event.isComposing || !target.matches?.(ROOMS)) return;
    if (key !== "Enter") return void (isMoved = key.startsWith("Arrow"));
    const typed = bare(target.value);
    if (isMoved || !typed) return;
    const [, number, both, alone, linked] = typed.match(PRINTED) ?? [];
    const id = both ?? alone ?? linked;
    const isCalled = label => {
      const [, name, itsNumber, itsId] = bare(label).match(LABEL) ?? [];
      if (id) return id === itsId;
      return [name, itsId, itsNumber].includes(typed) || (number && number === itsNumber);
    };
    const {options, acceptNewOptions} = boxOf(fiberOf(target));
    // The server finds one that is not listed, where the list has none like it.
    const unlisted = acceptNewOptions && /\d/.test(typed) && (id ? `ID ${id}` : target.value);
    const label = options.find(isCalled) ?? (unlisted && `${unlisted}\u2063`);
    if (!label) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(target, label);
    target.dispatchEvent(new InputEvent("input", {bubbles: true}));
    await new Promise(requestAnimationFrame); // for React
    target.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
  }, true);
  // Dates that are typed Streamlit takes once their field is left, or with Escape. Enter,
  // which most users press then, would leave other dates in it than the page shows.
  const DATE = '[data-testid="stDateInputField"] [role="spinbutton"]';
  addEventListener("keydown", ({key, target}) => {
    if (key !== "Enter" || !target.matches?.(DATE)) return;
    target.dispatchEvent(new KeyboardEvent("keydown", {key: "Escape", bubbles: true}));
  }, true);
  // An open menu is at the end of the document, behind the whole page. Tab leads into it
  // from its button, and from its end on to what follows the button.
  const INSIDE = '[data-testid="stPopoverBody"] :is(a[href], button, input)';
  function tabThroughMenu(event) {
    const button = find(OPEN_MENU);
    // Of a menu that was left, the stops are kept in `data-tabindex`.
    const inside = [...document.querySelectorAll(INSIDE)].filter(e =>
      (e.dataset.tabindex ?? e.tabIndex) >= 0 && !e.disabled && e.getClientRects().length);
    const at = document.activeElement;
    const isEntry = at === button && !event.shiftKey;
    if (!button || !inside.length) return;
    // A list of the menu takes the stops away, too, and gives none back.
    if (inside.includes(at)) for (const e of inside.filter(e => e.dataset.tabindex)) {
      e.tabIndex = e.dataset.tabindex;
      delete e.dataset.tabindex;
    }
    if (isEntry) inside[0].focus();
    else if (at === inside.at(event.shiftKey ? 0 : -1)) button.focus();
    else return;
    if (isEntry || event.shiftKey) event.preventDefault();
  }
  // A button that is drawn again, goes with what it closes or leads no further would take
  // the focus with it, to the beginning of the page. Of chips there are hidden ones, for
  // phones.
  const buttons = selector => [...document.querySelectorAll(`${selector} button`)]
    .filter(e => e.getClientRects().length && !e.disabled);
  const chips = () => buttons(".st-key-filter_chips");
  // Of a tile the first line; without an icon, which is drawn later. Fullscreen has another
  // name while it is open.
  const nameOf = button => button.querySelector("p")?.innerText.split("\n", 1)[0]
    ?? button.ariaLabel?.replace("Close full", "Full");
  const LONGEST = 60_000; // milliseconds; a busy server answers late
  async function keepFocus() {
    const button = document.activeElement;
    if (!button.matches(".stMain button")) return;
    const name = nameOf(button);
    const place = chips().indexOf(button);
    const isGone = () => !button.isConnected || button.disabled;
    // A chip that goes is moved first, and loses the focus while it is still there.
    const hasGoneOn = () => ![button, document.body].includes(document.activeElement);
    await until(() => hasGoneOn() || (document.activeElement !== button && isDrawn()), LONGEST);
    if (document.activeElement !== document.body || !isGone()) return;
    const next = place < 0
      ? name && buttons(".stMain").find(e => nameOf(e) === name)
      : chips()[place] ?? chips().at(-1) ?? find(FILTER);
    const box = button.isConnected ? ".st-key-period" : ".st-key-room_search";
    (next || find(`${box} input`))?.focus();
  }
  // A row that adds a filter has another table drawn, with fewer rows.
  async function keepTable(grid) {
    const table = grid.closest('[class*="st-key-rows_"]')?.className.match(/st-key-rows_[a-z_]+/)[0];
    await until(() => !grid.isConnected && isDrawn(), LONGEST);
    const drawn = `[class*="${table}"] canvas`;
    await until(() => find(drawn), 1_000);
    if (document.activeElement === document.body) find(drawn)?.focus();
  }
  addEventListener("keydown", ({key, shiftKey, target}) => {
    const grid = target.closest?.('[data-testid="stDataFrame"] canvas'); // its cells are inside
    if (grid && shiftKey && key === " ") keepTable(grid);
  }, true);
  // Safari on a phone zooms to a field that is tapped, where its text is smaller than 16
  // pixels, and stays so. It lets its users zoom in whatever a page says; others do not.
  if (CSS.supports("-webkit-touch-callout", "none"))
    find('meta[name="viewport"]').content += ", maximum-scale=1";
  // By keyboard, or by a shortcut, which clicks a button. Fullscreen draws its button again
  // at once, and Escape closes it.
  addEventListener("click", ({detail}) => detail || keepFocus(), true);
  addEventListener("keydown", ({key}) => key === "Escape" && keepFocus(), true);
  addEventListener("click", event => event.target.closest?.("button.keys") && toggleList());
})();
