WITH votes AS (
    SELECT room_id, count(*) AS votes FROM fpp_votes GROUP BY room_id
)
SELECT fpp_rooms.name, sum(votes)
FROM votes LEFT JOIN fpp_rooms ON fpp_rooms.id = room_id
GROUP BY fpp_rooms.name ORDER BY sum(votes) DESC, fpp_rooms.name NULLS LAST
LIMIT $top
