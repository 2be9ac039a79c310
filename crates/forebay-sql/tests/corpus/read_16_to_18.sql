-- Reads in the grammar of PostgreSQL 16 to 18, and functions those brought.
SELECT json_array(1, 2), json_object('a': 1, 'b' VALUE 2), json_arrayagg(x ORDER BY x), json_objectagg('k': x) FILTER (WHERE x > 0) FROM (VALUES (1)) v(x);
SELECT JSON_VALUE('{"a":1}', '$.a' PASSING 1 AS q RETURNING int DEFAULT 0 ON EMPTY DEFAULT 0 ON ERROR), JSON_QUERY('{"a":[1]}', '$.a' WITH WRAPPER), JSON_EXISTS('{"a":1}', '$.a' FALSE ON ERROR);
SELECT * FROM JSON_TABLE('[{"a":1,"b":[{"c":2}]}]', '$[*]' AS p PASSING 1 AS q COLUMNS (id FOR ORDINALITY, a int PATH '$.a' DEFAULT 0 ON EMPTY, n numeric(4,1) PATH '$.a', e bool EXISTS PATH '$.a', NESTED PATH '$.b[*]' AS z COLUMNS (c varchar(5) PATH '$.c'))) AS jt (i, x, y, z);
SELECT JSON('{"a":1}' WITH UNIQUE KEYS), JSON_SCALAR(1), JSON_SERIALIZE('{}' FORMAT JSON RETURNING text);
SELECT '{}' IS JSON OBJECT WITH UNIQUE KEYS;
SELECT now() AT LOCAL, now() AT TIME ZONE 'UTC' AS x;
SELECT JSON_ARRAY(SELECT 1), JSON_OBJECT('a' VALUE (1 + 2) ABSENT ON NULL WITH UNIQUE KEYS RETURNING text);
SELECT json_array(1, 2), json_object('a': 1, 'b' VALUE 2), json_arrayagg(x), json_objectagg('k': x) FROM (VALUES (1)) v(x);
SELECT JSON_VALUE('{"a":1}', '$.a' RETURNING int DEFAULT 0 ON ERROR), JSON_QUERY('{"a":[1]}', '$.a' WITH WRAPPER), JSON_EXISTS('{"a":1}', '$.a');
SELECT * FROM JSON_TABLE('[{"a":1,"b":[{"c":2}]}]', '$[*]' COLUMNS (id FOR ORDINALITY, a int PATH '$.a', n numeric(4,1) PATH '$.a', NESTED PATH '$.b[*]' COLUMNS (c varchar(5) PATH '$.c'))) AS jt (i, x, y, z);
SELECT JSON('{"a":1}'), JSON_SCALAR(1), JSON_SERIALIZE('{}' RETURNING text);
SELECT any_value(x), array_sample(ARRAY[1,2], 1), array_shuffle(ARRAY[1,2]), random(1, 10), random_normal() FROM (VALUES (1)) v(x);
SELECT 0x1F, 0o17, 0b11, 1_000_000;
SELECT now() AT LOCAL;
SELECT uuidv7(), uuidv4(), casefold('A'), array_sort(ARRAY[2,1]), crc32('a'), gamma(2), reverse('ab'::bytea);
SELECT JSON_ARRAY(SELECT 1), JSON_OBJECT('a' VALUE (1 + 2) ABSENT ON NULL);
SELECT to_regtypemod('varchar(5)'), date_add(now(), '1 day'), xmltext('a'), system_user, pg_basetype('int'::regtype);
