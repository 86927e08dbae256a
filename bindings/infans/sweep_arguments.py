"""Arguments of `infans-sweep`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NoReturn

from .bench_arguments import Parser as Base
from .bench_arguments import natural, positive, setting

EXAMPLES = """examples:
  infans-sweep body_map --out map                         every processor of this machine
  infans-sweep body_map --agents 100 --workers 8 --block 5
  infans-sweep my_study.toml --grid mind.learn=true,false --grid population.seed=1,1001
  infans-sweep body_map --scheduler tcp://10.0.0.1:8786   on a running Dask cluster
  infans-sweep body_map --slurm --workers 20 --job queue=short --job memory=2GB --job walltime=02:00:00
  infans-sweep merge day1 day2 --out whole.h5             records of `infans run --participants ...`

Blocks that have ended stay in OUT/blocks: after Ctrl-C, or when a machine failed, the same command goes on from there.
The result, OUT/run.h5, is the same as that of `infans run`, whatever the workers and the blocks are.
"""


class Parser(Base):
    """Says what is wrong in one line and exits with 2."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (--help shows how)\n")


def parser() -> Parser:
    top = Parser(
        prog="infans-sweep", epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Live a study in blocks of participants on Dask's workers, and put the blocks together.",
    )  # fmt: skip
    add = top.add_argument
    add("study", metavar="STUDY", help="name of a shipped study (infans list) or a TOML file; `merge`: see below")
    add("--out", type=Path, metavar="DIR", help="for run.h5, summary.json, report.html [runs/STUDY-n]")
    add("--agents", type=positive, metavar="N", help="participants in each group [the study's]")
    add("--seed", type=natural, metavar="S", help="of the first participant [the study's]")
    add("--participants", type=positive, nargs="+", default=[], metavar="K", help="only these numbers")
    add("--set", type=setting, action="append", default=[], metavar="KEY=VALUE", help="change an option; repeatable")
    add("--grid", type=grid, action="append", default=[], metavar="KEY=A,B,C", help="a study for each value, each in "
        "a folder of its own; repeatable: every combination")
    add("--workers", type=positive, metavar="N", help="processes [every processor]; with --slurm jobs [8]")
    add("--block", type=positive, metavar="K", help="participants a task [so that every worker gets four]")
    add("--threads", type=positive, default=1, metavar="T", help="of each block [1]")
    add("--retries", type=natural, default=2, metavar="R", help="how often a failed block is tried again [2]")
    add("--scheduler", metavar="ADDRESS", help="use this Dask scheduler, e.g. tcp://10.0.0.1:8786")
    add("--slurm", action="store_true", help="send the workers as SLURM jobs (dask-jobqueue)")
    add("--job", type=setting, action="append", default=[], metavar="KEY=VALUE",
        help="of a SLURM job, as dask_jobqueue.SLURMCluster takes it: queue, account, cores, memory, walltime ...")
    add("--keep-blocks", action="store_true", help="leave OUT/blocks when all is done")
    add("--quiet", action="store_true", help="no progress, no table, no report")
    return top


def merge_parser() -> Parser:
    top = Parser(prog="infans-sweep merge", description="Put records of parts of one study together.")
    top.add_argument("parts", nargs="+", metavar="RECORD", help="run.h5, or a folder that holds one")
    top.add_argument("--out", type=Path, required=True, metavar="FILE", help="the record to write")
    return top


def grid(text: str) -> tuple[str, list[str]]:
    key, values = setting(text)
    return key, [value.strip() for value in values.split(",")]
