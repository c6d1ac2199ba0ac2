"""PyMC-Marketing's buying models, maximum a posteriori, in the peers' environment.

Arguments: folder of the protocol, file to write, sets. Writes set, model, account_id,
expected_orders, seconds, parameters.
"""

import json
import sys
import time
import warnings
from pathlib import Path

import pandas as pd

warnings.filterwarnings("ignore")


def summarise(orders, end):
    """frequency, recency (age at the last order) and T in weeks, the form that the library
    asks for.
    """
    groups = orders.groupby("account_id")["order_date"].agg(["min", "max", "size"])
    return pd.DataFrame(
        {
            "customer_id": groups.index,
            "frequency": (groups["size"] - 1).to_numpy(float),
            "recency": ((groups["max"] - groups["min"]).dt.days / 7).to_numpy(float),
            "T": ((end - groups["min"]).dt.days / 7).to_numpy(float),
        }
    )


def main(protocol_folder, out, *sets):
    """Fit and predict; one row per account."""
    sys.path.insert(0, protocol_folder)
    from clv_eval import load
    from pymc_marketing.clv import BetaGeoModel, ModifiedBetaGeoModel, ParetoNBDModel

    models = {
        "BG/NBD (PyMC-Marketing)": BetaGeoModel,
        "MBG/NBD (PyMC-Marketing)": ModifiedBetaGeoModel,
        "Pareto/NBD (PyMC-Marketing)": ParetoNBDModel,
    }
    parts = []
    for name in sets:
        orders, end, days, _actual = load(name)
        data = summarise(orders, end)
        for label, kind in models.items():
            start = time.perf_counter()
            model = kind(data=data)
            model.fit(method="map", progressbar=False)
            seconds = time.perf_counter() - start
            expected = model.expected_purchases(data=data, future_t=days / 7)
            values = {
                key: float(value.values.squeeze())
                for key, value in model.fit_result.data_vars.items()
                if value.size == 1
            }
            parts.append(
                pd.DataFrame(
                    {
                        "set": name,
                        "model": label,
                        "account_id": data["customer_id"],
                        "expected_orders": expected.values.ravel(),
                        "seconds": seconds,
                        "parameters": json.dumps(values),
                    }
                )
            )
            print(f"{name}: {label} {seconds:.1f} s", file=sys.stderr, flush=True)
    pd.concat(parts, ignore_index=True).to_csv(Path(out), index=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
