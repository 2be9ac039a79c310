--= refused
-- InsertStmt.
INSERT INTO users DEFAULT VALUES;
INSERT INTO users VALUES (100);
INSERT INTO users (id, name) VALUES (101, 'a'), (102, DEFAULT);
INSERT INTO users AS u (id, data['n'], tags[1]) VALUES (103, '1', 'a');
INSERT INTO users (id) SELECT id + 1000 FROM orders;
INSERT INTO users (id) (SELECT 104);
INSERT INTO users (id) TABLE parent_of;
INSERT INTO users (id) WITH w AS (SELECT 105) SELECT * FROM w;
WITH w AS (SELECT 106) INSERT INTO users (id) SELECT * FROM w RETURNING *;
INSERT INTO users (id) OVERRIDING SYSTEM VALUE VALUES (107);
INSERT INTO users (id) OVERRIDING USER VALUE SELECT 108;
INSERT INTO users (id) VALUES (1) ON CONFLICT DO NOTHING;
INSERT INTO users (id) VALUES (1) ON CONFLICT (id) DO NOTHING;
INSERT INTO users (id) VALUES (1) ON CONFLICT (id) WHERE true DO UPDATE SET name = excluded.name, (age, email) = (1, 'a') WHERE users.id = 1 RETURNING id AS i, name;
INSERT INTO users (id) VALUES (1) ON CONFLICT ON CONSTRAINT users_pkey DO UPDATE SET (age, name) = (SELECT 1, 'a');
INSERT INTO users (id) VALUES ((SELECT max(id) + 1 FROM users));
INSERT INTO active_users (id, name) VALUES (109, 'a');
INSERT INTO app.log VALUES (1, now(), 'a');
INSERT INTO parts VALUES (1, 'a', '2024-05-05');
-- UpdateStmt.
UPDATE users SET name = 'a';
UPDATE users AS u SET name = DEFAULT, age = u.age + 1 WHERE id = 1;
UPDATE ONLY parent_of SET id = 1;
UPDATE ONLY (parent_of) p SET id = p.id;
UPDATE parent_of * SET id = 1;
UPDATE users SET (name, age) = ('a', 1), email = 'b';
UPDATE users SET (name, age) = ROW ('a', 1);
UPDATE users SET (name, age) = (SELECT note, 1 FROM orders LIMIT 1);
UPDATE users SET tags[1] = 'a', data['n'] = '1' WHERE id = 1;
UPDATE users SET age = o.id FROM orders o, pairs JOIN parent_of ON true WHERE o.user_id = users.id RETURNING users.*, o.id;
WITH w AS (SELECT 1 AS id) UPDATE users SET name = 'a' FROM w WHERE users.id = w.id;
UPDATE pairs SET p.a = 1;
-- DeleteStmt.
DELETE FROM pairs;
DELETE FROM ONLY parent_of WHERE id = 1;
DELETE FROM users u USING orders o, LATERAL (SELECT 1) l WHERE u.id = o.user_id AND false RETURNING u.id;
DELETE FROM users USING orders JOIN pairs ON true WHERE false;
WITH w AS (SELECT 1 AS id) DELETE FROM users USING w WHERE users.id = w.id RETURNING *;
-- Changes in WITH, in every place a WITH may stand at the top.
WITH d AS (DELETE FROM pairs RETURNING *) SELECT * FROM d;
WITH i AS (INSERT INTO users (id) VALUES (110) RETURNING id), u AS (UPDATE users SET age = 1 WHERE id = 1 RETURNING id) SELECT * FROM i, u;
WITH d AS MATERIALIZED (DELETE FROM pairs RETURNING 1) TABLE d;
WITH d (x) AS (DELETE FROM pairs RETURNING 1) VALUES (1);
WITH a AS (SELECT 1), d AS (DELETE FROM pairs) SELECT 1;
WITH d AS (DELETE FROM pairs RETURNING p) INSERT INTO pairs SELECT * FROM d;
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) CYCLE i SET c USING p DELETE FROM users USING n WHERE users.id = -n.i;
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) SEARCH DEPTH FIRST BY i SET o INSERT INTO app.log (id) SELECT i FROM n;
(WITH d AS (DELETE FROM pairs RETURNING 1) SELECT * FROM d);
-- Others that change rows or make tables.
TRUNCATE users;
TRUNCATE TABLE ONLY parent_of, users * RESTART IDENTITY CASCADE;
TRUNCATE orders CONTINUE IDENTITY RESTRICT;
COPY users (id) FROM STDIN;
COPY users FROM '/dev/null';
COPY users FROM PROGRAM 'true' WITH (FORMAT csv, HEADER true) WHERE id > 1;
COPY (DELETE FROM pairs RETURNING *) TO STDOUT;
COPY (INSERT INTO app.log DEFAULT VALUES RETURNING *) TO STDOUT;
COPY (WITH d AS (UPDATE users SET age = 1 RETURNING id) TABLE d) TO STDOUT;
EXPLAIN ANALYZE INSERT INTO users (id) VALUES (111);
EXPLAIN (ANALYZE, VERBOSE) UPDATE users SET age = 1;
EXPLAIN ANALYZE DELETE FROM pairs;
EXPLAIN ANALYZE CREATE TABLE fresh AS SELECT 1;
EXPLAIN ANALYZE VERBOSE CREATE MATERIALIZED VIEW fresh AS SELECT 1;
CREATE TABLE fresh AS SELECT 1;
CREATE TABLE fresh (a) AS VALUES (1) WITH NO DATA;
CREATE TEMP TABLE IF NOT EXISTS fresh AS TABLE users;
CREATE MATERIALIZED VIEW fresh AS SELECT 1 WITH NO DATA;
REFRESH MATERIALIZED VIEW totals;
REFRESH MATERIALIZED VIEW CONCURRENTLY totals WITH DATA;
--= refused from 15
MERGE INTO users u USING orders o ON u.id = o.user_id WHEN MATCHED AND o.total > 1 THEN UPDATE SET age = 1, (name, email) = ('a', 'b') WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id, name) VALUES (o.id + 2000, 'a');
MERGE INTO ONLY parent_of USING (SELECT 1 AS id) s ON parent_of.id = s.id WHEN NOT MATCHED THEN INSERT DEFAULT VALUES;
WITH w AS (SELECT 1 AS id) MERGE INTO users USING w ON users.id = w.id WHEN MATCHED THEN DO NOTHING WHEN NOT MATCHED THEN INSERT VALUES (w.id);
EXPLAIN ANALYZE MERGE INTO users USING orders ON false WHEN MATCHED THEN DELETE;
--= refused from 17
MERGE INTO users USING orders ON users.id = orders.id WHEN NOT MATCHED BY SOURCE THEN DELETE WHEN NOT MATCHED BY TARGET THEN DO NOTHING RETURNING merge_action(), users.id;
WITH m AS (MERGE INTO users USING orders ON false WHEN MATCHED THEN DELETE RETURNING users.id) SELECT * FROM m;
--= refused from 18
UPDATE users SET age = 1 RETURNING old.age, new.age;
DELETE FROM pairs RETURNING WITH (OLD AS o, NEW AS n) o.p, n.p;
--= silent
EXPLAIN INSERT INTO users (id) VALUES (1);
EXPLAIN (COSTS off) UPDATE users SET age = 1;
EXPLAIN DELETE FROM users USING orders;
EXPLAIN WITH d AS (DELETE FROM pairs RETURNING *) SELECT * FROM d;
EXPLAIN SELECT nextval('numbers');
