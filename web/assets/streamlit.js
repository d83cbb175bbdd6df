// What Streamlit's page tells of its state, for the scripts after this one.
//
// `fpp` holds what they share. None of them is a module: the addresses of all are in the
// page, each with the version of its content.
const fpp = (() => {
  const find = selector => document.querySelector(selector);
  const home = new URL(window.__streamlit.BACKEND_BASE_URL).pathname;
  const path = url => url.pathname.replace(/\/$/, "");
  const fiberOf = element => element?.[Object.keys(element).find(name => name.startsWith("__reactFiber$"))];
  // What the browser keeps. Those inside of some apps keep nothing, and some refuse to.
  const storage = (() => {
    try {
      return localStorage ?? {};
    } catch {
      return {};
    }
  })();
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
  const runsEnded = () => app()?.state.scriptRunFinishedSequence;
  const isBegun = () => app()?.hasReceivedNewSession ?? true;
  // Streamlit sends what is pressed a moment later, and knows that an answer begins a
  // moment before any of it is drawn or in the address: what follows in between would be
  // lost, or be sent with the address of the page before. A step of the history has its
  // address before it is answered; once its run is shown as running, what is of the run
  // before is marked as stale.
  let awaited; // what the answer changes
  const awaitAnswer = isStep => {
    const before = {isStep, address: location.href, run: runId(), ended: runsEnded()};
    awaited = before;
    setTimeout(() => setTimeout(() => {
      if (isBegun() && awaited === before) awaited = undefined; // nothing was asked
    }));
  };
  const isAnswered = () => {
    if (!awaited || !isBegun()) return isBegun();
    const {isStep, address, run, ended} = awaited;
    const isRunning = state() !== "notRunning";
    const hasEnded = runsEnded() !== ended && !isRunning;
    return isStep ? runId() !== run && (isRunning || hasEnded)
      : location.href !== address || (runId() !== run && hasEnded);
  };
  let asked = "step"; // or "act", or "look" for newer data, which changes no address
  const asking = (what, ask) => {
    asked = what;
    ask();
    asked = "act";
  };
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (...message) {
    if (asked !== "look") awaitAnswer(asked === "step");
    asked = "act"; // the first opens the page, whose address is there
    send.apply(this, message);
  };
  const isDone = () => isConnected() && isAnswered() && state() === "notRunning";
  // Of a run that begins, the page tells a moment later than Streamlit knows: it holds
  // once it has held for three looks.
  function thrice(condition) {
    let looks = 0;
    return () => (looks = condition() ? looks + 1 : 0) > 2;
  }
  return {find, home, path, storage, fiberOf, until, thrice, app, state, runId, isConnected, isAnswered, awaitAnswer, asking, isDrawn, isDone};
})();
