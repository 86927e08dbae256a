"""Title and reading aid of every picture of the report, in its order."""

from __future__ import annotations

LINES = (
    "Thin lines are single agents, the thick line is their median, the ribbon holds the middle half; an agent whose "
    "life has ended keeps its last value."
)

STUDY: dict[str, str] = {
    "growth_curve": "Thin lines are participants, the thick line is their mean, the ribbon its 95 % interval; dashed, "
    "the mean of the participants’ fitted curves. Beside it, when each was half grown (Gompertz: grew fastest).",
    "samples_to": "Thin lines are participants, the thick line is their median, the ribbon holds the middle half; the "
    "dashed line is the criterion. Beside it, how many samples each needed.",
    "change_point": "Thin lines are participants, the thick line is their mean, the ribbon its 95 % interval; ticks "
    "below the axis are the participants’ changes, those that are more than chance at 5 %.",
    "ratio": "One dot a participant; the ring is the median, the bar the middle half. 1: as at baseline.",
    "compare": "One dot a participant; the ring is the median, the bar the middle half.",
    "regression": "Dots are means over participants in bins of equal numbers, with 95 % intervals; lines are the "
    "fitted probability, averaged over the other predictors as they occurred.",
    "touches": "Every touch of the body, seen from the front and from the side.",
    "probe": "Every measure, whatever was declared: means over participants with their 95 % intervals, or one dot a "
    "participant.",
    "life": "Every variable, whatever was declared: means over participants, ribbons are 95 % intervals.",
}

CAPTIONS: dict[str, tuple[str, str]] = {
    "learning": (
        "Learning curve",
        "How far the tip strayed from its goal in the judged last part of each episode: lower is better, green dots "
        f"are successes. {LINES} Below, the share of agents whose latest episode was a success.",
    ),
    "success": (
        "Age at success",
        "One row an agent, the fastest on top; the grey line is the life it had. An open mark at the dashed line "
        "means that it was not reached within the budget: the true age is larger, if it exists.",
    ),
    "energy": (
        "Free energy",
        "How badly each moment was predicted, given all that had been learned (mean over an episode). F falls as the "
        "agent comes to expect its own body: accuracy says how probable the senses were, complexity how far beliefs "
        "had to move.",
    ),
    "information": (
        "Information gained",
        "How much a decision taught about the body. A steep start that flattens means that the informative moments "
        "were found early, and that what is left is practice.",
    ),
    "error": (
        "Model error against the real body",
        "The model predicts random states, and the real body is asked for the answer; the agent never sees this test. "
        "1 is as bad as always expecting the average change.",
    ),
    "scales": (
        "What matters to the model",
        "The learned length scale of each input. A short scale means that the prediction bends sharply with this "
        "input; a long one that it hardly matters, or only as a straight line.",
    ),
    "expected": (
        "Why these plans",
        "The chosen plan and the best plan that was turned down. G is minimised; it is minus the sum of the two "
        "values. Pragmatic value: how probable the preferred outcome is. Epistemic value: how much the plan is "
        "expected to teach, which fades as there is less to learn.",
    ),
    "strobe": (
        "First and last episode",
        "Cart and pole of {who} at every decision, light to dark in time. The cross is the goal of the tip, the disc "
        "what counts as reaching it.",
    ),
    "episodes": (
        "Growing up, episode by episode",
        "Height of the tip (top; the band is the goal) and command (bottom) of {who}; ✓ marks success. An episode has "
        "{steps} decisions.",
    ),
    "agents": (
        "Agents",
        "A dash means not reached, or not measured. F last is the mean over the last episode that was learned from. "
        "The agent in bold is the one drawn above.",
    ),
}
