// The one table of what a record holds: every dataset's name, type, axes, unit, meaning and source.
// Private to this folder.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "experiments/record/h5.hpp"
#include "experiments/record/recorder.hpp"

namespace infans::experiments {

// One column of a table: where it stands, what it is, and how a row gives its values.
template <typename Row>
struct Column {
  const char* name;
  hid_t file_type;
  std::vector<hsize_t> inner;  // the axes after the rows; {}: a scalar a row
  const char* unit;
  const char* doc;
  std::function<void(const Row&, std::vector<double>&)> append;
};

template <typename Row>
Column<Row> vector_column(const char* name, std::vector<hsize_t> inner, const char* unit, const char* doc,
                          std::vector<double> Row::*member) {
  hsize_t width = 1;
  for (const hsize_t n : inner) width *= n;
  return {name, H5T_IEEE_F64LE, std::move(inner), unit, doc, [=](const Row& row, std::vector<double>& out) {
            const std::vector<double>& v = row.*member;
            if (v.size() != width)
              throw std::logic_error(std::string("Recorder: ") + name + " has " + std::to_string(v.size()) +
                                     " values, the file was declared with " + std::to_string(width));
            out.insert(out.end(), v.begin(), v.end());
          }};
}

template <typename Row, typename T>
Column<Row> scalar_column(const char* name, hid_t type, const char* unit, const char* doc, T Row::*member) {
  const auto append = [=](const Row& row, std::vector<double>& out) {
    out.push_back(static_cast<double>(row.*member));
  };
  return {name, type, {}, unit, doc, append};
}

inline std::vector<Column<StepRow>> step_columns(const RunHeader& h) {
  const auto s = static_cast<hsize_t>(h.observation_size), u = static_cast<hsize_t>(h.action_size);
  const auto k = static_cast<hsize_t>(h.rejected), p = static_cast<hsize_t>(h.physics_size);
  using R = StepRow;
  const hid_t real = H5T_IEEE_F64LE;
  return {
      scalar_column("episode", H5T_STD_I32LE, "", "episode number from 0", &R::episode),
      scalar_column("index", H5T_STD_I32LE, "", "step inside the episode from 0", &R::index),
      vector_column("observation", {s}, "SI", "before the command", &R::observation),
      vector_column("next_observation", {s}, "SI", "after the command", &R::next_observation),
      vector_column("action", {u}, "1", "command in [-1, 1]", &R::action),
      vector_column("prediction", {s}, "SI", "belief about the next observation before it came", &R::prediction),
      vector_column("prediction_error", {s}, "SI", "next observation minus belief", &R::prediction_error),
      vector_column("predictive_std", {s}, "SI", "standard deviation of the belief", &R::predictive_std),
      vector_column("precision", {s}, "1/SI^2", "learned sensory precision", &R::precision),
      scalar_column("vfe", real, "nats", "variational free energy = complexity - accuracy", &R::vfe),
      scalar_column("accuracy", real, "nats", "expected log likelihood after the update", &R::accuracy),
      scalar_column("complexity", real, "nats", "KL from the belief before to the one after", &R::complexity),
      scalar_column("information_gain", real, "nats", "gained about the parameters", &R::information_gain),
      scalar_column("efe", real, "nats", "expected free energy of the chosen plan", &R::efe),
      scalar_column("pragmatic", real, "nats", "log preference along its mean path", &R::pragmatic),
      scalar_column("epistemic", real, "nats", "its information gain, summed over steps", &R::epistemic),
      vector_column("rejected_action", {k, u}, "1", "first command of rejected candidates, best first",
                    &R::rejected_action),
      vector_column("rejected_pragmatic", {k}, "nats", "log preference along their mean path", &R::rejected_pragmatic),
      vector_column("rejected_epistemic", {k}, "nats", "their information gain, summed over steps",
                    &R::rejected_epistemic),
      scalar_column("planned", H5T_STD_I8LE, "", "1 planned, 0 babbled or by an earlier plan, 2 evaluation",
                    &R::planned),
      vector_column("physics", {p}, "", "whole physics state before the command", &R::physics),
  };
}

inline std::vector<Column<EpisodeRow>> episode_columns(const RunHeader& h) {
  using R = EpisodeRow;
  const hid_t real = H5T_IEEE_F64LE;
  return {
      scalar_column("success", H5T_STD_I8LE, "", "outcome judged on the true state", &R::success),
      scalar_column("decisions", H5T_STD_I64LE, "decisions", "lived at its end, all-in", &R::decisions),
      scalar_column("best_distance", real, "m", "smallest distance of the tip to its goal", &R::best_distance),
      scalar_column("hold_distance", real, "m", "largest distance in the judged last steps", &R::hold_distance),
      scalar_column("log_evidence", real, "nats", "of the model after the refit", &R::log_evidence),
      vector_column("length_scale", {static_cast<hsize_t>(h.model_inputs)}, "input units",
                    "learned length scale of each model input", &R::length_scale),
      scalar_column("model_error", real, "1", "one-step RMSE / std against the real body", &R::model_error),
      scalar_column("evaluation", H5T_STD_I8LE, "", "1 where the planner was only tested", &R::evaluation),
  };
}

// One dataset's values of a block, gathered (and checked) before anything is written.
using Block = std::vector<std::vector<double>>;

template <typename Row>
Block gather(const std::vector<Column<Row>>& columns, const std::vector<Row>& rows) {
  Block block(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i)
    for (const Row& row : rows) columns[i].append(row, block[i]);
  return block;
}

inline constexpr struct {
  const char *path, *unit, *doc;
  double LedgerRow::*member;
} ledger_columns[] = {
    {"ledger/agent_wall_seconds", "s", "wall time of the life", &LedgerRow::wall_seconds},
    {"ledger/agent_cpu_seconds", "s", "processor time of the life", &LedgerRow::cpu_seconds},
    {"ledger/decision_seconds", "s", "mean wall time of a planned decision", &LedgerRow::decision_seconds},
    {"ledger/samples", "", "steps lived, those of tests included", &LedgerRow::samples},
    {"ledger/belief_updates", "", "transitions that its model learned from", &LedgerRow::belief_updates},
    {"ledger/operations", "", "floating-point operations of imagined steps, as counted from the formulas",
     &LedgerRow::operations},
};

}  // namespace infans::experiments
