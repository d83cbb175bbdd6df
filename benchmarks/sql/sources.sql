WITH classes AS (
    SELECT unnest([$class_names]) AS name,
        generate_subscripts([$class_names], 1) - 1 AS place
),
counts AS (
    SELECT CASE $classes ELSE 8 END AS place, count(*) AS views
    FROM fpp_page_views WHERE source IS NOT NULL GROUP BY ALL
)
SELECT name, coalesce(views, 0) FROM classes LEFT JOIN counts USING (place)
WHERE views > 0 OR name = 'Other' ORDER BY place
