//! The 22 questions of TPC-H, each with values drawn anew.

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

const NATIONS: [&str; 25] = [
    "ALGERIA",
    "ARGENTINA",
    "BRAZIL",
    "CANADA",
    "EGYPT",
    "ETHIOPIA",
    "FRANCE",
    "GERMANY",
    "INDIA",
    "INDONESIA",
    "IRAN",
    "IRAQ",
    "JAPAN",
    "JORDAN",
    "KENYA",
    "MOROCCO",
    "MOZAMBIQUE",
    "PERU",
    "CHINA",
    "ROMANIA",
    "SAUDI ARABIA",
    "VIETNAM",
    "RUSSIA",
    "UNITED KINGDOM",
    "UNITED STATES",
];
const REGIONS: [&str; 5] = ["AFRICA", "AMERICA", "ASIA", "EUROPE", "MIDDLE EAST"];
const SEGMENTS: [&str; 5] = ["AUTOMOBILE", "BUILDING", "FURNITURE", "MACHINERY", "HOUSEHOLD"];
const METALS: [&str; 5] = ["TIN", "NICKEL", "BRASS", "STEEL", "COPPER"];
const KINDS: [&str; 6] = ["STANDARD", "SMALL", "MEDIUM", "LARGE", "ECONOMY", "PROMO"];
const FINISHES: [&str; 5] = ["ANODIZED", "BURNISHED", "PLATED", "POLISHED", "BRUSHED"];
const SIZES: [&str; 5] = ["SM", "LG", "MED", "JUMBO", "WRAP"];
const BOXES: [&str; 8] = ["CASE", "BOX", "BAG", "JAR", "PKG", "PACK", "CAN", "DRUM"];
const MODES: [&str; 7] = ["REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB"];
const COLORS: [&str; 10] =
    ["almond", "azure", "blue", "chocolate", "forest", "green", "ivory", "lavender", "navy", "plum"];

/// Values of one round.
struct Values(StdRng);

impl Values {
    fn of(&mut self, list: &[&'static str]) -> &'static str {
        list[self.0.random_range(0..list.len())]
    }

    fn number(&mut self, low: i32, high: i32) -> i32 {
        self.0.random_range(low..=high)
    }

    fn year(&mut self) -> i32 {
        self.number(1993, 1997)
    }

    /// The first day of a month of these years.
    fn month(&mut self) -> String {
        format!("date '{}-{:02}-01'", self.year(), self.number(1, 10))
    }

    fn brand(&mut self) -> String {
        format!("Brand#{}{}", self.number(1, 5), self.number(1, 5))
    }
}

/// Each question once. The same seed gives the same values.
pub(super) fn round(seed: u64) -> Vec<String> {
    let v = &mut Values(StdRng::seed_from_u64(seed));
    [reports(v), orders(v), parts(v), customers(v)].concat()
}

const REVENUE: &str = "sum(l_extendedprice * (1 - l_discount))";

/// Questions 1, 4, 6, 12, 14 and 15: of shipments in a time.
fn reports(v: &mut Values) -> Vec<String> {
    let (day, quarter, year, months) = (v.number(60, 120), v.month(), v.year(), v.month());
    let (discount, quantity) = (f64::from(v.number(2, 9)) / 100.0, v.number(24, 25));
    let (mode, other, supply) = (v.of(&MODES[..3]), v.of(&MODES[3..]), v.month());
    vec![
        format!(
            "SELECT l_returnflag, l_linestatus, sum(l_quantity), sum(l_extendedprice), {REVENUE}, avg(l_discount), count(*)
             FROM lineitem WHERE l_shipdate <= date '1998-12-01' - {day} GROUP BY 1, 2 ORDER BY 1, 2"
        ),
        format!(
            "SELECT o_orderpriority, count(*) FROM orders WHERE o_orderdate >= {quarter} AND o_orderdate < {quarter} + interval '3 months'
             AND EXISTS (SELECT FROM lineitem WHERE l_orderkey = o_orderkey AND l_commitdate < l_receiptdate) GROUP BY 1 ORDER BY 1"
        ),
        format!(
            "SELECT sum(l_extendedprice * l_discount) FROM lineitem WHERE l_shipdate >= date '{year}-01-01'
             AND l_shipdate < date '{year}-01-01' + interval '1 year' AND l_discount BETWEEN {discount} - 0.01 AND {discount} + 0.01
             AND l_quantity < {quantity}"
        ),
        format!(
            "SELECT l_shipmode, count(*) FILTER (WHERE o_orderpriority IN ('1-URGENT', '2-HIGH')), count(*) FROM orders
             JOIN lineitem ON l_orderkey = o_orderkey WHERE l_shipmode IN ('{mode}', '{other}') AND l_commitdate < l_receiptdate
             AND l_shipdate < l_commitdate AND l_receiptdate >= date '{year}-01-01'
             AND l_receiptdate < date '{year}-01-01' + interval '1 year' GROUP BY 1 ORDER BY 1"
        ),
        format!(
            "SELECT 100 * sum(CASE WHEN p_type LIKE 'PROMO%' THEN l_extendedprice * (1 - l_discount) ELSE 0 END) / {REVENUE}
             FROM lineitem JOIN part ON p_partkey = l_partkey WHERE l_shipdate >= {months} AND l_shipdate < {months} + interval '1 month'"
        ),
        format!(
            "WITH revenue AS (SELECT l_suppkey AS no, {REVENUE} AS total FROM lineitem WHERE l_shipdate >= {supply}
               AND l_shipdate < {supply} + interval '3 months' GROUP BY 1)
             SELECT s_suppkey, s_name, s_phone, total FROM supplier JOIN revenue ON no = s_suppkey
             WHERE total = (SELECT max(total) FROM revenue) ORDER BY 1"
        ),
    ]
}

/// Questions 3, 5, 7, 8, 10 and 18: of orders and where they come from.
fn orders(v: &mut Values) -> Vec<String> {
    let (segment, day, region, year) = (v.of(&SEGMENTS), v.number(1, 31), v.of(&REGIONS), v.year());
    let (one, two, nation) = (v.of(&NATIONS[..12]), v.of(&NATIONS[12..]), v.of(&NATIONS));
    let (area, part, back, large) = (
        v.of(&REGIONS),
        format!("{} {} {}", v.of(&KINDS), v.of(&FINISHES), v.of(&METALS)),
        v.month(),
        v.number(312, 315),
    );
    vec![
        format!(
            "SELECT l_orderkey, {REVENUE} AS revenue, o_orderdate, o_shippriority FROM customer JOIN orders ON o_custkey = c_custkey
             JOIN lineitem ON l_orderkey = o_orderkey WHERE c_mktsegment = '{segment}' AND o_orderdate < date '1995-03-{day:02}'
             AND l_shipdate > date '1995-03-{day:02}' GROUP BY 1, 3, 4 ORDER BY 2 DESC, 3 LIMIT 10"
        ),
        format!(
            "SELECT n_name, {REVENUE} AS revenue FROM customer JOIN orders ON o_custkey = c_custkey JOIN lineitem ON l_orderkey = o_orderkey
             JOIN supplier ON s_suppkey = l_suppkey AND s_nationkey = c_nationkey JOIN nation ON n_nationkey = s_nationkey
             JOIN region ON r_regionkey = n_regionkey WHERE r_name = '{region}' AND o_orderdate >= date '{year}-01-01'
             AND o_orderdate < date '{year}-01-01' + interval '1 year' GROUP BY 1 ORDER BY 2 DESC"
        ),
        format!(
            "SELECT s.n_name, c.n_name, extract(year FROM l_shipdate), {REVENUE} FROM supplier JOIN lineitem ON l_suppkey = s_suppkey
             JOIN orders ON o_orderkey = l_orderkey JOIN customer ON c_custkey = o_custkey JOIN nation s ON s.n_nationkey = s_nationkey
             JOIN nation c ON c.n_nationkey = c_nationkey WHERE (s.n_name = '{one}' AND c.n_name = '{two}'
             OR s.n_name = '{two}' AND c.n_name = '{one}') AND l_shipdate BETWEEN date '1995-01-01' AND date '1996-12-31'
             GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
        ),
        format!(
            "SELECT extract(year FROM o_orderdate), sum(CASE WHEN s.n_name = '{nation}' THEN l_extendedprice * (1 - l_discount) ELSE 0 END)
             / {REVENUE} FROM part JOIN lineitem ON l_partkey = p_partkey JOIN supplier ON s_suppkey = l_suppkey
             JOIN orders ON o_orderkey = l_orderkey JOIN customer ON c_custkey = o_custkey JOIN nation c ON c.n_nationkey = c_nationkey
             JOIN region ON r_regionkey = c.n_regionkey JOIN nation s ON s.n_nationkey = s_nationkey WHERE r_name = '{area}'
             AND o_orderdate BETWEEN date '1995-01-01' AND date '1996-12-31' AND p_type = '{part}' GROUP BY 1 ORDER BY 1"
        ),
        format!(
            "SELECT c_custkey, c_name, {REVENUE} AS revenue, c_acctbal, n_name, c_address, c_phone, c_comment FROM customer
             JOIN orders ON o_custkey = c_custkey JOIN lineitem ON l_orderkey = o_orderkey JOIN nation ON n_nationkey = c_nationkey
             WHERE o_orderdate >= {back} AND o_orderdate < {back} + interval '3 months' AND l_returnflag = 'R'
             GROUP BY c_custkey, n_name ORDER BY 3 DESC LIMIT 20"
        ),
        format!(
            "SELECT c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice, sum(l_quantity) FROM customer JOIN orders ON o_custkey = c_custkey
             JOIN lineitem ON l_orderkey = o_orderkey WHERE o_orderkey IN (SELECT l_orderkey FROM lineitem GROUP BY 1
             HAVING sum(l_quantity) > {large}) GROUP BY 1, 2, 3, 4, 5 ORDER BY 5 DESC, 4 LIMIT 100"
        ),
    ]
}

/// Questions 2, 9, 11, 16, 17, 19 and 20: of parts and who supplies them.
fn parts(v: &mut Values) -> Vec<String> {
    let (size, metal, region, color) = (v.number(1, 50), v.of(&METALS), v.of(&REGIONS), v.of(&COLORS));
    let (nation, brand, half, sizes) = (
        v.of(&NATIONS),
        v.brand(),
        format!("{} {}", v.of(&KINDS), v.of(&FINISHES)),
        [1, 2, 3, 4, 5, 6, 7, 8].map(|_| v.number(1, 50)),
    );
    let sizes = sizes.map(|size| size.to_string()).join(", ");
    let (small, container) = (v.brand(), format!("{} {}", v.of(&SIZES), v.of(&BOXES)));
    let (brands, least) =
        ([v.brand(), v.brand(), v.brand()], [v.number(1, 10), v.number(10, 20), v.number(20, 30)]);
    let (kind, year, where_) = (v.of(&COLORS), v.year(), v.of(&NATIONS));
    vec![
        format!(
            "SELECT s_acctbal, s_name, n_name, p_partkey, p_mfgr, s_address, s_phone FROM part JOIN partsupp ON ps_partkey = p_partkey
             JOIN supplier ON s_suppkey = ps_suppkey JOIN nation ON n_nationkey = s_nationkey JOIN region ON r_regionkey = n_regionkey
             WHERE p_size = {size} AND p_type LIKE '%{metal}' AND r_name = '{region}' AND ps_supplycost = (SELECT min(ps_supplycost)
             FROM partsupp JOIN supplier ON s_suppkey = ps_suppkey JOIN nation ON n_nationkey = s_nationkey
             JOIN region ON r_regionkey = n_regionkey WHERE ps_partkey = p_partkey AND r_name = '{region}')
             ORDER BY 1 DESC, 3, 2, 4 LIMIT 100"
        ),
        format!(
            "SELECT n_name, extract(year FROM o_orderdate), sum(l_extendedprice * (1 - l_discount) - ps_supplycost * l_quantity)
             FROM part JOIN lineitem ON l_partkey = p_partkey JOIN supplier ON s_suppkey = l_suppkey
             JOIN partsupp ON ps_suppkey = l_suppkey AND ps_partkey = l_partkey JOIN orders ON o_orderkey = l_orderkey
             JOIN nation ON n_nationkey = s_nationkey WHERE p_name LIKE '%{color}%' GROUP BY 1, 2 ORDER BY 1, 2 DESC"
        ),
        format!(
            "SELECT ps_partkey, sum(ps_supplycost * ps_availqty) AS value FROM partsupp JOIN supplier ON s_suppkey = ps_suppkey
             JOIN nation ON n_nationkey = s_nationkey WHERE n_name = '{nation}' GROUP BY 1 HAVING sum(ps_supplycost * ps_availqty) >
             (SELECT sum(ps_supplycost * ps_availqty) * 0.0005 FROM partsupp JOIN supplier ON s_suppkey = ps_suppkey
             JOIN nation ON n_nationkey = s_nationkey WHERE n_name = '{nation}') ORDER BY 2 DESC"
        ),
        format!(
            "SELECT p_brand, p_type, p_size, count(DISTINCT ps_suppkey) FROM partsupp JOIN part ON p_partkey = ps_partkey
             WHERE p_brand <> '{brand}' AND p_type NOT LIKE '{half}%' AND p_size IN ({sizes}) AND ps_suppkey NOT IN
             (SELECT s_suppkey FROM supplier WHERE s_comment LIKE '%Customer%Complaints%') GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3"
        ),
        format!(
            "SELECT sum(l_extendedprice) / 7.0 FROM lineitem JOIN part ON p_partkey = l_partkey WHERE p_brand = '{small}'
             AND p_container = '{container}' AND l_quantity < (SELECT 0.2 * avg(l_quantity) FROM lineitem WHERE l_partkey = p_partkey)"
        ),
        format!(
            "SELECT {REVENUE} FROM lineitem JOIN part ON p_partkey = l_partkey WHERE l_shipmode IN ('AIR', 'REG AIR')
             AND l_shipinstruct = 'DELIVER IN PERSON' AND (p_brand = '{}' AND p_container IN ('SM CASE', 'SM BOX', 'SM PACK', 'SM PKG')
             AND l_quantity BETWEEN {a} AND {a} + 10 AND p_size BETWEEN 1 AND 5 OR p_brand = '{}'
             AND p_container IN ('MED BAG', 'MED BOX', 'MED PKG', 'MED PACK') AND l_quantity BETWEEN {b} AND {b} + 10
             AND p_size BETWEEN 1 AND 10 OR p_brand = '{}' AND p_container IN ('LG CASE', 'LG BOX', 'LG PACK', 'LG PKG')
             AND l_quantity BETWEEN {c} AND {c} + 10 AND p_size BETWEEN 1 AND 15)",
            brands[0], brands[1], brands[2], a = least[0], b = least[1], c = least[2]
        ),
        format!(
            "SELECT s_name, s_address FROM supplier JOIN nation ON n_nationkey = s_nationkey WHERE n_name = '{where_}' AND s_suppkey IN
             (SELECT ps_suppkey FROM partsupp WHERE ps_partkey IN (SELECT p_partkey FROM part WHERE p_name LIKE '{kind}%')
             AND ps_availqty > (SELECT 0.5 * sum(l_quantity) FROM lineitem WHERE l_partkey = ps_partkey AND l_suppkey = ps_suppkey
             AND l_shipdate >= date '{year}-01-01' AND l_shipdate < date '{year}-01-01' + interval '1 year')) ORDER BY 1"
        ),
    ]
}

/// Questions 13, 21 and 22: of customers and of who lets them wait.
fn customers(v: &mut Values) -> Vec<String> {
    let (one, two, nation) = (
        v.of(&["special", "pending", "unusual"]),
        v.of(&["packages", "requests", "accounts"]),
        v.of(&NATIONS),
    );
    let codes = [1, 2, 3, 4, 5, 6, 7].map(|_| format!("'{}'", v.number(10, 34))).join(", ");
    vec![
        format!(
            "SELECT n, count(*) FROM (SELECT c_custkey, count(o_orderkey) AS n FROM customer LEFT JOIN orders ON o_custkey = c_custkey
             AND o_comment NOT LIKE '%{one}%{two}%' GROUP BY 1) c GROUP BY 1 ORDER BY 2 DESC, 1 DESC"
        ),
        format!(
            "SELECT s_name, count(*) FROM supplier JOIN lineitem l ON l_suppkey = s_suppkey JOIN orders ON o_orderkey = l_orderkey
             JOIN nation ON n_nationkey = s_nationkey WHERE o_orderstatus = 'F' AND l.l_receiptdate > l.l_commitdate AND EXISTS
             (SELECT FROM lineitem o WHERE o.l_orderkey = l.l_orderkey AND o.l_suppkey <> l.l_suppkey) AND NOT EXISTS
             (SELECT FROM lineitem o WHERE o.l_orderkey = l.l_orderkey AND o.l_suppkey <> l.l_suppkey
             AND o.l_receiptdate > o.l_commitdate) AND n_name = '{nation}' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 100"
        ),
        format!(
            "SELECT substring(c_phone FROM 1 FOR 2) AS code, count(*), sum(c_acctbal) FROM customer
             WHERE substring(c_phone FROM 1 FOR 2) IN ({codes}) AND c_acctbal > (SELECT avg(c_acctbal) FROM customer
             WHERE c_acctbal > 0 AND substring(c_phone FROM 1 FOR 2) IN ({codes}))
             AND NOT EXISTS (SELECT FROM orders WHERE o_custkey = c_custkey) GROUP BY 1 ORDER BY 1"
        ),
    ]
}
