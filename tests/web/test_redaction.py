"""What is private is taken out, and what is not stays readable."""

import html
import json
import re
import string
from collections.abc import Callable
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.redaction import Redactor
from core.settings import Secret

NANOID = st.text(string.ascii_letters + string.digits + "_-", min_size=21, max_size=21)
REDACTOR = Redactor.of([Secret("s3cret-value"), Secret("s3cret-value-2"), Secret("x")])


@given(user=NANOID.filter(lambda t: any(c.isdigit() for c in t)))
def test_a_user_id_never_stays(user: str) -> None:
    for text in (user, f"user {user}!", f"id='{user}'", f"({user},)", f"a/{user}/b"):
        assert user not in REDACTOR.text(text)


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("for s3cret-value-2.", "for <secret>."),
        ("mail to anna.b+c@mail.example.org now", "mail to <email> now"),
        ("mysql://fpp:pw@db/x", "mysql://<secret>@db/x"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer <secret>"),
        ("GET /login?token=abc&next=/", "GET /login?token=<secret>&next=/"),
        ('{"password": "abc"}', '{"password": "<secret>"}'),
        ("fpp_session=W10.abc; x", "fpp_session=<secret>; x"),
        ("fpp_session_8501=W10.abc; x", "fpp_session_8501=<secret>; x"),
    ],
)
def test_secrets_addresses_and_tokens_are_replaced(text: str, redacted: str) -> None:
    assert REDACTOR.text(text) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "fpp_votes: 3 blocks differ, 1200 rows read again",
        "fpp_votes.parquet lacks 2 columns: 'amount_of_estimations', 'id'",
        "ENTERED_EXISTING_ROOM is no label of the enum",
        "connection to mariadb:3306 refused after 3 tries",
        "Create DB_USERNAME with caching_sha2_password or mysql_native_password",
        "x",
    ],
)
def test_what_helps_to_find_the_cause_stays(text: str) -> None:
    assert REDACTOR.text(text) == text


def test_a_tree_is_redacted_at_every_depth() -> None:
    tree = {"a": [{"email": "x@y.de", "b": ("s3cret-value", 1)}], "user_id": None}
    assert REDACTOR.tree(tree) == {
        "a": [{"email": "<private>", "b": ["<secret>", 1]}],
        "user_id": None,
    }


FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "JSON": json.dumps,
    "JSON, not ASCII": lambda text: json.dumps(text, ensure_ascii=False),
    "JSON, slashes escaped": lambda text: json.dumps(text).replace("/", "\\/"),
    "JSON in JSON": lambda text: json.dumps(json.dumps({"x": text})),
    "Python": ascii,
    "HTML": html.escape,
    "percent": lambda text: quote(text, safe=""),
    "percent, lower case": lambda text: re.sub(
        "%..", lambda m: m[0].lower(), quote(text, safe="")
    ),
    "path": quote,
    "query": lambda text: urlencode({"q": text}),
    "plus": quote_plus,
    "percent in percent": lambda text: quote(quote(text, safe=""), safe=""),
    "JSON in an address": lambda text: quote(json.dumps(text), safe=""),
}


@pytest.mark.parametrize("form", FORMS)
@settings(deadline=None)
@given(secret=st.text(string.ascii_letters + string.punctuation + " äß😀", min_size=8))
def test_a_secret_is_found_in_every_form_that_a_log_may_have(
    form: str, secret: str
) -> None:
    written = FORMS[form](secret)
    kept = Redactor.of([Secret(secret)]).text(f"<{written}>")
    assert written.strip("\"'") not in kept.replace("<secret>", "")
    if secret not in ("<secret>", "secret"):
        assert secret not in kept.replace("<secret>", "")
