// What a visitor does, one act at a time: clicks, links, Back and Forward.
(() => {
  const {find, path, until, thrice, state, runId, isConnected, isAnswered, awaitAnswer, asking, isDone, home, closeMenu, NAVIGATION, drawNavigation, isNew, showOpened} = fpp;
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
    // With Shift cells are chosen, to be copied.
    if (x < 2 * BOX || y < HEAD || onBar || event.shiftKey) return;
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
  const PATIENCE = 10_000; // milliseconds; a busy server answers late
  let stepping = false;
  let reconnecting = false; // the step is of a connection that is back: it leads nowhere
  let steps = 0;
  let done = 0;
  // Vega names the gradient of a legend by the address it is drawn at. At another one the
  // legend would lose its colours.
  const keepGradients = () => {
    for (const bar of document.querySelectorAll('svg.marks [fill^="url"]'))
      bar.setAttribute("fill", bar.getAttribute("fill").replace(/^.*#/, "url(#"));
  };
  const address = () => location.pathname + location.search;
  let shown = address();
  const redrawing = own => (...step) => {
    own.apply(history, step);
    shown = address();
    drawNavigation();
    keepGradients();
  };
  const push = redrawing(history.pushState);
  history.replaceState = redrawing(history.replaceState);
  history.pushState = (...step) => {
    if (done !== steps) return;
    const there = new URL(step[2], location);
    const [before, after] = [location, there].map(url => new URLSearchParams(url.search));
    // Of a row that opens its room Streamlit tells the query first, then the page with it.
    const isAhead = path(there) === path(location) && path(there) !== `${home}room`;
    if (isAhead && isNew("room", before, after)) return;
    // Streamlit has named the tab after the page that opens: the list of Back would call
    // the page that is left by that name.
    const opens = document.title;
    const left = find(`${NAVIGATION} [aria-current]`)?.lastChild.data;
    document.title = opens.replace(/^.*(?= · )/, left ?? "$&");
    push(...step);
    document.title = opens;
    showOpened(before, after);
  };
  async function takeStep() {
    steps += 1;
    if (stepping) return;
    stepping = true;
    if (!isDone() || !isQuiet()) await until(thrice(isDone), PATIENCE);
    while (done !== steps) {
      await until(isConnected, Infinity);
      done = steps;
      const last = runId();
      let ran = false;
      const observer = new MutationObserver(() => (ran ||= state() !== "notRunning"));
      observer.observe(find(".stApp"), {attributeFilter: ["data-test-script-state"]});
      const step = new PopStateEvent("popstate", {state: history.state});
      asking("step", () => dispatchEvent(step));
      await until(() => ran || runId() !== last, 3_000);
      observer.disconnect();
      await until(() => state() === "notRunning", PATIENCE);
    }
    stepping = reconnecting = false;
  }
  addEventListener("popstate", event => {
    drawNavigation();
    keepGradients();
    const before = shown;
    shown = address();
    if (!event.isTrusted || !state()) return; // of ours above, or before there is a page
    event.stopImmediatePropagation();
    if (shown === before) return; // a part of the page that is open: no run would follow
    forget(); // what a step leads away from, it undoes
    reconnecting = false;
    takeStep();
  }, true);
  // The address of the first page is empty, so that links to it mean the page that is
  // open: in a new tab, or where a link is copied, they would lead there.
  const LINK = `a[data-testid="stPageLink-NavLink"], ${NAVIGATION} a`;
  const MENU = '[data-testid="stPopoverBody"]'; // an open one
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
  // Where that takes too long the browser opens the page, with a connection of its own,
  // and the act is lost.
  const LONGEST = 60_000; // milliseconds
  const SENT = 200; // milliseconds after a click; of a table's row Streamlit waits 150
  // Share is of the browser.
  const ELSEWHERE = '[data-testid="stSidebar"], dialog, .st-key-share, .copy-link, .print';
  const CHANGING = /^(.|Enter|Arrow.*|Backspace|Delete)$/; // keys; F5 and the like are none
  let clicked = -SENT;
  let leaving = false;
  // What Back and Forward lead away from, they undo: an act there would undo them.
  const isSteppedFrom = () => stepping && !(done === steps && isAnswered());
  for (const kind of ["pointerdown", "mousedown", "click", "keydown"]) addEventListener(kind, event => {
    const {target, key} = event;
    if (pressing || target.closest?.(ELSEWHERE)) return;
    if (key && (!CHANGING.test(key) || event.ctrlKey || event.metaKey || event.altKey)) return;
    if (!target.closest?.(LINK)) clicked = performance.now();
    // A connection that is back leads away from nothing: menus open.
    const isLeft = leaving || next || (isSteppedFrom() && !reconnecting);
    if (!isLeft && !isEarly(event)) return void (pressedBy(event) && awaitAnswer());
    event.stopImmediatePropagation();
    event.preventDefault();
    if (!isLeft && pressedBy(event)) pressLater(event);
  }, true);
  // With an act a browser sends what all controls show, and a tile is known by its text:
  // an act before the answer to the one before is drawn would undo that, or be of no tile.
  // So a button, tile or switch is pressed once it and the bar are of the last answer. A
  // row is known by its place, where another one may be by then: it takes no click.
  const CONTROL = `:is(.stMain, ${MENU}) `
    + ":is(.stButton button, .stDownloadButton button, .stButtonGroup button, .stCheckbox label)";
  const isCurrent = element => isAnswered() && !reconnecting
    && !element.closest("[data-stale=true]") && !find(".st-key-period_bar [data-stale=true]");
  const held = []; // what is pressed later, in order
  const showWaiting = () => document.documentElement.classList.toggle("waiting", Boolean(held.length || next));
  const follow = link => {
    next?.classList.remove("held");
    next = link;
    next?.classList.add("held");
  };
  const forget = () => {
    held.splice(0).forEach(({control}) => control.classList.remove("held"));
    follow();
    showWaiting();
  };
  let isHolding = false, pressing = false;
  // By a key a tile is pressed without a click.
  const pressedBy = ({type, key, target}) => type === "click" ? target.closest?.(CONTROL)
    : key === "Enter" || key === " " ? target.closest?.(".stMain .stButtonGroup button") : null;
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
      await until(thrice(isReady), LONGEST); // pressed before, it would be lost
      clicked = performance.now();
      pressing = true;
      const found = control();
      awaitAnswer();
      (found && held[0].atBox ? found.querySelector("input") : found)?.click?.();
      pressing = false;
      held.shift()?.control.classList.remove("held");
    }
    isHolding = false;
    showWaiting();
  }
  // Now and then the page looks for newer data. The answer to a look would pass for that
  // to an act, or to a step, which is on its way: such a look is left out.
  const A_LOOK = 5_000; // milliseconds between two of them, or more
  const repeat = setInterval;
  window.setInterval = (act, wait, ...given) =>
    repeat(wait < A_LOOK ? act : () => isDone() && asking("look", act), wait, ...given);
  const isSent = () => performance.now() - clicked >= SENT;
  // Between the first answer to an act and the next everything looks as if it was done.
  const A_WHILE = 3_000; // milliseconds
  const isQuiet = () => performance.now() - clicked > A_WHILE;
  const isSettled = () => !held.length && isSent() && isAnswered();
  fpp.isInAddress = () => !isConnected() || (!next && !leaving && isSettled());
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
    follow(link);
    if (isWaiting) return;
    showWaiting();
    await until(thrice(() => !next || isSettled()), LONGEST);
    passed = next;
    follow();
    showWaiting();
    if (!passed) return; // a step leads elsewhere
    // Without a connection it is a step, which waits for one.
    if (isSettled() || !isConnected()) passed.click();
    else {
      leave();
      location.assign(passed.href);
    }
    passed = undefined;
  }
  // A link to another view of the same page, such as that of the navigation or a named
  // view: Streamlit would show it and leave the address as it is. One that is clicked
  // without a connection it would forget: it is a step, which waits for the connection.
  const query = url => new URLSearchParams(url.search).toString();
  addEventListener("click", event => {
    const link = complete(event);
    if (!link) return;
    if (event.ctrlKey || event.metaKey || event.shiftKey) return openBeside(event, link);
    const there = new URL(link.href);
    const isElsewhere = path(there) !== path(location);
    if (isElsewhere && isConnected()) {
      // A menu that tells the server of its end would end the run of the page that opens.
      // None with links in it does, and without their menu they lead nowhere.
      if (passed !== link && !link.closest(MENU) && shutMenu()) clicked = performance.now();
      if (passed === link || (isQuiet() && isSettled())) return leave();
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
  addEventListener("auxclick", event => {
    const link = event.button === 1 && complete(event);
    if (link) openBeside(event, link);
  }, true);
  // A new tab or window is the browser's: Streamlit would open the page in this one. It
  // shows what an act asks for that is on its way, once the link says so, too.
  async function openBeside(event, link) {
    event.stopPropagation();
    if (fpp.isInAddress()) return;
    event.preventDefault();
    link.classList.add("held");
    await until(thrice(() => fpp.isInAddress() && isCurrent(link)), LONGEST);
    link.classList.remove("held");
    open(link.href, "_blank", "noopener");
  }
  // Its menu would lie over the view that a link opens.
  addEventListener("click", ({target}) => {
    if (target.closest?.(MENU) && target.closest("a")) shutMenu()?.focus();
  });
  function shutMenu() {
    pressing = true;
    const button = closeMenu();
    pressing = false;
    return button;
  }
  let wasConnected = false, wasLost = false;
  new MutationObserver(() => {
    if (isConnected() && wasConnected === "lost") {
      reconnecting ||= !stepping;
      takeStep();
    }
    wasConnected = isConnected() || (wasConnected && "lost");
    wasLost ||= wasConnected === "lost";
  }).observe(document, {subtree: true, attributeFilter: ["data-test-connection-state"]});
  // Of an answer whose beginning went with the connection the server sends the rest once
  // there is another one. Streamlit may have no place for it, and empties the page.
  addEventListener("error", () => setTimeout(() => {
    if (wasLost && !find(".stApp")) location.reload();
  }));
})();
