"""Soft actor-critic (Haarnoja et al. 2018) of stable-baselines3 on the tasks of `infans bench`, counted the same way.

Called by `scripts/bench sac` with a Python of its own that has torch and stable-baselines3. The agent lives in the same
compiled tasks through Gymnasium; every interaction counts, its random warm-up included. Every EVERY control steps its
deterministic policy is tested in 5 episodes of another environment, which it neither learns from nor counts. A success
is a mean return above the task's threshold; a life ends after 3 successes in a row or with its budget. Writes the
records of `infans bench sample-efficiency --json`, so that both stand on one page: `infans bench sample-efficiency
--from FILE --html page.html`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SITE = next((ROOT / ".venv" / "lib").glob("python*/site-packages"), None)
TEST_EPISODES, SUSTAINED = 5, 3


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="scripts/bench sac", description=__doc__.split("\n\n")[0])
    top.add_argument("--tasks", nargs="+", default=["tip-pendulum"], metavar="TASK")
    top.add_argument("--seeds", type=int, default=5, help="[5] lives of a task")
    top.add_argument("--seed", type=int, default=1, help="[1] the first of them")
    top.add_argument("--budget", type=int, default=20_000, help="[20000] control steps of a life")
    top.add_argument("--every", type=int, default=500, help="[500] control steps between two tests")
    top.add_argument("--json", type=Path, metavar="FILE", help="write the records there, else to stdout")
    return top


def mean_return(model: Any, env: Any) -> float:
    total = 0.0
    for _ in range(TEST_EPISODES):
        observation, _ = env.reset()
        over = False
        while not over:
            observation, reward, terminated, truncated, _ = env.step(model.predict(observation, deterministic=True)[0])
            total += float(reward)
            over = terminated or truncated
    return total / TEST_EPISODES


class Judge:
    """Tests on the way, and the end of a life that is sustained."""

    def __init__(self, env: Any, threshold: float, every: int) -> None:
        self.env, self.threshold, self.every = env, threshold, every
        self.curve: list[tuple[int, float]] = []
        self.returns: list[float] = []
        self.first: int | None = None
        self.sustained: int | None = None
        self._row = 0

    def __call__(self, held: dict[str, Any], _: dict[str, Any]) -> bool:
        """Called after every control step; False ends the life."""
        steps, model = held["self"].num_timesteps, held["self"]
        if steps % self.every:
            return True
        self.returns.append(mean_return(model, self.env))
        solved = self.returns[-1] > self.threshold
        self.curve.append((steps, float(solved)))
        self._row = self._row + 1 if solved else 0
        if solved and self.first is None:
            self.first = steps
        if self._row == SUSTAINED:
            self.sustained = steps
        return self.sustained is None


def live(task: str, seed: int, budget: int, every: int) -> dict[str, Any]:
    import gymnasium
    from infans import _infans, bench_records
    from stable_baselines3 import SAC

    goal = _infans.efficiency_goal(task, bench_records.assets_of_task(task))
    env, test = (gymnasium.make(f"infans/{task}-v0") for _ in range(2))
    test.reset(seed=seed + 1_000_000)
    judge = Judge(test, goal["threshold"], every)
    model = SAC("MlpPolicy", env, seed=seed, device="cpu")
    model.learn(budget, callback=lambda held, rest: judge(held, rest))
    return bench_records.record(
        task, "sac", seed, curve=judge.curve, budget=budget, control_period=goal["control_period"],
        decisions_first=judge.first, decisions_sustained=judge.sustained, decisions_all_in=model.num_timesteps,
        control_steps=model.num_timesteps, returns=judge.returns,
    )  # fmt: skip


def main() -> int:
    given = parser().parse_args()
    # Behind this Python's own packages: only what it does not have itself comes from Infans' environment.
    sys.path.append(str(SITE))
    try:
        import stable_baselines3  # noqa: F401
    except ImportError:
        sys.exit(f"bench: {sys.executable} has no stable-baselines3: pip install torch stable-baselines3 into it")
    import torch

    torch.set_num_threads(1)  # networks of this size only lose by more
    import infans  # noqa: F401  registers the tasks
    from infans import bench_records

    results: dict[str, Any] = {"meta": bench_records.meta("release", range(given.seed, given.seed + given.seeds), {})}
    results["records"] = []
    for task in given.tasks:
        for seed in range(given.seed, given.seed + given.seeds):
            print(f"bench: {task} by sac, seed {seed} ...", file=sys.stderr, flush=True)
            results["records"].append(live(task, seed, given.budget, given.every))
            if given.json:
                bench_records.write_text(given.json, bench_records.to_json(results))
    if not given.json:
        sys.stdout.write(bench_records.to_json(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
