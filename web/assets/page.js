// Keyboard shortcuts, their list behind "?", buttons to copy the link and to print, whole
// tables on paper, clicks on rows of tables, a tidy address, the way of the focus, and
// Back and Forward one step at a time.
//
// Streamlit's `shortcut=` takes letters and digits only, puts the key's name into the
// label, and only presses buttons: "?" and "/" and the boxes need a script.
(() => {
  const OFF = "keyboard-shortcuts-off"; // a key of the browser's storage
  const FILTER = ".st-key-filter_menu button";
  const find = selector => document.querySelector(selector);
  const press = selector => () => find(selector)?.click();
  const open = box => () => {
    const field = find(`${box} input`);
    field?.focus();
    field?.dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowDown", bubbles: true}));
    return Boolean(field);
  };
  const openRooms = open(".st-key-room_search");
  const openFilter = () => {
    find(FILTER)?.focus();
    find(FILTER)?.click();
  };
  const findRoom = () => {
    if (openRooms()) return;
    press('.st-key-navigation a[href*="room"]')();
    const until = Date.now() + 30_000;
    const wait = setInterval(() => (openRooms() || Date.now() > until) && clearInterval(wait), 100);
  };
  const SHORTCUTS = [
    ["p", "Choose the period", open(".st-key-period")],
    [",", "Previous period", press(".st-key-step_chevron_left button")],
    [".", "Next period", press(".st-key-step_chevron_right button")],
    ["f", "Filter", openFilter],
    ["/", "Find a room", findRoom],
    ["?", "Show or close this list", toggleList],
  ];

  // What mail, chats, ads and social networks add to every link that they pass on. This
  // script runs before Streamlit's: neither the server nor a copied link ever has it.
  const TRACKING = new RegExp("^(" + [
    "(utm|mtm|pk|piwik|matomo|hsa|mc|vero|oly|trk|s?cm)_.*", "_{1,2}(hs|ga|gl|ke|kx).*",
    "gad_.*", ".*(clk?id|braid)", "li_fat_id", "mkt_tok", "igsh(id)?", "ref_(src|url)",
    "_openstat", "__s", "elqtrackid", "ef_id", "rb_clickid", "wickedid", "ss_source",
    "ss_campaign_.*",
  ].join("|") + ")$", "i");
  const isKept = pair => {
    const [name] = new URLSearchParams(pair).keys();
    return !TRACKING.test(name ?? "");
  };
  // As text: parsing the other parameters would write them in another way. Of more than
  // these, Streamlit's server drops all and tells no page of them: our own name does.
  const MOST_PAIRS = 1_000;
  const pairs = location.search.slice(1).split("&").filter(isKept);
  const kept = pairs.length > MOST_PAIRS ? "too_many_settings" : pairs.join("&");
  // Names of pages are in lower case, and the address of the Overview has none.
  const home = new URL(window.__streamlit.BACKEND_BASE_URL).pathname;
  const name = location.pathname.slice(home.length).toLowerCase().replace(/^overview\/?$/, "");
  const tidied = new URL(location.origin + home + name + (kept && "?" + kept) + location.hash);
  if (location.pathname.startsWith(home) && tidied.href !== location.href)
    history.replaceState(history.state, "", tidied);

  // Streamlit draws the page before its navigation, whose place the style sheet keeps.
  const isClosed = key => key.startsWith("stSidebarCollapsed-") && localStorage[key] === "true";
  if (Object.keys(localStorage).some(isClosed))
    document.documentElement.classList.add("navigation-closed");

  let list;
  function toggleList() {
    list ??= build();
    if (list.open) return list.close();
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
      '</tbody></table><label><input type="checkbox">Use single-key shortcuts</label>' +
      '<form method="dialog"><button>Close</button></form>';
    const used = dialog.querySelector("input");
    used.checked = !localStorage.getItem(OFF);
    used.onchange = () => used.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "1");
    document.body.append(dialog);
    return dialog;
  }

  async function copyLink(button) {
    const link = location.href;
    try {
      await navigator.clipboard.writeText(link); // refused without TLS
      button.dataset.label ??= button.textContent; // a second click finds the answer there
      button.textContent = "Link copied";
      setTimeout(() => button.textContent = button.dataset.label, 2_000);
    } catch {
      prompt("Copy this link:", link);
    }
  }

  // The logo leads where the link below it does, and the page's frame nowhere.
  const REDUNDANT = 'button[data-testid="stLogoLink"], [data-testid="stMain"]';
  const TYPING = 'input, textarea, select, [contenteditable="true"], [data-testid="stDataFrame"]';
  addEventListener("keydown", event => {
    if (event.key === "Tab") {
      document.querySelectorAll(REDUNDANT).forEach(e => e.tabIndex = -1);
      tabThroughMenu(event);
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest?.(TYPING)) return;
    const shortcut = SHORTCUTS.find(([key]) => key === event.key);
    if (!shortcut || (event.key !== "?" && (list?.open || localStorage.getItem(OFF)))) return;
    event.preventDefault();
    shortcut[2]();
  });
  // Dates that are typed Streamlit takes once their field is left, or with Escape. Enter,
  // which most users press then, would leave other dates in it than the page shows.
  const DATE = '[data-testid="stDateInputField"] [role="spinbutton"]';
  addEventListener("keydown", ({key, target}) => {
    if (key !== "Enter" || !target.matches?.(DATE)) return;
    target.dispatchEvent(new KeyboardEvent("keydown", {key: "Escape", bubbles: true}));
  }, true);
  // What `fmt.escaped` adds, so that "->" is no arrow and an Arabic name turns nothing else,
  // is no part of a name or a date: pasted with it, none would be found.
  addEventListener("copy", event => {
    const text = String(getSelection());
    const typed = text.replace(/[\u2060\u2068\u2069]/g, "");
    if (typed === text || event.defaultPrevented) return;
    event.clipboardData.setData("text/plain", typed);
    event.preventDefault();
  });
  // An open menu is at the end of the document, behind the whole page. Tab leads into it
  // from its button, and from its end on to what follows the button.
  const INSIDE = '[data-testid="stPopoverBody"] :is(a[href], button, input)';
  function tabThroughMenu(event) {
    const button = find('[data-testid="stPopoverButton"][aria-expanded="true"]');
    // Of a menu that was left, the stops are kept in `data-tabindex`.
    const inside = [...document.querySelectorAll(INSIDE)].filter(e =>
      (e.dataset.tabindex ?? e.tabIndex) >= 0 && !e.disabled && e.getClientRects().length);
    const at = document.activeElement;
    const isEntry = at === button && !event.shiftKey;
    if (!button || !inside.length) return;
    if (isEntry) inside[0].focus();
    else if (at === inside.at(event.shiftKey ? 0 : -1)) button.focus();
    else return;
    if (isEntry || event.shiftKey) event.preventDefault();
  }
  // A button that goes with what it removes or closes would take the focus with it, to
  // the beginning of the page.
  addEventListener("click", async event => {
    const button = event.target.closest?.(".stMain .stButton button");
    if (!button || event.detail || button !== document.activeElement) return; // by mouse
    // Of each there is a hidden one, for phones.
    const chips = () => [...document.querySelectorAll(".st-key-filter_chips button")]
      .filter(e => e.getClientRects().length);
    const place = chips().indexOf(button);
    await until(() => !button.isConnected && isDrawn(), 10_000);
    if (button.isConnected || document.activeElement !== document.body) return;
    const chip = place < 0 ? null : (chips()[place] ?? chips().at(-1) ?? find(FILTER));
    (chip ?? find(".st-key-room_search input"))?.focus();
  });
  // On paper tables are HTML, with all their rows and columns: on the screen a canvas has
  // those that fit it. Nothing but the properties of the grid, which React keeps at its
  // elements, has the others, as they are sorted and printed on the screen; without them
  // the canvas is printed. No server could be asked: the browser does not wait for it.
  const MOST_ROWS = 2_000;
  const fiberOf = element => element?.[Object.keys(element).find(name => name.startsWith("__reactFiber$"))];
  function gridOf(canvas) {
    let grid;
    for (let node = fiberOf(canvas); node; node = node.return)
      if (node.memoizedProps?.getCellContent) grid = node.memoizedProps; // the outermost
    return grid;
  }
  function printed(cell) {
    const shown = cell.displayData ?? cell.data?.label ?? cell.data?.displayDate ?? cell.data;
    return ["string", "number", "boolean"].includes(typeof shown) ? String(shown) : "";
  }
  function tableOf({columns, rows, getCellContent}) {
    const table = document.createElement("table");
    table.className = "on-paper";
    const add = (line, kind, text, cell) => {
      const box = line.appendChild(document.createElement(kind));
      box.textContent = text;
      box.style.textAlign = cell?.contentAlign ?? "";
    };
    const head = table.createTHead().insertRow();
    columns.forEach(({title}, at) => add(head, "th", title, rows && getCellContent([at, 0])));
    const body = table.createTBody();
    for (let row = 0; row < Math.min(rows, MOST_ROWS); row++) {
      const line = body.insertRow();
      columns.forEach((_, at) => {
        const cell = getCellContent([at, row]);
        add(line, "td", printed(cell), cell);
      });
    }
    const left = rows - MOST_ROWS;
    if (left > 0) table.createCaption().textContent = `${left.toLocaleString("en-GB")} more rows are in the CSV.`;
    return table;
  }
  const SHEET = 1170; // pixels of our print style; charts keep the width of the window
  addEventListener("beforeprint", () => {
    const width = find(".stMainBlockContainer")?.clientWidth ?? SHEET;
    document.body.style.setProperty("--paper-zoom", Math.max(1, Math.min(1.6, SHEET / width)));
    for (const canvas of document.querySelectorAll('[data-testid="stDataFrame"] canvas[data-testid="data-grid-canvas"]')) {
      const grid = gridOf(canvas);
      if (grid) canvas.closest('[data-testid="stDataFrame"]').append(tableOf(grid));
    }
  });
  // On a phone charts are first drawn in the width of a desk. The browser's own menu does
  // not wait for that, so that only our button can.
  const isReadable = () => isDrawn()
    && [...document.querySelectorAll('[data-testid="stDataFrame"]')].every(e => e.querySelector("canvas"));
  async function printAsOnADesk() {
    await until(isReadable, 3_000);
    const viewport = find('meta[name="viewport"]');
    const own = viewport?.content;
    if (own && innerWidth < SHEET) {
      addEventListener("afterprint", () => { viewport.content = own; }, {once: true});
      viewport.content = `width=${SHEET}`;
      const widths = () => [...document.querySelectorAll("svg.marks")].map(e => e.clientWidth).join();
      for (let seen = "", still = 0, tries = 0; still < 3 && tries < 30; tries++) {
        await new Promise(done => setTimeout(done, 100));
        still = widths() === seen ? still + 1 : 0;
        seen = widths();
      }
    }
    print();
  }
  addEventListener("afterprint", () => document.querySelectorAll("table.on-paper").forEach(e => e.remove()));
  // A row of a table is selected in the column before it only: a click on the row is
  // one there. Tables draw their rows on a canvas, below an area that scrolls.
  const ROWS = '[class*="st-key-rows_"] .dvn-scroller';
  const BOX = 15, HEAD = 36; // pixels: the middle of that column, below the titles
  const MODIFIERS = ["ctrlKey", "shiftKey", "altKey", "metaKey"];
  const OF_CLICK = ["button", "buttons", "detail", "pointerId", "pointerType", "isPrimary", "clientY", ...MODIFIERS];
  for (const type of ["pointerdown", "pointerup", "click"]) addEventListener(type, event => {
    const rows = event.target;
    if (!event.isTrusted || event.button || !rows.matches?.(ROWS)) return;
    const {left, top} = rows.getBoundingClientRect();
    const [x, y] = [event.clientX - left, event.clientY - top];
    const onBar = x > rows.clientWidth || y > rows.clientHeight;
    if (x < 2 * BOX || y < HEAD || onBar) return;
    event.stopImmediatePropagation();
    const copied = Object.fromEntries(OF_CLICK.map(name => [name, event[name]]));
    const there = {bubbles: true, cancelable: true, composed: true, clientX: left + BOX};
    rows.dispatchEvent(new PointerEvent(type, {...copied, ...there}));
  }, true);
  // Streamlit begins a run at each step of Back and Forward, and sends what its controls
  // show along. A step that follows before the page is drawn sends what the step before
  // has changed already: the server would take that for an act, and put it into the
  // address. So a step waits for the run of the one before it; those between are left
  // out. A run of another page than that of the address makes a new step of its page:
  // not while it is about to be left again.
  //
  // Without a connection Streamlit forgets a step, and with it to begin a run once the
  // server is back: what is shown would differ from the address. So a connection that
  // is back counts as a step, too, and steps wait for it.
  const state = () => find(".stApp")?.dataset.testScriptState;
  const isConnected = () => find(".stApp")?.dataset.testConnectionState === "CONNECTED";
  const isDrawn = () => isConnected() && state() === "notRunning" && !find("[data-stale=true]");
  const until = (condition, most) => new Promise(resolve => {
    const end = Date.now() + most;
    const look = () => (condition() || Date.now() > end ? resolve() : setTimeout(look, 20));
    look();
  });
  // Of a quick run the state tells nothing where the browser was busy: it draws begin and
  // end at once. Streamlit keeps the ID of the run, a new one for each, and whether the
  // server has answered the last request: its first answer says that a run begins.
  function app() {
    for (let node = fiberOf(find(".stApp")); node; node = node.return)
      if (node.stateNode?.state?.scriptRunId) return node.stateNode;
  }
  const runId = () => app()?.state.scriptRunId;
  const isAnswered = () => app()?.hasReceivedNewSession ?? true;
  const isDone = () => isConnected() && isAnswered() && state() === "notRunning";
  // Of a run that begins, the page tells a moment later than Streamlit knows: it holds
  // once it has held for three looks.
  function thrice(condition) {
    let looks = 0;
    return () => (looks = condition() ? looks + 1 : 0) > 2;
  }
  let stepping = false;
  let reconnecting = false; // the step is of a connection that is back: it leads nowhere
  let steps = 0;
  let done = 0;
  const redrawing = own => (...step) => {
    own.apply(history, step);
    drawNavigation();
  };
  const push = redrawing(history.pushState);
  history.replaceState = redrawing(history.replaceState);
  history.pushState = (...step) => {
    if (done !== steps) return;
    const before = location.search;
    push(...step);
    showOpened(new URLSearchParams(before), new URLSearchParams(location.search));
  };
  // The navigation is the same in every run, so that it is drawn once. What differs is
  // written here: the page that is open, and what links to the others carry along.
  const NAVIGATION = ".st-key-navigation nav";
  function drawNavigation() {
    const carries = find(NAVIGATION)?.dataset.carries.split(" ");
    const carried = [...new URLSearchParams(location.search)].filter(([name]) => carries?.includes(name));
    for (const link of document.querySelectorAll(`${NAVIGATION} a`)) {
      link.href = home + link.dataset.page;
      link.search = new URLSearchParams(carried);
      if (path(link) === path(location)) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }
  until(() => find(NAVIGATION), 60_000).then(drawNavigation);
  // Streamlit leaves a page where it is scrolled to. A meeting or room that a row far down
  // opens is above that, and so is the part of a page that an address names.
  async function bringIntoView(selector) {
    await until(() => isDrawn() && find(selector), 30_000);
    const {top} = find(selector)?.getBoundingClientRect() ?? {top: 0};
    if (top < 0 || top > innerHeight / 2) find(selector).scrollIntoView();
  }
  function showOpened(before, after) {
    const isNew = name => after.has(name) && `${before.getAll(name)}` !== `${after.getAll(name)}`;
    if (isNew("meeting")) bringIntoView(".st-key-meeting h2");
    else if (isNew("room")) {
      closeSearch();
      bringIntoView('[class*="st-key-room_title"] h2');
    }
  }
  // Streamlit keeps the list of a box open that takes several values. It would lie over
  // the room that was picked in it; on a phone the keyboard would, too.
  function closeSearch() {
    const field = document.activeElement;
    if (!field.closest(".st-key-room_search")) return;
    field.blur();
    if (!matchMedia("(pointer: coarse)").matches) field.focus();
  }
  if (location.hash) bringIntoView(`#${CSS.escape(location.hash.slice(1))}`);
  async function takeStep() {
    steps += 1;
    if (stepping) return;
    stepping = true;
    if (!isDone()) await until(thrice(isDone), 10_000);
    while (done !== steps) {
      await until(isConnected, Infinity);
      done = steps;
      const last = runId();
      let ran = false;
      const observer = new MutationObserver(() => (ran ||= state() !== "notRunning"));
      observer.observe(find(".stApp"), {attributeFilter: ["data-test-script-state"]});
      dispatchEvent(new PopStateEvent("popstate", {state: history.state}));
      await until(() => ran || runId() !== last, 3_000);
      observer.disconnect();
      await until(() => state() === "notRunning", 10_000);
    }
    stepping = reconnecting = false;
  }
  addEventListener("popstate", event => {
    drawNavigation();
    if (!event.isTrusted || !state()) return; // of ours above, or before there is a page
    event.stopImmediatePropagation();
    forget(); // what a step leads away from, it undoes
    reconnecting = false;
    takeStep();
  }, true);
  // The address of the first page is empty, so that links to it mean the page that is
  // open: in a new tab, or where a link is copied, they would lead there.
  const LINK = `a[data-testid="stPageLink-NavLink"], ${NAVIGATION} a`;
  const complete = event => {
    const link = event.target.closest?.(LINK);
    const href = link?.getAttribute("href") ?? "/";
    if (href === "" || href.startsWith("?"))
      link.setAttribute("href", new URL(window.__streamlit.BACKEND_BASE_URL).pathname + href);
    return link;
  };
  for (const kind of ["pointerover", "focusin"]) addEventListener(kind, complete, true);
  // The page that is left stays until the server answers. What an act there sends after a
  // click on a link, the server takes for an act on the page that opens, which has other
  // controls: all of it would turn white. So a page that is left takes no acts. And what
  // the server answers to an act after that click, Streamlit puts into the address of the
  // page that opens: so a link waits until an act is sent, answered, and in the address.
  const SENT = 200; // milliseconds after a click; of a table's row Streamlit waits 150
  const PATIENCE = 3_000;
  const ELSEWHERE = '[data-testid="stSidebar"], dialog';
  const CHANGING = /^(.|Enter|Arrow.*|Backspace|Delete)$/; // keys; F5 and the like are none
  let clicked = -SENT;
  let at = ""; // the address then
  let leaving = false;
  // What Back and Forward lead away from, they undo: an act there would undo them.
  const isSteppedFrom = () => stepping && !(done === steps && isAnswered());
  for (const kind of ["pointerdown", "mousedown", "click", "keydown"]) addEventListener(kind, event => {
    const {target, key} = event;
    if (pressing || target.closest?.(ELSEWHERE)) return;
    if (key && (!CHANGING.test(key) || event.ctrlKey || event.metaKey || event.altKey)) return;
    if (!target.closest?.(LINK)) [clicked, at] = [performance.now(), location.href];
    const isLeft = leaving || next || (isSteppedFrom() && !waitsForStep(event));
    if (!isLeft && !isEarly(event)) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    if (!isLeft && pressedBy(event)) pressLater(event);
  }, true);
  // With an act a browser sends what all controls show, and a tile is known by its text:
  // an act before the answer to the one before is drawn would undo that, or be of no tile.
  // So a button, tile or switch is pressed once it and the bar are of the last answer. A
  // row is known by its place, where another one may be by then: it takes no click.
  const CONTROL = ':is(.stMain, [data-testid="stPopoverBody"]) '
    + ":is(.stButton button, .stDownloadButton button, .stButtonGroup button, .stCheckbox label)";
  const isCurrent = element => isAnswered() && !reconnecting && !element.closest("[data-stale=true]")
    && !find(".st-key-period_bar [data-stale=true]");
  const held = []; // what is pressed later, in order
  const showWaiting = () => document.documentElement.classList.toggle("waiting", Boolean(held.length || next));
  const forget = () => held.splice(0).forEach(({control}) => control.classList.remove("held"));
  let isHolding = false, pressing = false;
  // By a key a tile is pressed without a click.
  const pressedBy = ({type, key, target}) => type === "click" ? target.closest?.(CONTROL)
    : key === "Enter" || key === " " ? target.closest?.(".stMain .stButtonGroup button") : null;
  // A connection that is back leads away from nothing.
  const waitsForStep = event => reconnecting && (pressedBy(event) || event.target.closest?.(LINK));
  function isEarly(event) {
    const {target} = event;
    if (target.matches?.(ROWS)) return !isCurrent(target);
    const control = pressedBy(event);
    return Boolean(control) && (held.length > 0 || !isCurrent(control));
  }
  const named = control => ({
    control,
    name: control.innerText.split("\n", 1)[0],
    key: control.closest('[class*="st-key-"]')?.className.match(/st-key-\S+/)[0],
  });
  // React may have drawn another element in its place.
  function redrawn({control, name, key}) {
    if (control.isConnected && named(control).name === name) return control;
    const alike = [...document.querySelectorAll(CONTROL)].map(named)
      .filter(other => other.name === name && other.control.getClientRects().length);
    return (alike.find(other => other.key === key) ?? alike[0])?.control;
  }
  async function pressLater({isTrusted, target}) {
    // By a key a switch is pressed at its box, with the mouse anywhere.
    const wanted = {...named(target.closest(CONTROL)), atBox: target.matches("input")};
    // Tiles and switches make another click where they do not get one.
    const isAgain = !isTrusted && "reactAriaPressable" in wanted.control.dataset;
    if (isAgain && held.at(-1)?.control === wanted.control) return;
    held.push(wanted);
    wanted.control.classList.add("held");
    showWaiting();
    if (isHolding) return;
    isHolding = true;
    const control = () => held.length && redrawn(held[0]);
    const isReady = () => !held.length || (control() ? isCurrent(control()) : isDone() && !reconnecting);
    while (held.length) {
      await until(thrice(isReady), 10_000);
      [clicked, at] = [performance.now(), location.href];
      pressing = true;
      const found = control();
      (found && held[0].atBox ? found.querySelector("input") : found)?.click?.();
      pressing = false;
      held.shift()?.control.classList.remove("held");
    }
    isHolding = false;
    showWaiting();
  }
  const isSent = () => performance.now() - clicked >= SENT;
  const isInAddress = () => state() === "notRunning" || location.href !== at;
  const isTold = () => !held.length && isSent() && isAnswered();
  const isSettled = () => isTold() && isInAddress();
  async function leave() {
    const from = location.pathname;
    done = steps; // the last act counts: what a step was to open is left
    forget();
    leaving = true;
    await until(() => location.pathname !== from, PATIENCE);
    leaving = false;
  }
  let next, passed; // the last link that was clicked, and that whose turn it is
  async function leaveLater(link) {
    const isWaiting = Boolean(next);
    next = link;
    if (isWaiting) return;
    showWaiting();
    await until(() => !held.length, 10_000);
    await until(isTold, PATIENCE);
    await until(thrice(isInAddress), 1_000); // on a busy machine
    [passed, next] = [next];
    showWaiting();
    passed.click();
    passed = undefined;
  }
  // A link to another view of the same page, such as that of the navigation or a named
  // view: Streamlit would show it and leave the address as it is. One that is clicked
  // without a connection it would forget: it is a step, which waits for the connection.
  const path = url => url.pathname.replace(/\/$/, "");
  const query = url => new URLSearchParams(url.search).toString();
  addEventListener("click", event => {
    const link = complete(event);
    if (!link) return;
    // A new tab or window is the browser's: Streamlit would open the page in this one.
    if (event.ctrlKey || event.metaKey || event.shiftKey) return event.stopPropagation();
    const there = new URL(link.href);
    const isElsewhere = path(there) !== path(location);
    if (isElsewhere && isConnected()) {
      if (passed === link || isSettled()) return leave();
      event.stopImmediatePropagation();
      event.preventDefault();
      leaveLater(link);
      return;
    }
    if (!isElsewhere && query(there) === query(location)) return;
    event.preventDefault();
    forget();
    push({}, "", there);
    takeStep();
  }, true);
  // What Streamlit does at a click on its own links. Without it, the browser opens the page.
  addEventListener("click", event => {
    const link = event.target.closest?.(`${NAVIGATION} a`);
    if (!link || event.defaultPrevented) return;
    const page = app()?.appNavigation?.findPageByUrlPath(link.pathname);
    if (!page) return;
    event.preventDefault();
    app().onPageChange(page.pageScriptHash, link.search.slice(1));
  });
  // Its menu would lie over the view that a link opens.
  addEventListener("click", event => {
    const menu = event.target.closest?.('[data-testid="stPopoverBody"]');
    if (!menu || !event.target.closest("a")) return;
    const button = find('[data-testid="stPopover"] button[aria-expanded="true"]');
    pressing = true;
    button?.click();
    pressing = false;
    button?.focus();
  });
  let wasConnected = false;
  new MutationObserver(() => {
    if (isConnected() && wasConnected === "lost") {
      reconnecting ||= !stepping;
      takeStep();
    }
    wasConnected = isConnected() || (wasConnected && "lost");
  }).observe(document, {subtree: true, attributeFilter: ["data-test-connection-state"]});
  const NARROW = matchMedia("(max-width: 768px)"); // here the navigation covers the page
  addEventListener("click", event => {
    const link = event.target.closest?.(".st-key-navigation a");
    if (link && NARROW.matches) press('[data-testid="stSidebarCollapseButton"] button')();
    if (event.target.closest?.("button.keys")) toggleList();
    if (event.target.closest?.("button.print")) printAsOnADesk();
    const copy = event.target.closest?.("button.copy-link");
    if (copy) copyLink(copy);
  });
})();
