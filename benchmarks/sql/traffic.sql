-- A session's length is the sum of its pauses and 10 s, so one window is enough.
WITH activity AS (
    SELECT $user AS person, viewed_at AS seen FROM fpp_page_views
    WHERE viewed_at > $start
    UNION ALL
    SELECT $user, estimated_at FROM fpp_estimations WHERE estimated_at > $start
),
pauses AS (
    SELECT epoch(seen) - epoch(lag(seen) OVER own) AS pause
    FROM activity WINDOW own AS (PARTITION BY person ORDER BY seen)
),
sessions AS (
    SELECT count(*) FILTER (pause IS NULL OR pause > 600) AS number,
        coalesce(sum(pause) FILTER (pause <= 600), 0) AS seconds
    FROM pauses
),
views AS (
    SELECT count(DISTINCT $user) AS people, count(*) AS views FROM fpp_page_views
),
estimators AS (
    SELECT count(DISTINCT $user) AS people FROM fpp_estimations
    WHERE estimated_at > $start
)
SELECT views.people, views.views, 1 - estimators.people / views.people,
    coalesce((seconds / number + 10) / 60, 0)
FROM views, estimators, sessions
