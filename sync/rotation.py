"""Whose turn it is among the older blocks of a table. Pure."""

from collections.abc import Mapping


def in_turn(rows: Mapping[str, int], budget: int, turn: int) -> set[str]:
    """Return the keys whose turn it is: neighbours with about `budget` rows in all.

    Every key comes up once in a round; a small table comes up whole every time.
    """
    shares: list[set[str]] = [set()]
    left = budget
    for key, count in rows.items():
        if left < count and shares[-1]:
            shares.append(set())
            left = budget
        shares[-1].add(key)
        left -= count
    return shares[turn % len(shares)]
