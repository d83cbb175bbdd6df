"""The address: the one place that says what is shown, and controls bound to it.

Every control takes its value from the address and writes it there when it is used:
one act is one step in the browser's history, and Back undoes it. Streamlit's own
binding (`bind="query-params"`) drops a value that equals a default, also one that
moves with the calendar, and replaces the step in the history instead of adding one.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from typing import Any, NoReturn, TypedDict, cast
from urllib.parse import urlencode

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_run_context import ThreadState

from metrics.expressions import bare
from metrics.registry import METRIC_TABLES
from metrics.sentences import counted
from ui.format import kept_together, shortened

Address = dict[str, list[str]]

CARRIED = (
    *("period", "from", "to", "compare", "match", "every", "weekends"),
    *("bots", "tz", "filter", "no_weekends"),
)
"""Parameters that all pages share: links from page to page carry them.

`no_weekends` is of older links.
"""
_SPAN = frozenset({"period", "from", "to"})
OF_FIGURES = ("every", "weekends", "no_weekends", "bots", "filter")
"""Those that change which figures a page shows of the same period."""
OF_PAGES: Mapping[str, tuple[str, ...]] = {
    "traffic": ("show", "part", "split"),
    "behaviour": ("part",),
    "location": ("place", "with"),
    "votes": ("show", "figures", "part"),
    "insights": ("show", "about"),
    "returning": ("reduced", "who", "in", "as"),
    "historical": ("kind", "of"),
    "room": ("show", "room", "meeting"),
    "overview": ("show",),
}
"""Path of a page → its own parameters."""
AS_TABLE, ALL_ROWS = "table_", "all_"
OF_BLOCKS = frozenset(
    begins + block
    for begins in (AS_TABLE, ALL_ROWS, "show_")
    for block in (*METRIC_TABLES, "map", "today")
)
"""The parameters of blocks, by their tables; `show_` is of older links.

Of a block that is not drawn none is named as unknown: it changes no figure, the address
keeps it while another part of a page is open, and links are pasted from page to page.
"""
FRAMED = frozenset({"embed", "embed_options"})
"""Streamlit's own parameters, of pages in a frame; in small letters."""
_TOO_MANY = "too_many_settings"
"""What `web/assets/address.js` puts in the place of more than Streamlit reads."""
_SEVERAL = {"filter", "of", "room"}
"""Parameters that can have several values."""
_ALIKE = 0.8
"""How alike a misspelt name must be; `room` is no `from`."""
_NAMED = 5
"""Unknown texts that are named, and faults; of more, there is the number."""
_NOTICES, _ADDRESS = "notices", "address"
_IS_UPDATED, _REPLACED = "address_is_updated", "replaced_values"
_REFRESHES, _IS_REFRESH = "refreshes_next", "is_refresh"
_DRAWN, _DRAWN_LAST = "drawn_controls", "controls_of_last_run"
_PAGE = "page_of_last_run"
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


class Binding(TypedDict):
    """What binds a widget to the address."""

    key: str
    on_change: Callable[[], None]


def adopt() -> None:
    """Take over the browser's address, at the start of a run of the whole page.

    `web/assets/address.js` has removed what others add to links to follow who opens
    them.
    """
    if not st.session_state.get(_IS_UPDATED):
        st.session_state[_REPLACED] = {}
    st.session_state[_DRAWN] = set()
    st.session_state[_IS_REFRESH] = st.session_state.pop(_REFRESHES, False)
    st.session_state[_PAGE] = _page()
    st.session_state[_ADDRESS] = _address_of_browser()


def conclude() -> None:
    """Note which controls the page has, at the end of a run of the whole page."""
    st.session_state[_DRAWN_LAST] = st.session_state[_DRAWN]


def check(page: str) -> None:
    """Warn of parameters that a page lacks, and of second values where it takes one.

    `page` is its path.
    """
    if _TOO_MANY in _address():
        warn("Ignoring all settings of the link: there are too many. Remove some.")
    known = {*CARRIED, *OF_PAGES.get(page, ()), _TOO_MANY, *OF_BLOCKS}
    unknown = []
    for key, values in _address().items():
        if key not in known:
            unknown.append(key)
        elif key not in _SEVERAL and len(set(values)) > 1:
            warn(
                f"`{key}` has {len(values)} values in the link; using the "
                f"last, “{shortened(values[-1])}”."
            )
    if unknown:
        warn(_ignored(unknown, known))


def _ignored(unknown: Sequence[str], known: Collection[str]) -> str:
    """Return the sentence for parameters of the address that nothing reads."""
    lacks = "setting of that name" if len(unknown) == 1 else "settings of those names"
    similar = dict.fromkeys(
        match
        for name in unknown[:_NAMED]
        for match in get_close_matches(name.casefold(), known, 1, _ALIKE)
    )
    meant = ", ".join(f"`{name}`" for name in similar)
    hint = f" Did you mean {meant}?" if similar else ""
    return f"Ignoring {named(unknown)} in the link: this page has no {lacks}.{hint}"


def named(texts: Sequence[str]) -> str:
    """Return texts of a link for a warning: the first, and the number of others."""
    names = [f"“{shortened(text)}”" for text in texts[:_NAMED]]
    if rest := len(texts) - len(names):
        names.append(f"{rest:,} other{'s' if rest > 1 else ''}")
    return ", ".join(names)


def get_all(key: str) -> list[str]:
    """Return the values of a parameter; none where the address lacks it."""
    return list(_address().get(key, []))


def get(key: str) -> str | None:
    """Return the last value of a parameter, without blanks and marks: see `bare`."""
    # A link that is pasted or typed has some: “true ” is no other word than “true”.
    return next((bare(text) for text in reversed(get_all(key))), None)


def update(changes: Mapping[str, Sequence[str] | None]) -> None:
    """Change parameters, None to remove one: one step in the browser's history."""
    _catch_up()
    # What the server sent last is the base: the browser may not have it yet when the
    # next click is on its way.
    address = _address() | {key: list(values or ()) for key, values in changes.items()}
    kept = {key: values for key, values in address.items() if values}
    st.session_state[_ADDRESS] = kept
    st.session_state[_IS_UPDATED] = True
    st.query_params.from_dict(kept)


def text() -> str:
    """Return the address' query, as a link to this view has it."""
    return urlencode(_address(), doseq=True)


def carried(*, without: Collection[str] = (), **more: str) -> dict[str, list[str]]:
    """Return the parameters of a link to another page."""
    # A period of its own replaces that of the page, whose dates it would contradict.
    dropped = {*without, *(_SPAN if not _SPAN.isdisjoint(more) else ())}
    shared = {key: get_all(key) for key in CARRIED if key not in dropped}
    found = shared | {key: [value] for key, value in more.items()}
    return {key: values for key, values in found.items() if values}


def while_drawn[**P](key: str, act: Callable[P, None]) -> Callable[P, None]:
    """Return the callback of a widget; it does nothing once the page lacks that.

    A browser sends what all controls show that it has not cleared away yet, also those
    of the page that a quick Back or Forward has left. Streamlit has forgotten what
    these showed, and would take that for an act on the page that opens. Nor is anything
    an act that is sent with a link to another page: a link waits for the address of an
    act before it, and may be followed before the browser has drawn what that changed.
    """
    _controls(_DRAWN).add(key)

    def checked(*args: P.args, **kwargs: P.kwargs) -> None:
        is_drawn = key in _controls(_DRAWN) | _controls(_DRAWN_LAST)
        if is_drawn and st.session_state.get(_PAGE) == _page():
            act(*args, **kwargs)

    return checked


def _page() -> str | None:
    """Return the page that the browser has open, or opens."""
    run = get_script_run_ctx()
    return run.page_script_hash if run else None


def _controls(of: str) -> set[str]:
    """Return the keys of the controls of the run that is under way, or of the last."""
    return cast("set[str]", st.session_state.setdefault(of, set()))


def refresh() -> NoReturn:
    """Draw the whole page again for newer data, without an act."""
    st.session_state[_REFRESHES] = True
    st.rerun()


def fill(key: str, value: object) -> None:
    """Set what a box shows in which users type.

    Set, it loses what is being typed, which newer data must not do.
    """
    is_refresh = st.session_state.get(_IS_REFRESH, False)
    if not is_refresh or st.session_state.get(key) != value:
        st.session_state[key] = value


def bound[T](
    key: str,
    value: T,
    write: Callable[[T], Mapping[str, Sequence[str] | None]],
    *,
    typed: bool = False,
) -> Binding:
    """Bind a widget: it shows `value`, and `write` says what the address gets.

    `typed` is of one in which users type.
    """
    # The address decides: Back changes it without telling the widget. Also where the
    # widget has the value: one whose options have new texts would keep what was chosen
    # by its old text, and show nothing.
    st.session_state[_IS_UPDATED] = False
    if (was := st.session_state.get(key, value)) != value:
        _replaced().setdefault(key, []).append(was)
    if typed:
        fill(key, value)
    else:
        st.session_state[key] = value
    changed = partial(_changed, key, value, write)
    return {"key": key, "on_change": while_drawn(key, changed)}


def bound_in_menu[T](
    key: str, value: T, write: Callable[[T], Mapping[str, Sequence[str] | None]]
) -> tuple[T, Binding]:
    """Bind a widget of a menu; return its default too, which the widget must get.

    A closed menu does not learn what Back or a link changed: with the next act its
    widget would report what it had before, and that as a change. So it is another
    widget whenever the address changes by anything but itself.
    """
    number, default, last = st.session_state.get(f"menu_{key}", (0, value, value))
    if value != last:
        number, default = number + 1, value
    st.session_state[f"menu_{key}"] = (number, default, value)
    own = f"{key}_{number}"

    def changed() -> None:
        new = st.session_state[own]
        st.session_state[f"menu_{key}"] = (number, default, new)
        update(write(new))

    return default, {"key": own, "on_change": while_drawn(own, changed)}


def _changed(
    key: str, shown: object, write: Callable[[Any], Mapping[str, Any]]
) -> None:
    """Write what was chosen; nothing where the browser does not know better yet.

    With a click it sends what all controls show. Where that is from before an act
    whose answer is on its way, it would undo the act.
    """
    if _is_of_other_part():
        # A click that was sent along is on its way itself: a change again by then.
        st.session_state[key] = shown
        return
    _catch_up()
    if st.session_state[key] not in _replaced().get(key, ()):
        update(write(st.session_state[key]))


def _is_of_other_part() -> bool:
    """Return whether a part of the page runs that does not have the changed widget.

    A part that runs by itself, such as the badge of freshness, sends what all controls
    show, too. A click on a control runs the part that has it, or the whole page.
    """
    run = get_script_run_ctx()
    parts = run.fragment_ids_this_run if run else None
    return parts is not None and ThreadState.get().fragment_id not in parts


def _catch_up() -> None:
    """Forget which values were replaced, once the browser shows the last address."""
    is_updated = st.session_state.get(_IS_UPDATED)
    if not is_updated and _address_of_browser() == _address():
        _replaced().clear()


def _replaced() -> dict[str, list[object]]:
    """Return the values by widget that an answer on its way to the browser changes."""
    found = st.session_state.setdefault(_REPLACED, {})
    return cast("dict[str, list[object]]", found)


def _address_of_browser() -> Address:
    return {key: st.query_params.get_all(key) for key in st.query_params}


def slug(label: str) -> str:
    """Return the stable key that stands for an option's label in links."""
    return re.sub(r"[^a-z0-9]+", "_", label.casefold()).strip("_")


def option_of(text: str, options: Mapping[str, Collection[str]]) -> str | None:
    """Return the key of the option that a link names by key or by one of its names."""
    # Links are typed by hand too, and older ones carry the label.
    wanted = bare(text).casefold()
    # Of a label that has changed the key is what is left.
    known = {wanted, slug(wanted)}
    for key in options:
        if key.casefold() in known:
            return key
    # After all keys: the name of one option may be the key of another.
    for key, names in options.items():
        if any(name.casefold() == wanted or slug(name) in known for name in names):
            return key
    return None


def choice(
    key: str,
    options: Mapping[str, Collection[str]],
    default: str,
    older: Collection[str] = (),
) -> str:
    """Return the option that the address names; warn of one that does not exist.

    `older` are names that the parameter had before.
    """
    asked = ((name, get(name)) for name in (key, *older))
    name, text = next(((n, t) for n, t in asked if t is not None), (key, None))
    if text is None:
        return default
    found = option_of(text, options)
    if found is None:
        names = {key: next(iter(names), key) for key, names in options.items()}
        shown, possible = names[default], f"Use {', '.join(names.values())}."
        warn(_unknown(name, text, shown, possible))
    return found or default


def flag(key: str, *, default: bool) -> bool:
    """Return whether the address switches something on; warn of other words."""
    text = get(key)
    if text is None:
        return default
    if text.casefold() not in _FLAGS:
        warn(_unknown(key, text, flag_text(default)[0], "Use true or false."))
    return _FLAGS.get(text.casefold(), default)


def is_on(key: str) -> bool:
    """Return whether the address switches something on."""
    return _FLAGS.get((get(key) or "").casefold(), False)


def flag_text(value: bool) -> list[str]:  # the type of a toggle's value
    """Return a flag's value in the address."""
    return [str(value).lower()]


def render_toggle(label: str, key: str, *, hint: str | None = None) -> bool:
    """Draw a toggle that the address carries; return whether it is on."""
    value = flag(key, default=False)
    binding = bound(key, value, lambda on: {key: flag_text(on)})
    st.toggle(label, help=hint, **binding)
    return value


def draw_in_menu(label: str, key: str, *, value: bool, hint: str) -> None:
    """Draw the toggle of a menu that shows a `flag` of the address."""
    begins, binding = bound_in_menu(key, value, lambda on: {key: flag_text(on)})
    st.toggle(label, begins, help=hint, **binding)


def draw_select(
    label: str,
    key: str,
    options: Mapping[str, str],
    value: str,
    *,
    icon: str,
    offered: Collection[str] | None = None,
) -> None:
    """Draw a select box of keys with labels, which shows a `choice` of the address.

    `offered` are the keys to choose from, where a link may ask for others as well.
    """
    st.selectbox(
        label,
        [o for o in options if offered is None or o in offered or o == value],
        format_func=lambda name: options[name],
        icon=icon,
        label_visibility="collapsed",
        filter_mode=None,
        **bound(key, value, lambda value: {key: [value]}),
    )


def render_switch[T](
    label: str,
    options: Mapping[str, T],
    key: str,
    *,
    labelled: bool = True,
    labels: Mapping[str, str] | None = None,
    also: Callable[[T], Mapping[str, Sequence[str] | None]] = lambda _: {},
) -> T:
    """Draw a switch whose first option is the default; return what it stands for.

    `options` are keyed by name: links use the name's `slug`. `labels` say what a
    name is called on the page, where it is not called that any more. Without its label
    drawn (`labelled`), screen readers still get it. `also` says what else the choice
    changes in the address.
    """
    shown = {slug(name): (labels or {}).get(name, name) for name in options}
    by_key = {slug(name): value for name, value in options.items()}
    names = {slug(name): (shown[slug(name)], name) for name in options}
    value = choice(key, names, next(iter(shown)))
    st.segmented_control(
        label,
        list(shown),
        format_func=lambda name: shown[name],
        required=True,
        label_visibility="visible" if labelled else "collapsed",
        **bound(key, value, lambda value: {key: [value], **also(by_key[value])}),
    )
    return by_key[value]


def render_pills(
    label: str, key: str, options: Mapping[str, str], default: Sequence[str]
) -> list[str]:
    """Draw pills of which several can be chosen; return the chosen keys in order."""
    names = {name: (text,) for name, text in options.items()}
    asked = get_all(key)
    found = {text: option_of(text, names) for text in asked}
    known = {option for option in found.values() if option}
    # An empty value is a choice, too: nothing.
    chosen = [o for o in options if o in known] if known or "" in asked else default
    value = list(chosen)
    shown = ", ".join(options[name] for name in value) or "none"
    for text, option in found.items():
        if option is None and text:
            warn(_unknown(key, text, shown, f"Use {', '.join(options.values())}."))
    st.pills(
        label,
        list(options),
        selection_mode="multi",
        format_func=lambda name: options[name],
        **bound(key, value, lambda value: {key: value or [""]}),
    )
    return value


def open_notices() -> None:
    """Keep a place on top of the page for warnings about the address."""
    st.session_state[_NOTICES] = _Notices(st.container(), [])


def warn(text: str) -> None:
    """Add a warning about the address, on top of the page; `text` is Markdown.

    All are in one box: a link with many faults would fill the screen.
    """
    st.session_state[_NOTICES].add(text)


@dataclass
class _Notices:
    place: DeltaGenerator
    texts: list[str]

    def add(self, text: str) -> None:
        if not self.texts:
            self.place = self.place.empty()
        self.texts.append(text)
        shown = self.texts[:_NAMED]
        if rest := len(self.texts) - len(shown):
            shown.append(f"And {counted(rest, 'other fault')} of the link.")
        lines = shown if len(shown) == 1 else [f"- {line}" for line in shown]
        text = kept_together("\n".join(lines))
        self.place.warning(text, icon=":material/link_off:")


def _unknown(key: str, value: str, shown: str, possible: str) -> str:
    return (
        f"Unknown value “{shortened(value)}” for `{key}` in the link; "
        f"using {shown}. {possible}"
    )


def _address() -> Address:
    return cast("Address", st.session_state.get(_ADDRESS, {}))
