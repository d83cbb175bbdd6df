SELECT estimation, count(*) FROM fpp_estimations
WHERE estimation IS NOT NULL GROUP BY estimation ORDER BY estimation
