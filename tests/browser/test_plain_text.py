"""What strangers typed is drawn as text, wherever Streamlit reads Markdown."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from testkit.chromium import serving
from tests.browser.looking import at_last

pytestmark = pytest.mark.browser
TURNED = [
    "https://evil.example/x",
    "HTTP://evil.example",
    "www.evil.example WWW.evil.example",
    "see www.evil.example, or a@evil.example.",
    "_www.evil.example (www.evil.example) a-b@evil.example a-@evil.example",
    "mailto:a@evil.example",
    "first\n\n    a block of code",
    "\tcode",
    "# heading",
    "- item",
    "+ item",
    "1. item",
    "> quote",
    "---",
    "a | b\n- | -\n1 | 2",
    ":streamlit:",
    ":smile: :+1:",
    ":material/home:",
    ":red[x] :red-badge[x]",
    "a -> b <- c <-> d -- e >= f <= g ~= h",
    "->b<-c<->d--e>=f<=g~=h",
    "$x^2$ and $$y$$",
    "`code` **bold** *soft* ~~gone~~ _x_",
    "[x](https://evil.example) ![x](//evil.example/x.png)",
    "<b>x</b><script>1</script>&lt;&#60;",
    "<https://evil.example>",
    "[^1] [x]: https://evil.example",
    "\\",
]
"""What Markdown, its extensions and Streamlit's own turn into something else."""
SCRIPT = """
import streamlit as st
from ui.format import escaped
st.title("Plain", anchor=False)
for number, text in enumerate({texts!r}):
    plain = escaped(text)
    with st.container(key=f"text{{number}}"):
        st.header(plain, anchor=False)
        st.caption(plain)
        st.warning(f"Not a filter: {{plain}}.")
        st.markdown(f"**{{plain}}**")
        st.metric(plain, 1)
        st.button(plain, key=f"b{{number}}")
        st.checkbox(plain, key=f"c{{number}}")
"""


@pytest.fixture(scope="module")
def texts(tab: Page, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A page of all these texts, each wherever ours shows what strangers typed."""
    script = tmp_path_factory.mktemp("plain") / "plain.py"
    path = str(Path(__file__).parent.parent.parent)
    blocks = SCRIPT.format(texts=TURNED)
    script.write_text(f"import sys\nsys.path.insert(0, {path!r})\n{blocks}")
    with serving(script) as server:
        tab.goto(server.url)
        last = tab.locator(f".st-key-text{len(TURNED) - 1}")
        last.get_by_role("checkbox").wait_for()
        yield tab
        tab.goto("about:blank")


@pytest.mark.parametrize("number", range(len(TURNED)), ids=lambda n: TURNED[n][:20])
def test_it_is_drawn_character_by_character(texts: Page, number: int) -> None:
    block = texts.locator(f".st-key-text{number}")
    turned = "a, code, pre, img, table, ul, ol, blockquote, hr, .katex, del, em, b"
    turned += (
        ", [data-testid=stIconMaterial]:not([data-testid=stAlert] *), [style*=color]"
    )
    expected = " ".join(TURNED[number].split())

    def times(_: Page) -> int:
        return block.inner_text().replace("\N{WORD JOINER}", "").count(expected)

    # Streamlit loads its button apart from its checkbox, on a busy machine later.
    assert at_last(texts, times, 7) == 7, block.inner_text()
    assert block.locator(turned).count() == 0
