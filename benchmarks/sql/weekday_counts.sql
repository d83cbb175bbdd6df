SELECT dayname(voted_at), count(*) FROM fpp_votes
GROUP BY isodow(voted_at), dayname(voted_at) ORDER BY isodow(voted_at)
