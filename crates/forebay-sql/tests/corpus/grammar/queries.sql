--= read
-- SelectStmt: the simple select and its clauses, one after the other (gram.y, simple_select).
SELECT ALL id FROM users;
SELECT ALL FROM users;
SELECT DISTINCT age, active FROM users;
SELECT DISTINCT ON (age, (active)) age, id FROM users ORDER BY age, active, id;
SELECT *, users.*, u2.* FROM users, users u2 LIMIT 1;
SELECT id identifier, name AS "quoted name", age _under, active AS end FROM users;
SELECT id FROM users WHERE id > 1 GROUP BY ALL id HAVING count(*) > 0 WINDOW w AS (ORDER BY id);
SELECT age FROM users GROUP BY DISTINCT age, CUBE (age), ROLLUP (age, (age, active)), GROUPING SETS ((), age, (age), CUBE (active), GROUPING SETS (age));
SELECT count(*) FROM users GROUP BY ();
SELECT age + 1 FROM users GROUP BY age + 1, lower(name) ORDER BY 1;
SELECT * FROM users ORDER BY id ASC, name DESC, age USING >, email NULLS FIRST, created DESC NULLS LAST;
SELECT * FROM users LIMIT ALL;
SELECT * FROM users LIMIT NULL OFFSET NULL;
SELECT * FROM users OFFSET 1 ROW;
SELECT * FROM users OFFSET (1 + 1) ROWS LIMIT 1 + 1;
SELECT * FROM users FETCH FIRST ROW ONLY;
SELECT * FROM users FETCH NEXT 3 ROWS ONLY;
SELECT * FROM users ORDER BY age FETCH FIRST +2 ROWS WITH TIES;
SELECT * FROM users LIMIT 1 FOR READ ONLY;
SELECT * FROM users WHERE true OFFSET 1 FETCH FIRST (1) ROW ONLY;
-- select_with_parens, set operations, their precedence.
((SELECT 1));
(SELECT 1) LIMIT 1;
(SELECT 1 ORDER BY 1 LIMIT 1) UNION (SELECT 2 ORDER BY 1 LIMIT 1) ORDER BY 1 LIMIT 1;
SELECT 1 UNION DISTINCT SELECT 1;
SELECT 1 INTERSECT ALL SELECT 1 EXCEPT ALL SELECT 2;
SELECT 1 EXCEPT DISTINCT (VALUES (1));
TABLE users ORDER BY id LIMIT 1;
TABLE users UNION ALL TABLE users;
TABLE users *;
VALUES (1, 'a'), (2, 'b') LIMIT 0;
VALUES (1) UNION ALL VALUES (2) OFFSET 1;
SELECT * FROM (VALUES (1)) AS v, (TABLE orders) AS t, (SELECT) AS nothing;
-- with_clause.
WITH one AS (SELECT 1 AS n), two (n) AS (SELECT n + 1 FROM one) SELECT * FROM one UNION ALL TABLE two;
WITH RECURSIVE n (i) AS (VALUES (1) UNION SELECT i + 1 FROM n WHERE i < 5), m AS (SELECT * FROM n) SELECT * FROM m;
WITH RECURSIVE a AS (SELECT 1 AS x), b AS (SELECT x FROM a) SELECT * FROM b;
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) SEARCH BREADTH FIRST BY i SET ordering SELECT * FROM n ORDER BY ordering;
WITH RECURSIVE n (i, j) AS (SELECT 1, 2 UNION ALL SELECT i + 1, j FROM n WHERE i < 3) SEARCH DEPTH FIRST BY i, j SET ordering CYCLE i, j SET looped TO true DEFAULT false USING path SELECT * FROM n;
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) CYCLE i SET looped USING path TABLE n;
WITH w AS (SELECT 1) (WITH w AS (SELECT 2) TABLE w) UNION ALL TABLE w;
SELECT (WITH w AS (SELECT 1 AS n) SELECT n FROM w), EXISTS (WITH w AS (SELECT 1) TABLE w), ARRAY(WITH w AS (SELECT 1) TABLE w);
WITH w AS (SELECT id FROM users WHERE id IN (WITH x AS (SELECT 1 AS n) SELECT n FROM x)) SELECT * FROM w;
WITH a AS NOT MATERIALIZED (SELECT 1), b AS MATERIALIZED (SELECT 2) SELECT * FROM a, b;
-- from_clause: every table_ref.
SELECT 1 FROM users, orders AS o, app.log l, ONLY parent_of, ONLY (parent_of) p, parent_of * q LIMIT 1;
SELECT * FROM users AS u (a, b, c) LIMIT 1;
SELECT * FROM parts, parts_2024, totals, active_users LIMIT 1;
SELECT * FROM users TABLESAMPLE bernoulli (50.5);
SELECT * FROM users u TABLESAMPLE system (10) REPEATABLE (0.5);
SELECT * FROM ONLY parent_of AS x TABLESAMPLE bernoulli (1);
SELECT * FROM generate_series(1, 2), generate_series(1, 2) g, generate_series(1, 2) AS g2 (n), unnest(ARRAY[1]) WITH ORDINALITY, generate_series(1, 2) WITH ORDINALITY AS o (n, i);
SELECT * FROM json_to_record('{"a":1}') AS (a int, b text), json_to_recordset('[]') AS r (a text COLLATE "C");
SELECT * FROM json_to_recordset('[]') r (a int);
SELECT * FROM ROWS FROM (generate_series(1, 2)), ROWS FROM (generate_series(1, 2), unnest('{1}'::int[])) WITH ORDINALITY AS x (a, b, c);
SELECT * FROM LATERAL generate_series(1, 2) g, LATERAL ROWS FROM (generate_series(1, g)) h, LATERAL (SELECT g) s;
SELECT * FROM current_date, current_user AS u, coalesce(1, 2) c, CAST(1 AS int) d, nullif(1, 2), greatest(1, 2), session_user AS s, localtimestamp(0) l;
SELECT * FROM xmltable('/r' PASSING '<r/>' COLUMNS a text), xmltable('/r' PASSING BY REF '<r/>' COLUMNS a text) AS x;
SELECT * FROM users, LATERAL xmltable(xmlnamespaces('http://x' AS p, 'http://y' AS q), '/r' PASSING BY VALUE xml '<r/>' BY REF COLUMNS n FOR ORDINALITY, a int PATH 'b' DEFAULT 1 NOT NULL, c text NULL) LIMIT 1;
-- joined_table.
SELECT * FROM users CROSS JOIN orders LIMIT 1;
SELECT * FROM users a JOIN users b ON a.id = b.id INNER JOIN users c ON (b.id = c.id) LIMIT 1;
SELECT * FROM users a LEFT JOIN users b USING (id) RIGHT OUTER JOIN users c USING (id) FULL OUTER JOIN orders USING (id) LIMIT 1;
SELECT * FROM users NATURAL JOIN orders NATURAL LEFT JOIN pairs NATURAL FULL OUTER JOIN parent_of LIMIT 1;
SELECT j.id FROM users JOIN orders USING (id) AS j LIMIT 1;
SELECT * FROM (users JOIN orders ON true) LIMIT 1;
SELECT * FROM ((users CROSS JOIN orders) AS a (x) CROSS JOIN (pairs CROSS JOIN (SELECT 1) s)) LIMIT 1;
SELECT * FROM users JOIN (orders JOIN pairs ON true) ON users.id = orders.id LIMIT 1;
SELECT * FROM users a LEFT JOIN users b LEFT JOIN users c ON b.id = c.id ON a.id = b.id LIMIT 1;
SELECT * FROM (SELECT * FROM (SELECT * FROM (SELECT * FROM users) a) b) c LIMIT 1;
-- where_clause with sublinks of every kind.
SELECT * FROM users WHERE id IN (SELECT id FROM orders) AND NOT EXISTS (SELECT FROM pairs WHERE false) OR id NOT IN (VALUES (1), (2));
SELECT * FROM users WHERE (id, name) IN (SELECT id, note FROM orders) AND (id, age) = (SELECT 1, 2) AND ROW (id, age) < ANY (SELECT 1, 2);
SELECT * FROM users WHERE id = ANY (ARRAY[1, 2]) AND id <> ALL ('{3}') AND name LIKE ANY (ARRAY['a', 'b']) AND name NOT ILIKE ALL (SELECT note FROM orders);
SELECT * FROM users WHERE id = (SELECT max(id) FROM orders WHERE orders.id = users.id GROUP BY user_id HAVING true ORDER BY 1 LIMIT 1);
SELECT * FROM users WHERE CASE WHEN EXISTS (SELECT 1) THEN (SELECT true) ELSE false END;
-- Windows.
SELECT sum(id) OVER w, sum(id) OVER (w ROWS UNBOUNDED PRECEDING), count(*) OVER (w) FROM users WINDOW w AS (PARTITION BY age ORDER BY id), v AS (w);
SELECT sum(id) OVER (ORDER BY id RANGE BETWEEN 2 PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW), sum(id) OVER (ORDER BY age GROUPS BETWEEN CURRENT ROW AND 1 FOLLOWING EXCLUDE NO OTHERS), sum(id) OVER (ROWS 1 PRECEDING) FROM users;
SELECT nth_value(id, 2) OVER (ORDER BY id), ntile(4) OVER (ORDER BY id), lead(id, 1, 0) OVER (ORDER BY id), cume_dist() OVER (ORDER BY id), percent_rank() OVER (), dense_rank() OVER (PARTITION BY active, age) FROM users;
--= read from 16
SELECT * FROM (SELECT 1), (VALUES (2));
SELECT * FROM ROWS FROM (generate_series(1, 2)), (SELECT 1 AS no_alias);
--= refused
-- for_locking_clause: every strength, waiting, and place.
SELECT * FROM users FOR UPDATE;
SELECT * FROM users FOR NO KEY UPDATE NOWAIT;
SELECT * FROM users FOR SHARE SKIP LOCKED;
SELECT * FROM users FOR KEY SHARE OF users;
SELECT * FROM users, orders FOR UPDATE OF users FOR SHARE OF orders NOWAIT;
SELECT * FROM users LIMIT 1 FOR UPDATE;
SELECT * FROM users FOR UPDATE LIMIT 1 OFFSET 1;
(SELECT * FROM users FOR UPDATE) LIMIT 1;
SELECT * FROM (SELECT * FROM users FOR SHARE) x;
SELECT * FROM users JOIN LATERAL (SELECT * FROM orders FOR UPDATE) o ON true;
SELECT 1 WHERE EXISTS (SELECT FROM users FOR KEY SHARE);
SELECT (SELECT id FROM users LIMIT 1 FOR NO KEY UPDATE);
SELECT ARRAY(SELECT id FROM users FOR UPDATE);
WITH w AS MATERIALIZED (SELECT * FROM users FOR UPDATE) SELECT * FROM w;
WITH w AS (SELECT 1) SELECT * FROM w, users FOR UPDATE OF users;
TABLE users FOR UPDATE;
SELECT * FROM users WHERE id IN (SELECT user_id FROM orders WHERE id = ANY (SELECT id FROM users FOR SHARE));
SELECT CASE WHEN (SELECT true FROM users LIMIT 1 FOR UPDATE) THEN 1 END;
EXPLAIN ANALYZE SELECT * FROM users FOR UPDATE;
COPY (SELECT * FROM users FOR UPDATE) TO STDOUT;
-- into_clause.
SELECT 1 AS n INTO fresh;
SELECT 1 AS n INTO TABLE fresh;
SELECT 1 AS n INTO UNLOGGED TABLE fresh FROM users;
SELECT 1 AS n INTO TEMPORARY fresh;
SELECT 1 AS n INTO TEMP TABLE fresh;
SELECT 1 AS n INTO LOCAL TEMP fresh;
WITH w AS (SELECT 1 AS n) SELECT * INTO fresh FROM w;
SELECT 1 AS n INTO fresh UNION SELECT 2;
(SELECT 1 AS n INTO fresh);
-- Unlogged tables are there, and empty of meaning.
SELECT nextval('numbers');
SELECT setval('numbers', 7);
SELECT ('numbers'::regclass).nextval;
SELECT * FROM users WHERE id = nextval('numbers');
SELECT count(*) FILTER (WHERE nextval('numbers') > 0) FROM users;
SELECT * FROM generate_series(1, nextval('numbers'));
SELECT x.*, logs() FROM users x;
SELECT logs() FROM users LIMIT 1;
SELECT * FROM logs();
SELECT * FROM users, LATERAL logs() l;
SELECT * FROM ROWS FROM (logs(), generate_series(1, 2)) r;
SELECT 1 ORDER BY logs();
SELECT 1 LIMIT logs();
VALUES (logs());
SELECT CASE WHEN true THEN logs() END;
SELECT public . logs ();
SELECT "logs"();
SELECT lower(logs()::text);
SELECT (SELECT logs());
SELECT sum(logs()) OVER () FROM users;
SELECT ARRAY[logs()];
SELECT ROW(logs(), 1);
SELECT COALESCE(logs(), 1);
SELECT 1 GROUP BY logs();
SELECT 1 HAVING logs() = 1;
SELECT DISTINCT ON (logs()) 1;
SELECT json_build_object('a', logs());
SELECT extract(day FROM now() + logs() * interval '1 day');
SELECT * FROM users JOIN orders ON logs() = 1;
WITH w AS MATERIALIZED (SELECT logs()) SELECT * FROM w;
--= silent
-- Not known by the text alone: functions and operators of the user's own, which here do no harm.
SELECT counts();
SELECT 1 <=> 1;
SELECT 1 OPERATOR(public.<=>) 1;
-- Sequences and the server's own views.
SELECT last_value FROM numbers;
SELECT is_called, log_cnt FROM numbers;
SELECT * FROM pg_sequences;
SELECT * FROM pg_stat_activity;
SELECT * FROM pg_locks;
SELECT * FROM pg_settings;
SELECT * FROM pg_cursors, pg_prepared_statements;
TABLE pg_stat_database;
