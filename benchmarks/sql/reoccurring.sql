WITH days AS (
    SELECT $user AS person, room_id, estimated_at::DATE AS day FROM fpp_estimations
    WHERE estimated_at::DATE BETWEEN $first_day AND $today
        AND isodow(estimated_at) <= 5
),
person_days AS (SELECT DISTINCT person AS who, day FROM days),
room_days AS (SELECT DISTINCT room_id AS who, day FROM days),
person_neighbours AS (
    SELECT day, row_number() OVER own AS number, lag(day) OVER own AS before,
        lead(day) OVER own AS after
    FROM person_days WINDOW own AS (PARTITION BY who ORDER BY day)
),
room_neighbours AS (
    SELECT day, row_number() OVER own AS number, lag(day) OVER own AS before,
        lead(day) OVER own AS after
    FROM room_days WINDOW own AS (PARTITION BY who ORDER BY day)
),
changes AS (
    SELECT day, (number = 2)::INT AS users, 0 AS rooms,
        (number = 2 OR day - before > 30)::INT AS active_users, 0 AS active_rooms
    FROM person_neighbours WHERE number >= 2
    UNION ALL
    SELECT day + 31, 0, 0, -1, 0 FROM person_neighbours
    WHERE number >= 2 AND (after IS NULL OR after - day > 30)
    UNION ALL
    SELECT day, 0, (number = 2)::INT, 0, (number = 2 OR day - before > 30)::INT
    FROM room_neighbours WHERE number >= 2
    UNION ALL
    SELECT day + 31, 0, 0, 0, -1 FROM room_neighbours
    WHERE number >= 2 AND (after IS NULL OR after - day > 30)
),
per_day AS (
    SELECT day, sum(users) AS users, sum(rooms) AS rooms,
        sum(active_users) AS active_users, sum(active_rooms) AS active_rooms
    FROM changes GROUP BY day
),
axis AS (
    SELECT unnest(generate_series($first_day, $today, INTERVAL 1 DAY))::DATE AS day
),
states AS (
    SELECT axis.day, coalesce(sum(users) OVER past, 0), coalesce(sum(rooms) OVER past, 0),
        coalesce(sum(active_users) OVER past, 0),
        coalesce(sum(active_rooms) OVER past, 0)
    FROM axis LEFT JOIN per_day USING (day)
    WINDOW past AS (ORDER BY axis.day ROWS UNBOUNDED PRECEDING)
)
SELECT * FROM states WHERE isodow(day) <= 5 ORDER BY day
