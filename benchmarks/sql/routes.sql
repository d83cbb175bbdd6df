SELECT route, count(*) FROM fpp_page_views GROUP BY route ORDER BY route
