"""How many cases a figure comes from: the column of its n, in the same table."""

from collections.abc import Mapping

SAMPLE_SIZE: Mapping[str, str] = {
    **dict.fromkeys(("near_consensus", "consensus", "split", "mean_steps"), "rounds"),
    **dict.fromkeys(("agreement", "outlier_share"), "estimates"),
    "re_vote_rate": "apart_rounds",
    "convergence": "re_votes",
    **dict.fromkeys(
        ("duration_median_seconds", "duration_p90_seconds", "long_share"), "rounds"
    ),
    "talk_median_seconds": "talks",
    "rounds_per_meeting_hour": "rounds",
    "spectator_share": "seats",
    "auto_flip_share": "rounds",
    "auto_flip_effect_seconds": "compared_rooms",
    "inviting_share": "new_rooms",
    "invite_intent": "openers",
}
