-- What the statements of this folder speak of, beside ../schema.sql.
CREATE SEQUENCE numbers;
CREATE MATERIALIZED VIEW totals AS SELECT user_id, sum(total) AS total FROM orders GROUP BY user_id;
CREATE TABLE parts (id int, kind text, at date) PARTITION BY RANGE (at);
CREATE TABLE parts_2024 PARTITION OF parts FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE UNLOGGED TABLE scratch (id int);
CREATE TABLE parent_of (id int);
CREATE TABLE child_of (more text) INHERITS (parent_of);
CREATE TYPE mood AS ENUM ('sad', 'fine');
CREATE INDEX users_name ON users (name);
CREATE INDEX brins ON users USING brin (id);
CREATE INDEX gins ON users USING gin (tags);
CREATE FUNCTION counts() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM users';
CREATE PROCEDURE does_nothing() LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION logs() RETURNS int LANGUAGE plpgsql AS 'BEGIN INSERT INTO app.log VALUES (1); RETURN 1; END';
CREATE OPERATOR <=> (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq);
SELECT lo_create(1);
