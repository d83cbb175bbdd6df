WITH axis AS (
    SELECT day::DATE AS day
    FROM unnest(generate_series($first_day, $today, INTERVAL 1 DAY)) AS days(day)
    WHERE isodow(day) <= 5
),
users AS (SELECT created_at::DATE AS day, count(*) AS n FROM fpp_users GROUP BY ALL),
views AS (
    SELECT viewed_at::DATE AS day, count(*) AS n FROM fpp_page_views GROUP BY ALL
),
rooms AS (SELECT first_used_at::DATE AS day, count(*) AS n FROM fpp_rooms GROUP BY ALL),
estimations AS (
    SELECT estimated_at::DATE AS day, count(*) AS n FROM fpp_estimations GROUP BY ALL
),
votes AS (SELECT voted_at::DATE AS day, count(*) AS n FROM fpp_votes GROUP BY ALL),
counts AS (
    SELECT axis.day, coalesce(users.n, 0) AS a, coalesce(views.n, 0) AS b,
        coalesce(rooms.n, 0) AS c, coalesce(estimations.n, 0) AS d,
        coalesce(votes.n, 0) AS e
    FROM axis LEFT JOIN users USING (day) LEFT JOIN views USING (day)
    LEFT JOIN rooms USING (day) LEFT JOIN estimations USING (day)
    LEFT JOIN votes USING (day)
)
SELECT day, a, b, c, d, e, sum(a) OVER past, sum(b) OVER past, sum(c) OVER past,
    sum(d) OVER past, sum(e) OVER past,
    CASE WHEN row_number() OVER past >= 30 THEN avg(a) OVER latest END,
    CASE WHEN row_number() OVER past >= 30 THEN avg(b) OVER latest END,
    CASE WHEN row_number() OVER past >= 30 THEN avg(c) OVER latest END,
    CASE WHEN row_number() OVER past >= 30 THEN avg(d) OVER latest END,
    CASE WHEN row_number() OVER past >= 30 THEN avg(e) OVER latest END
FROM counts
WINDOW past AS (ORDER BY day ROWS UNBOUNDED PRECEDING),
    latest AS (ORDER BY day ROWS 29 PRECEDING)
ORDER BY day
