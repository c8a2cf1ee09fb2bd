"""The process in which the package `pesq` runs."""

from __future__ import annotations

import numpy as np

from benchmark.metrics.providers.child import Arrays, serve


def answer(request: Arrays) -> Arrays:
    """Score of one pair, or what the package complains about."""
    import pesq

    try:
        value = pesq.pesq(
            int(request["rate_hz"]), request["clean"], request["estimate"], str(request["mode"])
        )
    except (pesq.PesqError, ValueError) as error:
        return {"error": np.array(f"pesq: {error}")}
    return {"value": np.array(value)}


if __name__ == "__main__":
    serve(answer)
