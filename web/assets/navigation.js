// The navigation beside the page, and the part of a page that was opened.
(() => {
  const {find, home, path, storage, until, isDrawn, app} = fpp;
  const NARROW = matchMedia("(max-width: 768px)"); // here the navigation covers the page
  // Streamlit draws the page before its navigation, whose place the style sheet keeps.
  for (const key of Object.keys(storage).filter(key => key.startsWith("stSidebarCollapsed-")))
    if (storage[key] === "true") document.documentElement.classList.add("navigation-closed");
    else if (NARROW.matches) delete storage[key]; // after a reload it is closed again

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
  // What Streamlit does at a click on its own links. Without it, the browser opens the page.
  addEventListener("click", event => {
    const link = event.target.closest?.(`${NAVIGATION} a`);
    if (!link || event.defaultPrevented) return;
    const page = app()?.appNavigation?.findPageByUrlPath(link.pathname);
    if (!page) return;
    event.preventDefault();
    app().onPageChange(page.pageScriptHash, link.search.slice(1));
  });
  const SEARCH = ".st-key-room_search";
  // It would cover what Back leads to, too, and the page after the next login.
  const uncover = () => {
    const isOpen = !find('[data-testid="stExpandSidebarButton"]')?.getClientRects().length;
    if (NARROW.matches && isOpen) find('[data-testid="stSidebarCollapseButton"] button')?.click();
  };
  addEventListener("click", event => event.target.closest?.(".st-key-navigation a") && uncover());
  addEventListener("popstate", uncover, true);
  // Streamlit leaves a page where it is scrolled to. A meeting or room that a row far down
  // opens is above that, and so is the part of a page that an address names. Where the row
  // is gone the focus would begin at the top; in the search, single keys would be typed.
  async function bringIntoView(selector) {
    await until(() => isDrawn() && find(selector), 30_000);
    const title = find(selector);
    const {top} = title?.getBoundingClientRect() ?? {top: 0};
    if (top < 0 || top > innerHeight / 2) title.scrollIntoView();
    const focused = document.activeElement;
    const isSearch = focused.closest(SEARCH) && !focused.value;
    if (!title || (focused !== document.body && !isSearch)) return;
    title.tabIndex = -1;
    title.focus({preventScroll: true});
  }
  const isNew = (name, before, after) =>
    after.has(name) && `${before.getAll(name)}` !== `${after.getAll(name)}`;
  function showOpened(before, after) {
    if (isNew("meeting", before, after)) bringIntoView(".st-key-meeting h2");
    else if (isNew("room", before, after)) {
      closeSearch();
      // The last one is new.
      const last = after.getAll("room").length - 1;
      if (last >= before.getAll("room").length) bringIntoView(`.st-key-room_title_${last} h2`);
    }
  }
  // Streamlit keeps the list of a box open that takes several values. It would lie over
  // the room that was picked in it; on a phone the keyboard would, too.
  function closeSearch() {
    const field = document.activeElement;
    if (!field.closest(SEARCH)) return;
    field.blur();
    if (!matchMedia("(pointer: coarse)").matches) field.focus();
  }
  if (location.hash) bringIntoView(`#${CSS.escape(location.hash.slice(1))}`);
  Object.assign(fpp, {NAVIGATION, drawNavigation, isNew, showOpened});
})();
