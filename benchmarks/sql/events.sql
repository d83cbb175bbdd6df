SELECT event, count(*) FROM fpp_events GROUP BY event ORDER BY event
