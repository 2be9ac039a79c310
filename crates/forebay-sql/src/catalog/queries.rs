//! The statements that fill a [`Catalog`](crate::Catalog) from a server, PostgreSQL 14 to 18. Run them in one `REPEATABLE READ`
//! transaction with `SET LOCAL search_path = ''`, so that they see one moment and definitions name every schema; they only read.
//!
//! What was made in pg_catalog after the database (its `oid` is 16384 or greater) counts as the database's own.

/// `schema text, name text, volatility "char", why text`: functions, procedures and aggregates of the database's own, with the volatile
/// overload if there is one, for [`CatalogBuilder::function_because`](crate::CatalogBuilder::function_because).
pub const FUNCTIONS: &str = "
    SELECT n.nspname::text, p.proname::text,
           CASE WHEN bool_or(p.provolatile = 'v' OR f.provolatile = 'v') THEN 'v'
                WHEN bool_or(p.provolatile = 's' OR f.provolatile = 's') THEN 's' ELSE 'i' END::\"char\",
           min(CASE WHEN f.provolatile = 'v' THEN p.oid::regprocedure::text || ' calls ' || f.oid::regprocedure::text
                    WHEN p.provolatile = 'v' THEN p.oid::regprocedure::text END)
    FROM pg_catalog.pg_proc p
    JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    LEFT JOIN pg_catalog.pg_aggregate a ON a.aggfnoid = p.oid
    LEFT JOIN pg_catalog.pg_proc f ON f.oid IN (a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn,
                                                a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn)
    WHERE (p.oid >= 16384 OR n.nspname <> 'pg_catalog') GROUP BY 1, 2";

/// `schema text, name text, expressions text`: the defaults of functions' arguments, for
/// [`CatalogBuilder::function_defaults`](crate::CatalogBuilder::function_defaults).
pub const FUNCTION_DEFAULTS: &str = "
    SELECT n.nspname::text, p.proname::text, pg_catalog.pg_get_expr(p.proargdefaults, 0)
    FROM pg_catalog.pg_proc p
    JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    WHERE p.oid >= 16384 AND p.proargdefaults IS NOT NULL";

/// `schema text, name text, volatility "char", function text`: operators of the database's own, for
/// [`CatalogBuilder::operator`](crate::CatalogBuilder::operator).
pub const OPERATORS: &str = "
    SELECT n.nspname::text, o.oprname::text, max(f.provolatile::text)::\"char\",
           coalesce(min(CASE WHEN f.provolatile = 'v' THEN f.oid::regprocedure::text END), min(f.oid::regprocedure::text))
    FROM pg_catalog.pg_operator o
    JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
    JOIN pg_catalog.pg_proc f ON f.oid = o.oprcode
    WHERE (o.oid >= 16384 OR n.nspname <> 'pg_catalog') GROUP BY 1, 2";

/// `schema text, name text, function text`: types to which a volatile function casts, or whose input or output is one, for
/// [`CatalogBuilder::volatile_type`](crate::CatalogBuilder::volatile_type).
pub const VOLATILE_TYPES: &str = "
    SELECT n.nspname::text, t.typname::text, min(f.oid::regprocedure::text)
    FROM (SELECT casttarget AS type, castfunc AS function FROM pg_catalog.pg_cast
          UNION ALL SELECT oid, unnest(ARRAY[typinput, typoutput, typreceive, typsend]::oid[]) FROM pg_catalog.pg_type
          WHERE typtype = 'b' AND oid >= 16384) AS c
    JOIN pg_catalog.pg_proc f ON f.oid = c.function AND f.provolatile = 'v' AND f.oid >= 16384
    JOIN pg_catalog.pg_type t ON t.oid = c.type
    JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace GROUP BY 1, 2";

/// `schema text, name text, check text`: the checks of domains, for [`CatalogBuilder::domain`](crate::CatalogBuilder::domain).
pub const DOMAINS: &str = "
    SELECT n.nspname::text, t.typname::text, pg_catalog.pg_get_constraintdef(c.oid)
    FROM pg_catalog.pg_constraint c
    JOIN pg_catalog.pg_type t ON t.oid = c.contypid
    JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
    WHERE c.contype = 'c' AND c.contypid >= 16384";

/// `schema text, name text, other text`: types made of others of the database's own, themselves or arrays of them, for
/// [`CatalogBuilder::made_of`](crate::CatalogBuilder::made_of).
pub const TYPE_PARTS: &str = "
    SELECT n.nspname::text, t.typname::text, pg_catalog.format_type(coalesce(element.oid, part.oid), NULL)
    FROM (SELECT oid AS whole, typbasetype AS part FROM pg_catalog.pg_type WHERE typtype = 'd' AND oid >= 16384
          UNION SELECT c.reltype, a.atttypid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
          WHERE c.oid >= 16384 AND c.reltype <> 0 AND c.relpersistence <> 't' AND a.attnum > 0 AND NOT a.attisdropped
            AND a.atttypid >= 16384
          UNION SELECT rngtypid, rngsubtype FROM pg_catalog.pg_range WHERE rngtypid >= 16384) AS made
    JOIN pg_catalog.pg_type t ON t.oid = made.whole
    JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
    JOIN pg_catalog.pg_type part ON part.oid = made.part
    LEFT JOIN pg_catalog.pg_type element ON element.oid = part.typelem AND part.typlen = -1
    WHERE coalesce(element.oid, part.oid) >= 16384 AND coalesce(element.typtype, part.typtype) <> 'e'";

/// `schema text, name text, kind text` (`unlogged`, `foreign`, `sequence`): relations no standby reads as the primary does, parents of
/// such included, for [`CatalogBuilder::relation`](crate::CatalogBuilder::relation).
pub const RELATIONS: &str = "
    WITH RECURSIVE under (parent, child) AS (
        SELECT oid, oid FROM pg_catalog.pg_class
        WHERE relkind IN ('f', 'S') OR (relpersistence = 'u' AND relkind IN ('r', 'p', 'm'))
        UNION SELECT i.inhparent, u.child FROM under u JOIN pg_catalog.pg_inherits i ON i.inhrelid = u.parent)
    SELECT DISTINCT n.nspname::text, p.relname::text,
           CASE WHEN c.relkind = 'S' THEN 'sequence' WHEN c.relkind = 'f' THEN 'foreign' ELSE 'unlogged' END
    FROM under u
    JOIN pg_catalog.pg_class p ON p.oid = u.parent
    JOIN pg_catalog.pg_class c ON c.oid = u.child
    JOIN pg_catalog.pg_namespace n ON n.oid = p.relnamespace";

/// `schema text, name text, definition text`: views, for [`CatalogBuilder::view`](crate::CatalogBuilder::view).
pub const VIEWS: &str = "
    SELECT n.nspname::text, c.relname::text, pg_catalog.pg_get_viewdef(c.oid)
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'v' AND c.relpersistence <> 't' AND (c.oid >= 16384 OR n.nspname NOT IN ('pg_catalog', 'information_schema'))";

/// `schema text, table text, condition text`: the policies that decide which rows are read, for
/// [`CatalogBuilder::policy`](crate::CatalogBuilder::policy).
pub const POLICIES: &str = "
    SELECT n.nspname::text, c.relname::text, pg_catalog.pg_get_expr(p.polqual, p.polrelid)
    FROM pg_catalog.pg_policy p
    JOIN pg_catalog.pg_class c ON c.oid = p.polrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE p.polqual IS NOT NULL AND p.polcmd IN ('r', '*')";

/// `number bigint, hash bigint`: one row that is another one after any change of what the statements above ask for, and mostly the same
/// after other changes: temporary tables, new indexes, `TRUNCATE` and `ANALYZE` do not touch it. A server answers it from indexes
/// over the database's own things, in time proportional to their number.
pub const CHANGES: &str = "
    SELECT count(*), coalesce(bit_xor(pg_catalog.hashint8extended(thing, hash)), 0)
    FROM (SELECT 1::bigint AS kind, oid::bigint << 32 | xmin::text::bigint AS thing, 0::bigint AS hash FROM pg_catalog.pg_proc
          WHERE oid >= 16384
    UNION ALL SELECT 2, oid::bigint << 32 | xmin::text::bigint, 2 FROM pg_catalog.pg_operator WHERE oid >= 16384
    UNION ALL SELECT 3, oid::bigint << 32 | xmin::text::bigint, 3 FROM pg_catalog.pg_cast WHERE oid >= 16384
    UNION ALL SELECT 4, oid::bigint << 32 | xmin::text::bigint, 4 FROM pg_catalog.pg_type
          WHERE oid >= 16384 AND typtype IN ('b', 'd', 'r') AND typelem = 0
    UNION ALL SELECT 5, oid::bigint << 32 | xmin::text::bigint, 5 FROM pg_catalog.pg_constraint WHERE contypid >= 16384
    UNION ALL SELECT 6, oid::bigint << 32 | xmin::text::bigint, 6 FROM pg_catalog.pg_rewrite WHERE oid >= 16384
    UNION ALL SELECT 7, oid::bigint << 32 | xmin::text::bigint, 7 FROM pg_catalog.pg_policy
    UNION ALL SELECT 8, inhrelid::bigint << 32 | inhparent::bigint, 8 FROM pg_catalog.pg_inherits
    UNION ALL SELECT 9, oid::bigint << 32 | xmin::text::bigint, 9 FROM pg_catalog.pg_namespace
          WHERE nspname NOT LIKE 'pg\\_temp\\_%' AND nspname NOT LIKE 'pg\\_toast%'
    UNION ALL SELECT 10, oid::bigint << 32 | relnamespace::bigint,
                     pg_catalog.hashnameextended(relname, relnatts * 65536 + ascii(relkind::text) * 256 + ascii(relpersistence::text))
          FROM pg_catalog.pg_class
          WHERE oid >= 16384 AND relkind IN ('r', 'p', 'f', 'S', 'v', 'm', 'c') AND relpersistence <> 't') AS things";
