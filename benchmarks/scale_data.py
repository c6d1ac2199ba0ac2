"""Orders of any number for `bench_scale`, made by the engine from hashes: the same rows on
every machine.
"""

from pathlib import Path

ACCOUNTS = 1_000_000


def make_orders(folder: Path, rows: int) -> Path:
    """Accounts and orders as Parquet; made once and kept."""
    import duckdb

    if (folder / "orders.parquet").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(
            "SET threads = 2; SET memory_limit = '4GB'; SET preserve_insertion_order = false"
        )
        connection.execute(f"""COPY (SELECT 'A' || lpad((i + 1)::VARCHAR, 7, '0') account_id, 'Account ' || i account_name,
            ['North', 'East', 'South'][1 + i % 3] region, ['direct', 'dealer'][1 + i % 2] channel,
            DATE '2006-01-01' + (i % 900)::INT onboard_date, 1e5 + (hash(i) % 1000000) potential_revenue
            FROM range({ACCOUNTS}) t(i)) TO '{folder}/accounts.parquet' (FORMAT parquet)""")
        connection.execute(f"""COPY (SELECT 'O' || lpad((i + 1)::VARCHAR, 9, '0') order_id,
            'A' || lpad((1 + floor({ACCOUNTS} * pow(u1, 1.6)))::INT::VARCHAR, 7, '0') account_id,
            DATE '2008-01-01' + floor(1826 * i / {rows})::INT order_date,
            round(200000 + 500000 * u2, 0) * (CASE WHEN u4 < 0.03 THEN -1 ELSE 1 END) revenue,
            (1 + floor(3 * u2)) * (CASE WHEN u4 < 0.03 THEN -1 ELSE 1 END)::DOUBLE units,
            ['S40', 'S60', 'S80', 'XC60', 'C30'][1 + floor(5 * u3)::INT] product, round(150000 + 400000 * u2, 0) AS cost
            FROM (SELECT i, (hash(i) % 1000003) / 1000003.0 u1, (hash(i + 7) % 1000003) / 1000003.0 u2,
            (hash(i * 3 + 1) % 1000003) / 1000003.0 u3, (hash(i * 5 + 2) % 1000003) / 1000003.0 u4 FROM range({rows}) t(i)))
            TO '{folder}/orders.part' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 500000)""")
    (folder / "orders.part").rename(folder / "orders.parquet")
    return folder
