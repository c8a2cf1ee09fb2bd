"""A run that kills itself, as a machine that goes down would: `killed_run.py CORPUS CONFIG OUT MOMENT`.

MOMENT is "step:N" (before step N of the run), "torn:N" (while the N-th file of weights is written, before it
has its name) or "write:N" (after that, before anything that names it).
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import torch

from benchmark.joint import checkpoint
from benchmark.joint.config_files import load_config
from benchmark.joint.run import Place, run


def main() -> None:
    corpus, config, out, moment = sys.argv[1:]
    torch.set_num_threads(1)
    kind, _, number = moment.partition(":")
    left = int(number)

    def count_down() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def killing(items, total, what):
        for item in items:
            if kind == "step":
                count_down()
            yield item

    write = checkpoint.write_weights

    def write_and_die(path, tensors):
        write(path, tensors)
        if kind == "write":
            count_down()

    save = checkpoint.save_file

    def save_and_die(tensors, path):
        save(tensors, path)
        if kind == "torn":
            count_down()

    checkpoint.write_weights, checkpoint.save_file = write_and_die, save_and_die
    run(load_config(config), Place(Path(corpus), Path(out)), resume=True, device="cpu", progress=killing)


if __name__ == "__main__":
    main()
