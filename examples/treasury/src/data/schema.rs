/// Drops what an earlier, perhaps interrupted, load left.
pub(super) const DROP: &str = "\
    DROP TABLE IF EXISTS treasury_data, payment, account, lineitem, orders, part, customer, nation";

/// TPC-H's columns; money is in cents and rates in percent, so that no decimal needs a library. The two
/// tables at the end are the service's own.
pub(super) const CREATE: &str = "\
    CREATE TABLE nation (n_nationkey int8 NOT NULL, n_name text NOT NULL, n_regionkey int8 NOT NULL, \
        n_comment text NOT NULL);
    CREATE TABLE customer (c_custkey int8 NOT NULL, c_name text NOT NULL, c_address text NOT NULL, \
        c_nationkey int8 NOT NULL, c_phone text NOT NULL, c_acctbal_cents int8 NOT NULL, \
        c_mktsegment text NOT NULL, c_comment text NOT NULL);
    CREATE TABLE part (p_partkey int8 NOT NULL, p_name text COLLATE \"C\" NOT NULL, p_mfgr text NOT NULL, \
        p_brand text NOT NULL, p_type text NOT NULL, p_size int4 NOT NULL, p_container text NOT NULL, \
        p_retailprice_cents int8 NOT NULL, p_comment text NOT NULL);
    CREATE TABLE orders (o_orderkey int8 NOT NULL, o_custkey int8 NOT NULL, o_orderstatus text NOT NULL, \
        o_totalprice_cents int8 NOT NULL, o_orderdate date NOT NULL, o_orderpriority text NOT NULL, \
        o_clerk text NOT NULL, o_shippriority int4 NOT NULL, o_comment text NOT NULL);
    CREATE TABLE lineitem (l_orderkey int8 NOT NULL, l_partkey int8 NOT NULL, l_suppkey int8 NOT NULL, \
        l_linenumber int4 NOT NULL, l_quantity int8 NOT NULL, l_extendedprice_cents int8 NOT NULL, \
        l_discount_percent int4 NOT NULL, l_tax_percent int4 NOT NULL, l_returnflag text NOT NULL, \
        l_linestatus text NOT NULL, l_shipdate date NOT NULL, l_commitdate date NOT NULL, \
        l_receiptdate date NOT NULL, l_shipinstruct text NOT NULL, l_shipmode text NOT NULL, \
        l_comment text NOT NULL);
    CREATE TABLE account (account int8 NOT NULL, balance_cents int8 NOT NULL, version int8 NOT NULL, \
        payments int8 NOT NULL) WITH (fillfactor = 70);
    CREATE TABLE payment (id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY, account int8 NOT NULL, \
        amount_cents int8 NOT NULL, memo text NOT NULL);";

/// What the service's queries need, and nothing more. Made after the copy, which is faster.
pub(super) const INDEXES: [(&str, &str); 7] = [
    ("nation", "ALTER TABLE nation ADD PRIMARY KEY (n_nationkey)"),
    ("customer", "ALTER TABLE customer ADD PRIMARY KEY (c_custkey)"),
    ("part", "ALTER TABLE part ADD PRIMARY KEY (p_partkey); CREATE INDEX ON part (p_name, p_partkey)"),
    (
        "orders",
        "ALTER TABLE orders ADD PRIMARY KEY (o_orderkey); \
         CREATE INDEX ON orders (o_custkey, o_orderdate, o_orderkey)",
    ),
    ("lineitem", "ALTER TABLE lineitem ADD PRIMARY KEY (l_orderkey, l_linenumber)"),
    (
        "account",
        "INSERT INTO account SELECT c_custkey, c_acctbal_cents, 0, 0 FROM customer; \
         ALTER TABLE account ADD PRIMARY KEY (account)",
    ),
    ("payment", "CREATE INDEX ON payment (account, id)"),
];

/// Says that a load came to its end, and at which scale.
pub(super) const MARK: &str = "CREATE TABLE treasury_data (scale float8 NOT NULL)";
