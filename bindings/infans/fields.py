"""What every dataset of a record means: unit and one line (the record's FORMAT.md says the same at length)."""

from __future__ import annotations

from typing import NamedTuple


class Field(NamedTuple):
    """One dataset: its name, the shape of what is committed, its unit and what it means."""

    name: str
    shape: tuple[int, ...]
    unit: str
    doc: str


OBSERVED = "as observed"  # replaced by the units of the run's modalities

STEP: dict[str, tuple[str, str]] = {
    "episode": ("", "episode number, from 0"),
    "index": ("", "step inside its episode, from 0"),
    "observation": (OBSERVED, "before the command"),
    "next_observation": (OBSERVED, "after the command"),
    "action": ("", "command in [-1, 1]"),
    "prediction": (OBSERVED, "belief about the next observation before it came"),
    "prediction_error": (OBSERVED, "next observation minus belief"),
    "predictive_std": (OBSERVED, "standard deviation of that belief"),
    "precision": ("1/unit^2", "learned sensory (noise) precision"),
    "vfe": ("nats", "variational free energy of the transition: complexity - accuracy"),
    "accuracy": ("nats", "expected log likelihood of the observation"),
    "complexity": ("nats", "how far the beliefs moved to explain it"),
    "information_gain": ("nats", "gained about the parameters by this transition"),
    "efe": ("nats", "expected free energy of the chosen plan, -(pragmatic + epistemic); NaN: no plan"),
    "pragmatic": ("nats", "expected log preference of the chosen plan; NaN: no plan"),
    "epistemic": ("nats", "information that the chosen plan expects; NaN: no plan"),
    "rejected_action": ("", "first command of rejected plans, best first"),
    "rejected_pragmatic": ("nats", "their pragmatic term"),
    "rejected_epistemic": ("nats", "their epistemic term"),
    "planned": ("", "1 planned, 0 babbled or by an earlier plan, 2 evaluation (not learned from)"),
    "physics": ("", "whole physics state before the command"),
}

EPISODE: dict[str, tuple[str, str]] = {
    "success": ("", "1 if the goal was held, judged on the true state"),
    "decisions": ("decisions", "lived at its end; evaluation episodes do not count"),
    "best_distance": ("m", "smallest distance of the tip to its goal"),
    "hold_distance": ("m", "largest distance of the tip to its goal in the judged last part"),
    "log_evidence": ("nats", "of the model after the refit"),
    "length_scale": ("", "learned length scale of each model input"),
    "model_error": ("", "one-step error against the real body, RMSE / std; the agent never sees it"),
    "evaluation": ("", "1 where the planner was only tested"),
}

LEDGER: dict[str, tuple[str, str]] = {
    "agent_wall_seconds": ("s", "wall time of the life"),
    "agent_cpu_seconds": ("s", "processor time of the life"),
    "decision_seconds": ("s", "mean time of one planned decision"),
    "samples": ("", "steps lived, those of tests included"),
    "belief_updates": ("", "transitions that its model learned from"),
    "operations": ("", "floating-point operations of imagined steps, as counted from the formulas"),
    "joules": ("J", "energy of the processors over the whole run"),
}

TABLES = {"step": STEP, "episode": EPISODE, "ledger": LEDGER}
