//! The statements that fill a [`Catalog`](crate::Catalog) from a server, PostgreSQL 14 to 18. Run them in one `REPEATABLE READ`
//! transaction with `SET LOCAL search_path = ''`, so that they see one moment and definitions name every schema; they only read.

/// `schema text, name text, volatility "char"`: functions, procedures and aggregates outside pg_catalog, for
/// [`CatalogBuilder::function`](crate::CatalogBuilder::function).
pub const FUNCTIONS: &str = "
    SELECT n.nspname::text, p.proname::text,
           CASE WHEN bool_or(p.provolatile = 'v' OR f.provolatile = 'v') THEN 'v'
                WHEN bool_or(p.provolatile = 's' OR f.provolatile = 's') THEN 's' ELSE 'i' END::\"char\"
    FROM pg_catalog.pg_proc p
    JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    LEFT JOIN pg_catalog.pg_aggregate a ON a.aggfnoid = p.oid
    LEFT JOIN pg_catalog.pg_proc f ON f.oid IN (a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn,
                                                a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn)
    WHERE n.nspname <> 'pg_catalog' GROUP BY 1, 2";

/// `schema text, name text, volatility "char"`: operators outside pg_catalog, for
/// [`CatalogBuilder::operator`](crate::CatalogBuilder::operator).
pub const OPERATORS: &str = "
    SELECT n.nspname::text, o.oprname::text, max(f.provolatile::text)::\"char\"
    FROM pg_catalog.pg_operator o
    JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
    JOIN pg_catalog.pg_proc f ON f.oid = o.oprcode
    WHERE n.nspname <> 'pg_catalog' GROUP BY 1, 2";

/// `schema text, name text`: types to which a volatile function casts, or whose input is one, for
/// [`CatalogBuilder::volatile_type`](crate::CatalogBuilder::volatile_type).
pub const VOLATILE_TYPES: &str = "
    SELECT n.nspname::text, t.typname::text
    FROM pg_catalog.pg_type t
    JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
    WHERE EXISTS (SELECT FROM pg_catalog.pg_cast c JOIN pg_catalog.pg_proc f ON f.oid = c.castfunc
                  JOIN pg_catalog.pg_namespace own ON own.oid = f.pronamespace
                  WHERE c.casttarget = t.oid AND f.provolatile = 'v' AND own.nspname <> 'pg_catalog')
       OR EXISTS (SELECT FROM pg_catalog.pg_proc f WHERE f.oid IN (t.typinput, t.typoutput) AND f.provolatile = 'v'
                  AND n.nspname <> 'pg_catalog' AND t.typtype = 'b')";

/// `schema text, name text, check text`: the checks of domains, for [`CatalogBuilder::domain`](crate::CatalogBuilder::domain).
pub const DOMAINS: &str = "
    SELECT n.nspname::text, t.typname::text, pg_catalog.pg_get_constraintdef(c.oid)
    FROM pg_catalog.pg_constraint c
    JOIN pg_catalog.pg_type t ON t.oid = c.contypid
    JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
    WHERE c.contype = 'c' AND n.nspname NOT IN ('pg_catalog', 'information_schema')";

/// `schema text, name text, kind text` (`unlogged`, `foreign`, `sequence`): relations no standby reads as the primary does, parents of
/// such included, for [`CatalogBuilder::relation`](crate::CatalogBuilder::relation).
pub const RELATIONS: &str = "
    WITH RECURSIVE under (parent, child) AS (
        SELECT oid, oid FROM pg_catalog.pg_class WHERE relkind IN ('r', 'p', 'f', 'S', 'm')
        UNION SELECT u.parent, i.inhrelid FROM under u JOIN pg_catalog.pg_inherits i ON i.inhparent = u.child)
    SELECT DISTINCT n.nspname::text, p.relname::text,
           CASE WHEN c.relkind = 'S' THEN 'sequence' WHEN c.relkind = 'f' THEN 'foreign' ELSE 'unlogged' END
    FROM under u
    JOIN pg_catalog.pg_class p ON p.oid = u.parent
    JOIN pg_catalog.pg_class c ON c.oid = u.child
    JOIN pg_catalog.pg_namespace n ON n.oid = p.relnamespace
    WHERE c.relkind IN ('S', 'f') OR (c.relpersistence = 'u' AND c.relkind IN ('r', 'p', 'm'))";

/// `schema text, name text, definition text`: views, for [`CatalogBuilder::view`](crate::CatalogBuilder::view).
pub const VIEWS: &str = "
    SELECT n.nspname::text, c.relname::text, pg_catalog.pg_get_viewdef(c.oid)
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'v' AND n.nspname NOT IN ('pg_catalog', 'information_schema')";

/// `schema text, table text, condition text`: the policies that decide which rows are read, for
/// [`CatalogBuilder::policy`](crate::CatalogBuilder::policy).
pub const POLICIES: &str = "
    SELECT n.nspname::text, c.relname::text, pg_catalog.pg_get_expr(p.polqual, p.polrelid)
    FROM pg_catalog.pg_policy p
    JOIN pg_catalog.pg_class c ON c.oid = p.polrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE p.polqual IS NOT NULL AND p.polcmd IN ('r', '*')";
