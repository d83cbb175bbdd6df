SELECT count(*), sum(amount_of_estimations),
    avg(amount_of_estimations), avg(amount_of_spectators), avg(duration) / 60,
    avg(avg_estimation), avg(min_estimation), avg(max_estimation)
FROM fpp_votes
