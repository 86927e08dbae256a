#include "experiments/record/declaration.hpp"

#include <algorithm>
#include <stdexcept>

namespace infans::experiments {
namespace {

constexpr Declared run[] = {
    {"@filetype", "text", "", "", "infans-run"},
    {"@format_version", "int64", "2", "", "major, minor"},
    {"@infans_version", "text", "", "", "of the program"},
    {"@git_hash", "text", "", "", "the commit that it was built from; -dirty: with changes"},
    {"@mujoco_version", "text", "", "", "of MuJoCo"},
    {"@isa", "text", "", "", "instruction set of the kernels"},
    {"@spec_name", "text", "", "", "what the life is called"},
    {"@spec_toml", "text", "", "", "the whole life with every option resolved"},
    {"@threads", "text", "", "", "of the run; any number gives the same datasets", "1.1"},
    {"@mjcf", "text", "", "", "the body"},
    {"@seed", "uint64", "", "", "of the first agent; agent NNN has this + NNN - 1"},
    {"@modalities", "text", "", "", "JSON list of {name, unit, offset, size}"},
    {"@joints", "text", "", "", "JSON list of \"slide\" or \"hinge\""},
    {"@outcome_json", "text", "", "",
     R"(JSON {"kind": "planar_tip", "length": m, "goal": [x, z], "width": m, "tolerance": m})"},
    {"@control_period", "float64", "", "s", "of one decision"},
    {"@episode_steps", "int64", "", "", "decisions of an episode"},
    {"committed_steps", "int64", "A", "rows", "rows of each agent that count; written after they are flushed"},
    {"committed_episodes", "int64", "A", "rows", "likewise of its episode tables"},
    {"agents", "group", "", "", "NNN = 001 ... A"},
    {"agents/NNN", "group", "", "", "an agent"},
    {"agents/NNN@agent", "int64", "", "", "its number, from 1"},
    {"agents/NNN@seed", "uint64", "", "", "its own"},
    {"agents/NNN/step", "group", "", "", "a row a decision"},
    {"agents/NNN/step/episode", "int32", "R", "", "episode number from 0"},
    {"agents/NNN/step/index", "int32", "R", "", "step inside the episode from 0"},
    {"agents/NNN/step/observation", "float64", "R, S", "SI",
     "what the senses delivered before the command; NaN: it never came"},
    {"agents/NNN/step/next_observation", "float64", "R, S", "SI", "likewise after the command"},
    {"agents/NNN/step/action", "float64", "R, U", "1", "command in [-1, 1]"},
    {"agents/NNN/step/prediction", "float64", "R, S", "SI", "belief about the next observation before it came"},
    {"agents/NNN/step/prediction_error", "float64", "R, S", "SI",
     "next observation minus belief; with `agent.filter`: the last observation that came minus what was expected of "
     "it"},
    {"agents/NNN/step/predictive_std", "float64", "R, S", "SI", "standard deviation of the belief"},
    {"agents/NNN/step/precision", "float64", "R, S", "1/SI^2", "learned sensory precision"},
    {"agents/NNN/step/vfe", "float64", "R", "nats", "variational free energy = complexity - accuracy"},
    {"agents/NNN/step/accuracy", "float64", "R", "nats", "expected log likelihood after the update"},
    {"agents/NNN/step/complexity", "float64", "R", "nats", "KL from the belief before to the one after"},
    {"agents/NNN/step/information_gain", "float64", "R", "nats", "gained about the parameters by this transition"},
    {"agents/NNN/step/efe", "float64", "R", "nats",
     "expected free energy of the chosen plan = -(pragmatic + w epistemic), w = `planner.epistemic_weight`; NaN where "
     "no "
     "plan was made"},
    {"agents/NNN/step/pragmatic", "float64", "R", "nats", "log preference along its mean path, without its constant"},
    {"agents/NNN/step/epistemic", "float64", "R", "nats", "its information gain, summed over single steps"},
    {"agents/NNN/step/rejected_action", "float64", "R, K, U", "1",
     "first command of rejected candidates, best first; NaN where there were fewer"},
    {"agents/NNN/step/rejected_pragmatic", "float64", "R, K", "nats", "log preference along their mean path"},
    {"agents/NNN/step/rejected_epistemic", "float64", "R, K", "nats", "their information gain, summed over steps"},
    {"agents/NNN/step/planned", "int8", "R", "",
     "1 planned, 0 babbled or by an earlier plan, 2 evaluation (not learned from)"},
    {"agents/NNN/step/physics", "float64", "R, X", "", "whole physics state before the command (exact replay)"},
    {"agents/NNN/episode", "group", "", "", "a row an episode"},
    {"agents/NNN/episode/success", "int8", "E", "", "outcome judged on the true state"},
    {"agents/NNN/episode/decisions", "int64", "E", "decisions",
     "lived at its end, all-in; evaluation episodes do not count"},
    {"agents/NNN/episode/best_distance", "float64", "E", "m", "smallest distance of the tip to its goal"},
    {"agents/NNN/episode/hold_distance", "float64", "E", "m", "largest distance in the judged last steps"},
    {"agents/NNN/episode/log_evidence", "float64", "E", "nats", "of the model after the refit"},
    {"agents/NNN/episode/length_scale", "float64", "E, I", "input units", "learned length scale of each model input"},
    {"agents/NNN/episode/model_error", "float64", "E", "1",
     "one-step RMSE / std against the real body, on states uniform in a box that the agent never sees"},
    {"agents/NNN/episode/evaluation", "int8", "E", "", "1 where the planner was only tested"},
    {"ledger", "group", "", "", "its seconds and joules are the only datasets that differ between equal runs"},
    {"ledger/agent_wall_seconds", "float64", "A", "s", "wall time of the life; NaN while it goes on"},
    {"ledger/agent_cpu_seconds", "float64", "A", "s", "processor time of the life"},
    {"ledger/decision_seconds", "float64", "A", "s", "mean wall time of a planned decision"},
    {"ledger/samples", "float64", "A", "", "steps lived, those of tests included", "1.1"},
    {"ledger/belief_updates", "float64", "A", "",
     "transitions that its model learned from; a yoked learner's partner counts too", "1.1"},
    {"ledger/operations", "float64", "A", "",
     "floating-point operations of imagined steps, counted from the formulas of core/kernels; 0: those of this model "
     "are not counted",
     "1.1"},
    {"ledger/joules", "float64", "1", "J",
     "energy of the processors over the whole run (RAPL); NaN: not readable, or it was killed on the way", "1.1"},
};

constexpr Declared study[] = {
    {"@filetype", "text", "", "", "infans-study"},
    {"@format_version", "int64", "2", "", "major, minor"},
    {"@infans_version", "text", "", "", "of the program"},
    {"@git_hash", "text", "", "", "the commit that it was built from; -dirty: with changes"},
    {"@mujoco_version", "text", "", "", "of MuJoCo"},
    {"@isa", "text", "", "", "instruction set of the kernels"},
    {"@spec_name", "text", "", "", "what the study is called"},
    {"@protocol", "text", "", "", "what kind of participants live it"},
    {"@spec_toml", "text", "", "", "the study's file as it was"},
    {"@options_toml", "text", "", "",
     "every option of study and protocol, before groups, factors and stages change it"},
    {"@request", "text", "", "", "TOML of what the command line said: settings, agents, seed", "1.1"},
    {"@threads", "text", "", "", "of the run; any number gives the same datasets", "1.1"},
    {"@design", "text", "", "", "JSON, below"},
    {"@seed", "uint64", "", "", "of participant 1"},
    {"@tables", "text", "", "", "names of the tables, one a line: life, then the probes"},
    {"@logs", "text", "", "", "names of the logs, one a line, in the order of /committed_logs", "1.1"},
    {"committed", "int64", "P, T", "rows",
     "rows that count: of life, then of each probe in the order of `tables`; written last"},
    {"committed_logs", "int64", "P, 6", "rows",
     "rows that count of signals, physics, bodies, bodies_text, states, states_bytes; 0 where there is no such log",
     "1.1"},
    {"excluded", "int16", "P", "", "0 kept; k left out by exclusion rule k of the design, from 1; -1 its world failed"},
    {"ledger", "group", "", "",
     "what the lives have cost: seconds and joules are the only datasets that differ between equal runs"},
    {"ledger/wall_seconds", "float64", "P", "s", "wall time of the life; NaN while it goes on"},
    {"ledger/cpu_seconds", "float64", "P", "s", "processor time of the life"},
    {"ledger/samples", "float64", "P", "", "samples lived", "1.1"},
    {"ledger/belief_updates", "float64", "P", "", "updates of beliefs", "1.1"},
    {"ledger/operations", "float64", "P", "",
     "floating-point operations, as counted from the formulas; NaN: not counted", "1.1"},
    {"ledger/joules", "float64", "1", "J",
     "energy of the processors over the whole run (RAPL); NaN: not readable, or it was killed on the way", "1.1"},
    {"participants", "group", "", "", "NNNN: number in the study, from 0001, at least four digits"},
    {"participants/NNNN", "group", "", "", "a participant"},
    {"participants/NNNN@number", "int64", "", "", "in the study, from 1"},
    {"participants/NNNN@seed", "uint64", "", "", "its own"},
    {"participants/NNNN@cell", "int64", "", "", "from 0, in design.cells"},
    {"participants/NNNN@cell_name", "text", "", "", "of its cell"},
    {"participants/NNNN@stages", "text", "", "", "JSON list of {name, levels} in the order in which it lived them"},
    {"participants/NNNN/life", "float64", "R, 4 + V", "",
     "a row every `record.every` samples: `sample` (from 1), `age_days`, `seconds` (simulated), `stage` (from 0, in "
     "`stages`), then the protocol's variables"},
    {"participants/NNNN/life@columns", "text", "", "", "JSON list of {name, unit, doc}"},
    {"participants/NNNN/probes", "group", "", "", "a table a probe"},
    {"participants/NNNN/probes/NAME", "float64", "N, 5 + M", "",
     "a row a trial: `occasion` (from 0), `trial` (from 1), `age_days`, `sample` (lived before), `stage`, then the "
     "measures of the probe's kind"},
    {"participants/NNNN/probes/NAME@columns", "text", "", "", "JSON list of {name, unit, doc}"},
    {"participants/NNNN/signals", "float64", "L, 1 + W", "",
     "`sample`, then the values of the protocol's signals; which samples: `record.signals`", "1.1"},
    {"participants/NNNN/signals@signals", "text", "", "",
     "JSON list of {name, unit, doc, shape, offset}; offset: first column of it; several axes: column-major", "1.1"},
    {"participants/NNNN/physics", "float64", "H, 2 + X", "",
     "`sample`, `body` (row of bodies, from 0), then MuJoCo's mjSTATE_INTEGRATION after the sample (mj_setState)",
     "1.1"},
    {"participants/NNNN/bodies", "float64", "B, 4", "",
     "`sample` after which it was seen in it first (looked at where physics is kept, and at the ends of stages), "
     "`age_days` then, `offset` and `length` of its MJCF in bodies_text",
     "1.1"},
    {"participants/NNNN/bodies@columns", "text", "", "", "JSON list of {name, unit, doc}", "1.1"},
    {"participants/NNNN/bodies_text", "uint8", "bytes", "", "MJCF of its bodies one after another, UTF-8", "1.1"},
    {"participants/NNNN/states", "float64", "Z, 5", "",
     "`sample`, `age_days`, `stage` that ended, `offset` and `length` of the state in states_bytes", "1.1"},
    {"participants/NNNN/states@columns", "text", "", "", "JSON list of {name, unit, doc}", "1.1"},
    {"participants/NNNN/states_bytes", "uint8", "bytes", "",
     "states of the participant: its parameters among them (core/base/state.hpp; infans.state reads them)", "1.1"},
};

constexpr Declared checkpoint[] = {
    {"@filetype", "text", "", "", "infans-checkpoint", "1.1"},
    {"@format_version", "int64", "2", "", "major, minor", "1.1"},
    {"@NAME", "text", "", "", "what it is of: the same texts as the record's, one an attribute", "1.1"},
    {"state", "uint8", "bytes", "", "of core/base/state.hpp; one chunk, with a checksum over all of it", "1.1"},
};

// "a/NNNN/b" beside "a/NNNN/b": whatever stands for NAME.
bool matches(std::string_view pattern, std::string_view path) {
  const std::size_t name = pattern.find("NAME");
  if (name == std::string_view::npos) return pattern == path;
  const std::string_view before = pattern.substr(0, name), after = pattern.substr(name + 4);
  return path.size() > before.size() + after.size() && path.starts_with(before) && path.ends_with(after) &&
         path.find_first_of("/@", before.size()) >= path.size() - after.size();
}

std::string row_of(const Declared& d) {
  const std::string unit = d.unit.empty() ? "" : " (" + std::string(d.unit) + ")";
  const std::string since = d.since == "1.0" ? "" : "; since " + std::string(d.since);
  const std::string shape = d.shape.empty() ? "" : " [" + std::string(d.shape) + "]";
  return " | " + std::string(d.type) + shape + " | " + std::string(d.doc) + unit + since + " |\n";
}

}  // namespace

std::span<const Declared> declared(std::string_view filetype) {
  if (filetype == "infans-run") return run;
  if (filetype == "infans-study") return study;
  if (filetype == "infans-checkpoint") return checkpoint;
  throw std::logic_error("no file is an " + std::string(filetype));
}

const Declared& declared(std::string_view filetype, std::string_view path) {
  const auto all = declared(filetype);
  auto found = std::find_if(all.begin(), all.end(), [&](const Declared& d) { return d.path == path; });
  if (found == all.end())
    found = std::find_if(all.begin(), all.end(), [&](const Declared& d) { return matches(d.path, path); });
  if (found == all.end())
    throw std::logic_error("record: " + std::string(path) + " is not declared of an " + std::string(filetype) +
                           " (experiments/record/declaration.cpp)");
  return *found;
}

std::string declaration_markdown(std::string_view filetype) {
  std::string attributes = "| attribute | type | meaning |\n|---|---|---|\n";
  std::string objects = "| path | type, shape | meaning |\n|---|---|---|\n";
  bool any = false;
  for (const Declared& d : declared(filetype))
    if (d.path.starts_with("@")) {
      attributes += "| `" + std::string(d.path.substr(1)) + "`" + row_of(d);
    } else {
      const std::size_t at = d.path.find('@');
      const std::string path = "/" + std::string(d.path.substr(0, at));
      objects += "| `" + path + (d.type == "group" ? "/" : "") + "`" +
                 (d.is_attribute() ? ", attribute `" + std::string(d.path.substr(at + 1)) + "`" : "") + row_of(d);
      any = true;
    }
  return attributes + (any ? "\n" + objects : "");
}

}  // namespace infans::experiments
