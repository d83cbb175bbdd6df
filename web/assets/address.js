// Tidies the address before Streamlit reads it.
(() => {
  const {home} = fpp;
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
  // What HTML writes for "&", and a break in a long line, is no part of a name.
  const PASTED = /^(amp;|%20|\+|%0[ad])+/i;
  const pairs = location.search.slice(1).split("&").map(pair => pair.replace(PASTED, "")).filter(isKept);
  const kept = pairs.length > MOST_PAIRS ? "too_many_settings" : pairs.join("&");
  // Names of pages are in lower case, and the address of the Overview has none. The server
  // reads percent-encoded letters as letters, and Streamlit in the browser does not.
  const LETTER = /%([46][0-9a-f]|[57][0-9a])/gi;
  const name = location.pathname.slice(home.length).replace(LETTER, decodeURIComponent).toLowerCase().replace(/^overview\/?$/, "");
  const tidied = new URL(location.origin + home + name + (kept && "?" + kept) + location.hash);
  if (location.pathname.startsWith(home) && tidied.href !== location.href)
    history.replaceState(history.state, "", tidied);
})();
