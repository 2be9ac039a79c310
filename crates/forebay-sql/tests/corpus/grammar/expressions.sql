--= read
-- AexprConst: every constant.
SELECT 1, 12345678901234567890, 1.5, .5, 5., 1e10, 1.5e-3, 'a', E'a\n\t\x41\101\u0041\U00000041\'', U&'\0041', U&'!0041' UESCAPE '!', B'01', X'1F', N'a', $$a$$, $tag$a$$b$tag$, NULL, TRUE, FALSE, null;
SELECT 'a'
'b', 'c' -- a comment may stand between
   'd', E'e'
'\'f', B'0'
'1';
SELECT int '1', int4 '1', pg_catalog.int4 '1', double precision '1', numeric(3, 1) '1.5', varchar(3) 'abc', bit(3) '101', bit varying(3) '1', char(1) 'a', national char varying(3) 'a', date '2024-01-01', time '10:00', time(3) with time zone '10:00', timestamp without time zone '2024-01-01', timestamptz '2024-01-01', bool 't', float(3) '1', dec '1', real '1', smallint '1', bigint '1', text 'a', json '{}', mood 'sad', "char" 'a';
SELECT interval '1', interval '1' year, interval '1' month, interval '1-2' year to month, interval '1 2' day to hour, interval '1 2:03' day to minute, interval '1 2:03:04' day to second, interval '2:03' hour to minute, interval '2' hour to second, interval '3' minute to second, interval(2) '1.234 s', interval '5' second(1);
-- a_expr: every operator of the grammar.
SELECT +1, -1, 1 + 2, 1 - 2, 1 * 2, 1 / 2, 1 % 2, 2 ^ 3, 1 < 2, 1 > 2, 1 = 2, 1 <= 2, 1 >= 2, 1 <> 2, 1 != 2, @ -1, !! 'a'::tsquery, ~ 1, |/ 4, ||/ 8;
SELECT 1 OPERATOR(pg_catalog.+) 2, OPERATOR(pg_catalog.-) 1, 1 OPERATOR(+) 2, 'a' OPERATOR(pg_catalog.||) 'b';
SELECT true AND false OR NOT true, NOT NOT true;
SELECT 'a' LIKE 'b', 'a' LIKE 'b' ESCAPE 'c', 'a' NOT LIKE 'b', 'a' NOT LIKE 'b' ESCAPE 'c', 'a' ILIKE 'b', 'a' ILIKE 'b' ESCAPE 'c', 'a' NOT ILIKE 'b', 'a' SIMILAR TO 'b', 'a' SIMILAR TO 'b' ESCAPE 'c', 'a' NOT SIMILAR TO 'b', 'a' ~~ 'b', 'a' !~~* 'b';
SELECT 1 IS NULL, 1 ISNULL, 1 IS NOT NULL, 1 NOTNULL, true IS TRUE, true IS NOT TRUE, true IS FALSE, true IS NOT FALSE, true IS UNKNOWN, true IS NOT UNKNOWN;
SELECT 1 IS DISTINCT FROM 2, 1 IS NOT DISTINCT FROM 2, (1, 2) IS DISTINCT FROM (1, 3), ROW() IS NULL;
SELECT 1 BETWEEN 0 AND 2, 1 NOT BETWEEN 0 AND 2, 1 BETWEEN SYMMETRIC 2 AND 0, 1 NOT BETWEEN SYMMETRIC 2 AND 0, 1 BETWEEN ASYMMETRIC 0 AND 2;
SELECT 1 IN (1, 2), 1 NOT IN (1, 2), (1, 2) IN ((1, 2), (3, 4)), 1 IN (SELECT 1), 1 = SOME (SELECT 1), 1 OPERATOR(pg_catalog.=) ANY (ARRAY[1]);
SELECT (date '2024-01-01', date '2024-02-01') OVERLAPS (date '2024-01-01', interval '1 day');
SELECT now() AT TIME ZONE 'UTC', 'a' COLLATE "C", 'a' COLLATE pg_catalog."default" < 'b';
SELECT '<a/>'::xml IS DOCUMENT, '<a/>'::xml IS NOT DOCUMENT, 'a' IS NORMALIZED, 'a' IS NFKC NORMALIZED, 'a' IS NOT NFD NORMALIZED;
SELECT '1'::int, '1'::pg_catalog.int4, '{1}'::int[], '{1}'::int[3], '{{1}}'::int[][], '{1}'::int ARRAY, '{1}'::int ARRAY[3], 1::numeric(3)::text, 'a'::varchar(3)::char(3), 'users'::regclass, 1::positive;
SELECT CAST(1 AS text), CAST('1' AS numeric(3, 1)), CAST(ROW(1, 'a') AS pair), CAST('{1}' AS int[]);
-- c_expr: columns, indirection, subqueries, rows, arrays, parameters.
SELECT id, users.id, public.users.id, (users).id, (users.*).id, (SELECT 1), (1), ((1)) FROM users LIMIT 1;
SELECT tags[1], tags[1:2], tags[:2], tags[1:], tags[:], (tags)[1], (ARRAY[1, 2])[1], (ARRAY[[1, 2], [3, 4]])[1][2], data['n'], data['a']['b'] FROM users LIMIT 1;
SELECT (p).a, (p).b, (p).*, (pairs.p).a, (ROW(1, 2)::pair).a, (SELECT p FROM pairs LIMIT 1) FROM pairs;
SELECT ARRAY[1, 2], ARRAY[]::int[], ARRAY[[1], [2]], ARRAY(SELECT id FROM users), ROW(), ROW(1), ROW(1, 'a', NULL), (1, 'a'), (1, 2) = (1, 2), (1, 2) < (1, 3);
SELECT CASE 1 WHEN 1 THEN 'a' WHEN 2 THEN 'b' ELSE 'c' END, CASE WHEN true THEN 1 END, CASE WHEN false THEN 1 ELSE CASE WHEN true THEN 2 END END;
SELECT EXISTS (SELECT), ARRAY(VALUES (1), (2)), GROUPING(age), count(*) FROM users GROUP BY age;
-- func_expr: calls in every shape.
SELECT now(), count(*), count(id), count(ALL id), count(DISTINCT id), array_agg(id ORDER BY id DESC, name), array_agg(DISTINCT name ORDER BY name), string_agg(name, ',' ORDER BY id) FROM users;
SELECT concat(VARIADIC ARRAY['a', 'b']), concat_ws(',', VARIADIC ARRAY['b']), make_interval(days => 1), make_interval(1, months := 2), format('%s', 1);
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY id), mode() WITHIN GROUP (ORDER BY age), rank(1) WITHIN GROUP (ORDER BY id) FROM users;
SELECT count(*) FILTER (WHERE id > 1), sum(id) FILTER (WHERE true) OVER (PARTITION BY age) FROM users GROUP BY id, age;
SELECT pg_catalog.lower('A'), pg_catalog.count(*), "lower"('A'), lower ('A'), lower/**/('A'), LOWER('A') FROM users;
SELECT left('abc', 1), right('abc', 1), "left"('abc', 1), overlaps(time '1:00', time '2:00', time '1:30', time '3:00'), binary_name FROM (SELECT 1) x (binary_name);
-- func_expr_common_subexpr: every special form.
SELECT COLLATION FOR ('a'), CURRENT_DATE, CURRENT_TIME, CURRENT_TIME(3), CURRENT_TIMESTAMP, CURRENT_TIMESTAMP(0), LOCALTIME, LOCALTIME(1), LOCALTIMESTAMP, LOCALTIMESTAMP(2), CURRENT_ROLE, CURRENT_USER, SESSION_USER, USER, CURRENT_CATALOG, CURRENT_SCHEMA;
SELECT EXTRACT(year FROM now()), EXTRACT('month' FROM now()), EXTRACT(second FROM interval '1 s'), EXTRACT(epoch FROM date '2024-01-01');
SELECT NORMALIZE('a'), NORMALIZE('a', NFKD), OVERLAY('abc' PLACING 'x' FROM 1), OVERLAY('abc' PLACING 'x' FROM 1 FOR 2), OVERLAY('abc', 'x', 1), POSITION('a' IN 'b'), POSITION('a' IN 'b' || 'c');
SELECT SUBSTRING('abc' FROM 1), SUBSTRING('abc' FROM 1 FOR 2), SUBSTRING('abc' FOR 2), SUBSTRING('abc' FOR 2 FROM 1), SUBSTRING('abc' SIMILAR 'a#"b#"c' ESCAPE '#'), SUBSTRING('abc', 1, 2), SUBSTRING('abc' FROM 'b');
SELECT TREAT(1 AS int), TRIM('a'), TRIM(BOTH FROM 'a'), TRIM(LEADING 'a' FROM 'a'), TRIM(TRAILING 'a' FROM 'a'), TRIM('a' FROM 'a'), TRIM('a', 'b'), TRIM(FROM 'a'), TRIM(BOTH 'a', 'b');
SELECT NULLIF(1, 2), COALESCE(1, 2, 3), GREATEST(1, 2), LEAST(1, 2);
SELECT XMLCONCAT('<a/>', '<b/>'), XMLELEMENT(NAME a), XMLELEMENT(NAME a, XMLATTRIBUTES(1 AS b, name)), XMLELEMENT(NAME a, 'b', 1), XMLELEMENT(NAME "a", XMLATTRIBUTES(1 AS b), 'c') FROM users LIMIT 1;
SELECT '<a/>'::xml::text, XMLEXISTS('//a' PASSING '<a/>'), XMLEXISTS('//a' PASSING BY REF '<a/>' BY REF), XMLFOREST(1 AS a, name) FROM users LIMIT 1;
SELECT XMLPARSE(DOCUMENT '<a/>'), XMLPARSE(CONTENT 'a' STRIP WHITESPACE), XMLPARSE(DOCUMENT '<a/>' PRESERVE WHITESPACE), XMLPI(NAME a), XMLPI(NAME a, 'b'), XMLROOT('<a/>', VERSION '1.0'), XMLROOT('<a/>', VERSION NO VALUE, STANDALONE YES), XMLROOT('<a/>', VERSION '1.0', STANDALONE NO VALUE), XMLSERIALIZE(DOCUMENT '<a/>' AS text), XMLSERIALIZE(CONTENT '<a/>' AS varchar(10));
-- Comments, and names that look like something else.
SELECT /**/ 1 /* /* */ */ -- ;
;
SELECT value, name, type, data, at, key, path FROM (SELECT 1, 2, 3, 4, 5, 6, 7) x (value, name, type, data, at, key, path);
SELECT insert, update, delete, merge FROM (SELECT 1, 2, 3, 4) x (insert, update, delete, merge);
SELECT x.insert, x.into, x.select, x.for, x.update FROM (SELECT 1 AS insert, 2 AS into, 3 AS select, 4 AS for, 5 AS update) x;
SELECT U&"a"."id" FROM users AS a WHERE false AND U&"a".id = 1;
SELECT "a b" . "c.d" FROM (SELECT 1) AS "a b" ("c.d");
SELECT 'a;b', ';', $$;$$ || $a$;$a$, ";" FROM (SELECT 1) x (";");
SELECT 1+-1, 1*-1, 1--1
, 2-1, @ -1, 1 <@ '{[1,2]}'::int4multirange;
--= read from 16
SELECT 0x1F, 0X1f, 0o17, 0b101, 1_000, 1_000.000_1, 1e1_0, 0x_1F;
SELECT '{}' IS JSON, '{}' IS NOT JSON, '{}' IS JSON VALUE, '[]' IS JSON ARRAY, '{}' IS JSON OBJECT WITH UNIQUE, '1' IS JSON SCALAR WITHOUT UNIQUE KEYS;
SELECT JSON_OBJECT(), JSON_OBJECT('a': 1), JSON_OBJECT('a' VALUE 1, 'b': 2 NULL ON NULL), JSON_OBJECT('a': NULL ABSENT ON NULL WITH UNIQUE KEYS RETURNING jsonb), JSON_OBJECT('{a,1}'), JSON_ARRAY(), JSON_ARRAY(1, 2 NULL ON NULL RETURNING jsonb), JSON_ARRAY(SELECT id FROM users);
SELECT JSON_OBJECTAGG(id: name), JSON_OBJECTAGG(id VALUE name ABSENT ON NULL WITH UNIQUE KEYS RETURNING jsonb), JSON_ARRAYAGG(id), JSON_ARRAYAGG(id ORDER BY id NULL ON NULL RETURNING jsonb) FILTER (WHERE true), JSON_ARRAYAGG(id) OVER () FROM users GROUP BY id;
SELECT SYSTEM_USER, any_value(id) FROM users;
--= read from 17
SELECT JSON('{}'), JSON(bytea '{}' FORMAT JSON ENCODING UTF8 WITH UNIQUE KEYS);
SELECT JSON_SCALAR(1), JSON_SERIALIZE('{}'), JSON_SERIALIZE('{}' RETURNING bytea FORMAT JSON ENCODING UTF8);
SELECT JSON_EXISTS(jsonb '{}', '$.a'), JSON_EXISTS(jsonb '{}', '$.a ? (@ > $x)' PASSING 1 AS x TRUE ON ERROR), JSON_QUERY(jsonb '{}', '$' WITH CONDITIONAL ARRAY WRAPPER), JSON_QUERY(jsonb '{}', '$.a' RETURNING text OMIT QUOTES ON SCALAR STRING EMPTY ARRAY ON EMPTY NULL ON ERROR), JSON_VALUE(jsonb '{"a":1}', '$.a' RETURNING int DEFAULT 1 ON EMPTY ERROR ON ERROR);
SELECT * FROM JSON_TABLE(jsonb '[1]', '$[*]' COLUMNS (a int PATH '$', FOR_ORD FOR ORDINALITY)) t;
SELECT * FROM users, JSON_TABLE(data, '$' AS root PASSING 1 AS x COLUMNS (n int PATH '$.n' DEFAULT 1 ON EMPTY NULL ON ERROR, j jsonb FORMAT JSON PATH '$.j' WITH WRAPPER KEEP QUOTES, e boolean EXISTS PATH '$.e' FALSE ON ERROR, NESTED PATH '$.a[*]' AS a COLUMNS (b int PATH '$'))) LIMIT 1;
SELECT now() AT LOCAL;
SELECT trim(jsonb_path_query(data, '$.n.string()')::text) FROM users LIMIT 1;
--= read from 18
SELECT uuidv7() IS NOT NULL, uuidv4() IS NOT NULL, casefold('A'), array_sort(ARRAY[2, 1]), array_reverse(ARRAY[1, 2]), crc32('a');
--= silent
-- Understood by a server and doubted here: SIMILAR TO second(…) would be a call, and names may be written with escapes.
SELECT interval '1 2:03:04' day to second(2);
SELECT U&"\0061"."id" FROM users AS a;
SELECT U&"d!0061ta" UESCAPE '!' FROM users;
