//! The statements that read the catalogue: one round trip each, for the workload's tables only.

/// `oid, schema, name, kind, rows, pages, visible share, scans, inserted, updated, updated_hot, deleted, may_select` of the tables named
/// by `$1` (schemas) and `$2` (names), partitions by the table they are parts of.
pub(super) const TABLES: &str = "
    WITH named AS (
        SELECT c.oid FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) AS w (s, t)
        JOIN pg_catalog.pg_namespace n ON n.nspname = w.s
        JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.t),
    roots AS (SELECT DISTINCT coalesce(pg_catalog.pg_partition_root(oid)::oid, oid) AS oid FROM named),
    leaves AS (
        SELECT r.oid AS root, r.oid AS leaf FROM roots r JOIN pg_catalog.pg_class c USING (oid) WHERE c.relkind <> 'p'
        UNION ALL
        SELECT r.oid, t.relid FROM roots r JOIN pg_catalog.pg_class c USING (oid),
               LATERAL pg_catalog.pg_partition_tree(r.oid) AS t WHERE c.relkind = 'p' AND t.isleaf)
    SELECT r.oid, n.nspname::text, c.relname::text, c.relkind::text,
           coalesce(sum(greatest(f.reltuples, 0)), 0)::float8, coalesce(sum(f.relpages), 0)::float8,
           coalesce(sum(f.relallvisible), 0)::float8,
           coalesce(sum(pg_catalog.pg_stat_get_numscans(l.leaf) + coalesce((SELECT sum(pg_catalog.pg_stat_get_numscans(i.indexrelid))
               FROM pg_catalog.pg_index i WHERE i.indrelid = l.leaf), 0)), 0)::int8,
           coalesce(sum(pg_catalog.pg_stat_get_tuples_inserted(l.leaf)), 0)::int8,
           coalesce(sum(pg_catalog.pg_stat_get_tuples_updated(l.leaf)), 0)::int8,
           coalesce(sum(pg_catalog.pg_stat_get_tuples_hot_updated(l.leaf)), 0)::int8,
           coalesce(sum(pg_catalog.pg_stat_get_tuples_deleted(l.leaf)), 0)::int8,
           pg_catalog.has_table_privilege(r.oid, 'SELECT')
    FROM roots r JOIN pg_catalog.pg_class c ON c.oid = r.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN leaves l ON l.root = r.oid LEFT JOIN pg_catalog.pg_class f ON f.oid = l.leaf
    WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
    GROUP BY r.oid, n.nspname, c.relname, c.relkind";

/// `root, schema, name` of the partitions of `$1` that hold rows.
pub(super) const PARTITIONS: &str = "
    SELECT r.oid, n.nspname::text, c.relname::text
    FROM pg_catalog.unnest($1::oid[]) AS r (oid), LATERAL pg_catalog.pg_partition_tree(r.oid) AS t
    JOIN pg_catalog.pg_class c ON c.oid = t.relid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE t.isleaf AND t.relid <> r.oid ORDER BY r.oid, c.relname";

/// `table, name, type, length, alignment, not null, bytewise, equal is same` of the columns of `$1`, in order.
pub(super) const COLUMNS: &str = "
    SELECT a.attrelid, a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attlen, a.attalign::text, a.attnotnull,
           a.attcollation = 0 OR coalesce(l.collname IN ('C', 'POSIX'), false)
               OR (l.collname = 'default' AND (SELECT d.datcollate IN ('C', 'POSIX') FROM pg_catalog.pg_database d
                                               WHERE d.datname = pg_catalog.current_database())),
           a.atttypid NOT IN ('numeric'::regtype, 'float4'::regtype, 'float8'::regtype, 'jsonb'::regtype, 'interval'::regtype)
               AND coalesce(l.collisdeterministic, true) AND t.typtype IN ('b', 'e') AND t.typelem = 0
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
    WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attrelid, a.attnum";

/// `schema, table, column, width, null share, n_distinct, correlation, common values, their shares` of the tables whose schemas are in
/// `$1` and names in `$2`; where a table has statistics with and without its partitions, those with them come last.
pub(super) const STATISTICS: &str = "
    SELECT s.schemaname::text, s.tablename::text, s.attname::text, s.avg_width, s.null_frac, s.n_distinct,
           coalesce(s.correlation, 0)::float4, coalesce(s.most_common_vals::text::text[], '{}'),
           coalesce(s.most_common_freqs, '{}')::float4[]
    FROM pg_catalog.pg_stats s
    WHERE s.schemaname = ANY ($1::text[]) AND s.tablename = ANY ($2::text[]) ORDER BY s.inherited";

/// `table, oid, name, method, unique, valid, constraint, bytes, scans, predicate, number of keys, parts, classes, usual classes, options,
/// collations that are not the column's` of the indexes of `$1`.
pub(super) const INDEXES: &str = "
    SELECT i.indrelid, i.indexrelid, c.relname::text, m.amname::text, i.indisunique, i.indisvalid,
           EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = i.indexrelid)
               OR i.indisreplident OR i.indisclustered,
           CASE WHEN c.relkind = 'I' THEN (SELECT coalesce(sum(pg_catalog.pg_relation_size(t.relid)), 0)
                                           FROM pg_catalog.pg_partition_tree(i.indexrelid) t WHERE t.isleaf)::int8
                ELSE pg_catalog.pg_relation_size(i.indexrelid) END,
           CASE WHEN c.relkind = 'I' THEN (SELECT coalesce(sum(pg_catalog.pg_stat_get_numscans(t.relid)), 0)
                                           FROM pg_catalog.pg_partition_tree(i.indexrelid) t WHERE t.isleaf)::int8
                ELSE pg_catalog.pg_stat_get_numscans(i.indexrelid) END,
           pg_catalog.pg_get_expr(i.indpred, i.indrelid), i.indnkeyatts::int4,
           ARRAY(SELECT pg_catalog.pg_get_indexdef(i.indexrelid, k, false) FROM pg_catalog.generate_series(1, i.indnatts) k ORDER BY k),
           ARRAY(SELECT coalesce((SELECT a.attname::text FROM pg_catalog.pg_attribute a
                                  WHERE a.attrelid = i.indrelid AND a.attnum = u.k AND u.k > 0), '')
                 FROM pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY AS u (k, n) ORDER BY u.n),
           ARRAY(SELECT CASE WHEN o.opcdefault THEN '' ELSE o.opcname::text END
                 FROM pg_catalog.unnest(i.indclass::oid[]) WITH ORDINALITY AS u (o, n)
                 JOIN pg_catalog.pg_opclass o ON o.oid = u.o ORDER BY u.n),
           ARRAY(SELECT u.o::int4 FROM pg_catalog.unnest(i.indoption::int2[]) WITH ORDINALITY AS u (o, n) ORDER BY u.n),
           ARRAY(SELECT CASE WHEN l.oid IS NULL OR l.oid = a.attcollation OR a.attcollation IS NULL THEN '' ELSE l.collname::text END
                 FROM pg_catalog.unnest(i.indcollation::oid[]) WITH ORDINALITY AS u (o, n)
                 LEFT JOIN pg_catalog.pg_collation l ON l.oid = u.o
                 LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = (i.indkey::int2[])[u.n - 1]
                 ORDER BY u.n)
    FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
    JOIN pg_catalog.pg_am m ON m.oid = c.relam
    WHERE i.indrelid = ANY ($1::oid[]) ORDER BY i.indexrelid";

/// `schema, index, scans` of the indexes that were scanned, those of partitions also for the index they are parts of.
pub(super) const SCANS: &str = "
    SELECT n.nspname::text, c.relname::text, sum(s.idx_scan)::int8
    FROM pg_catalog.pg_stat_user_indexes s,
         LATERAL (SELECT s.indexrelid AS oid UNION SELECT p.relid::oid FROM pg_catalog.pg_partition_ancestors(s.indexrelid) AS p (relid)) AS a
    JOIN pg_catalog.pg_class c ON c.oid = a.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE s.idx_scan > 0 GROUP BY n.nspname, c.relname";

/// `table, name, columns, target` of the references of `$1`.
pub(super) const FOREIGN_KEYS: &str = "
    SELECT k.conrelid, k.conname::text,
           ARRAY(SELECT a.attname::text FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY AS u (c, n)
                 JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.c ORDER BY u.n),
           k.confrelid::pg_catalog.regclass::text
    FROM pg_catalog.pg_constraint k WHERE k.contype = 'f' AND k.conrelid = ANY ($1::oid[]) AND k.conparentid = 0 ORDER BY k.oid";

/// Which of the names `$1` are taken, in any schema.
pub(super) const TAKEN: &str =
    "SELECT c.relname::text FROM pg_catalog.pg_class c WHERE c.relname = ANY ($1::text[])";
