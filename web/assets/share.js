// What is copied and printed: links, texts, tables on paper.
(() => {
  const {find, fiberOf, until, thrice, isConnected, isDone, isDrawn} = fpp;
  // An act may be on its way: what is copied or printed is the view that it leads to.
  const arrive = async isThere => isThere() || until(thrice(isThere), 10_000);
  async function copyLink(button) {
    const link = arrive(fpp.isInAddress).then(() => location.href);
    const text = link.then(address => new Blob([address], {type: "text/plain"}));
    try {
      // Later than the click Safari copies nothing; without TLS no browser does.
      await navigator.clipboard.write([new ClipboardItem({"text/plain": text})]);
      button.dataset.label ??= button.textContent; // a second click finds the answer there
      button.textContent = "Link copied";
      setTimeout(() => button.textContent = button.dataset.label, 2_000);
    } catch {
      prompt("Copy this link:", await link);
    }
  }

  // What `fmt.escaped` adds, so that "->" is no arrow and an Arabic name turns nothing else,
  // is no part of a name or a date: pasted with it, none would be found. It is taken out of
  // the page while the browser copies, which so keeps tables and links.
  const MARKS = /[\u2060\u2068\u2069]/g;
  function withoutMarks(selection) {
    const taken = [];
    for (let at = 0; at < selection.rangeCount; at++) {
      const range = selection.getRangeAt(at);
      const texts = document.createTreeWalker(range.commonAncestorContainer.parentNode ?? document, NodeFilter.SHOW_TEXT);
      while (texts.nextNode()) {
        const node = texts.currentNode;
        const marks = [...node.data.matchAll(MARKS)];
        if (!marks.length) continue;
        for (const {index} of marks.toReversed()) node.deleteData(index, 1);
        taken.push({node, marks, left: node.data});
      }
    }
    setTimeout(() => {
      // One that React has written again has its own.
      for (const {node, marks, left} of taken.filter(({node, left}) => node.data === left))
        for (const {0: mark, index} of marks) node.insertData(index, mark);
    });
  }
  addEventListener("copy", event => {
    const selection = getSelection();
    if (String(selection)) return withoutMarks(selection);
    const text = chosenCells();
    if (!text) return;
    event.clipboardData.setData("text/plain", text.replace(MARKS, ""));
    event.preventDefault();
  });
  // Streamlit copies none where its own CSV is switched off. As in our CSV, a spreadsheet
  // runs nothing, whatever it splits at: what would be a formula gets an apostrophe.
  const FORMULA = /(?:^|[;|])(?=[\p{Z}\p{C}"']*[=+@\uff1d\uff0b\uff0d\uff20-])|[ :](?=[\p{C}"']*=(?:[^ :]|$))/gu;
  function chosenCells() {
    const canvas = document.activeElement?.closest?.("canvas");
    const {gridSelection, getCellContent} = canvas && gridOf(canvas) || {};
    const {x, y, width, height} = gridSelection?.current?.range ?? {};
    const upTo = count => [...Array(count ?? 0).keys()];
    return upTo(height).map(row => upTo(width).map(column => {
      const cell = getCellContent([x + column, y + row]);
      // Where decimals follow a comma, 11,159 would be read as 11.159.
      if (Number.isInteger(cell.data) && /^-?[\d,]+$/.test(cell.displayData)) return cell.data;
      const text = printed(cell).replace(/\s+/g, " ").trim();
      // Names such as 007, 1e5, 3-4 and 2026-11-05, which would be another number, or a date.
      if (cell.kind === "text" && /^(0|\d+e|(\d+[/-])+|\d{15})\d+$/i.test(text)) return `'${text}`;
      return /^[+-][\d,.]+(%| \w+)?$/.test(text) ? text : text.replace(FORMULA, "$&'");
    }).join("\t")).join("\n");
  }
  // On paper tables are HTML, with all their columns and as many rows as leave a page on
  // two sheets: on the screen a canvas has those that fit it. Nothing but the properties of
  // the grid, which React keeps at its elements, has the others, as they are sorted and
  // printed on the screen; without them the canvas is printed. No server could be asked:
  // the browser does not wait for it.
  const MOST_ROWS = 40;
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
      if (/\S{31}/.test(text)) box.className = "long";
      box.style.textAlign = cell?.contentAlign ?? "";
    };
    const head = table.createTHead().insertRow();
    columns.forEach(({title}, at) => add(head, "th", title, rows && getCellContent([at, 0])));
    const body = table.createTBody();
    for (let row = 0; row < Math.min(rows, MOST_ROWS); row++) {
      const line = body.insertRow();
      columns.forEach((_, at) => {
        const cell = getCellContent([at, row]);
        add(line, "td", printed(cell) || "–", cell);
      });
    }
    // A caption Firefox prints at the end of the first sheet, or it begins another for it.
    if (rows > MOST_ROWS) {
      add(body.insertRow(), "td", `The first ${MOST_ROWS} of ${rows.toLocaleString("en-GB")} rows; the CSV has all.`);
      body.rows[MOST_ROWS].cells[0].colSpan = columns.length;
    }
    return table;
  }
  // A browser prints a picture on one sheet, or cuts it anywhere: a list that is longer
  // than a sheet left its title behind and had rows cut in two. On paper it has parts.
  const LONG = 50, PART = 20; // rows
  function printInParts(svg) {
    const axes = [...svg.querySelectorAll(".role-axis-label")];
    const labels = axes.find(axis => axis.children.length >= LONG)?.children ?? [];
    const {width, height} = svg.viewBox.baseVal;
    const {top, height: drawn} = svg.getBoundingClientRect();
    const middles = [...labels].map(label => label.getBoundingClientRect())
      .map(box => ((box.top + box.bottom) / 2 - top) * height / drawn).sort((a, b) => a - b);
    for (let row = PART, from = 0; row < middles.length + PART; row += PART) {
      const to = row < middles.length ? (middles[row - 1] + middles[row]) / 2 : height;
      const part = svg.cloneNode(true);
      part.classList.add("on-paper");
      part.setAttribute("viewBox", `0 ${from} ${width} ${to - from}`);
      part.setAttribute("height", to - from);
      part.style.overflow = "hidden";
      svg.parentNode.append(part);
      from = to;
    }
  }
  const leavePaper = () => document.querySelectorAll(".on-paper").forEach(e => e.remove());
  const SHEET = 1170; // pixels of our print style; charts keep the width of the window
  addEventListener("beforeprint", () => {
    // A dialog that leads to another one, that of the system, says so a second time.
    leavePaper();
    const width = find(".stMainBlockContainer")?.clientWidth ?? SHEET;
    document.body.style.setProperty("--paper-zoom", Math.max(1, Math.min(1.6, SHEET / width)));
    for (const canvas of document.querySelectorAll('[data-testid="stDataFrame"] canvas[data-testid="data-grid-canvas"]')) {
      const grid = gridOf(canvas);
      if (grid) canvas.closest('[data-testid="stDataFrame"]').append(tableOf(grid));
    }
    document.querySelectorAll("svg.marks").forEach(printInParts);
  });
  // On a phone charts are first drawn in the width of a desk. The browser's own menu does
  // not wait for that, so that only our button can.
  const isReadable = () => isDrawn()
    && [...document.querySelectorAll('[data-testid="stDataFrame"]')].every(e => e.querySelector("canvas"));
  async function printAsOnADesk() {
    await arrive(() => fpp.isInAddress() && (isDone() || !isConnected()));
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
  addEventListener("afterprint", leavePaper);
  addEventListener("click", ({target}) => {
    if (target.closest?.("button.print")) printAsOnADesk();
    const copy = target.closest?.("button.copy-link");
    if (copy) copyLink(copy);
  });
})();
