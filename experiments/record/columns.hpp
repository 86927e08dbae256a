// How rows of a run fill the datasets that are declared of it.
// Private to this folder.
#pragma once

#include <functional>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "experiments/record/declaration.hpp"
#include "experiments/record/h5.hpp"
#include "experiments/record/recorder.hpp"

namespace infans::experiments {

// One column of a table: what it is called, and how a row gives its values. All else is declared (declaration.cpp).
template <typename Row>
struct Column {
  const char* name;
  std::vector<hsize_t> inner;  // the axes after the rows; {}: a scalar a row
  std::function<void(const Row&, std::vector<double>&)> append;
};

// Sizes of the axes that a declared shape names.
using Sizes = std::map<std::string, int>;

inline std::vector<hsize_t> inner_of(const Declared& d, const Sizes& sizes) {
  std::vector<hsize_t> inner;
  std::istringstream axes{std::string(d.shape)};
  std::string axis;
  for (axes >> axis; axes >> axis;) {  // without the rows
    if (axis.back() == ',') axis.pop_back();
    inner.push_back(static_cast<hsize_t>(sizes.at(axis)));
  }
  return inner;
}

// A column per member of a row, each a number or a vector of the declared width.
template <typename Row>
class Columns {
 public:
  Columns(std::string group, Sizes sizes) : group_(std::move(group)), sizes_(std::move(sizes)) {}

  Columns& add(const char* name, std::vector<double> Row::*member) {
    std::vector<hsize_t> inner = inner_of(declared("infans-run", group_ + name), sizes_);
    hsize_t width = 1;
    for (const hsize_t n : inner) width *= n;
    const auto append = [=](const Row& row, std::vector<double>& out) {
      const std::vector<double>& v = row.*member;
      if (v.size() != width)
        throw std::logic_error(std::string("Recorder: ") + name + " has " + std::to_string(v.size()) +
                               " values, the file was declared with " + std::to_string(width));
      out.insert(out.end(), v.begin(), v.end());
    };
    all_.push_back({name, std::move(inner), append});
    return *this;
  }
  template <typename T>
  Columns& add(const char* name, T Row::*member) {
    const auto append = [=](const Row& row, std::vector<double>& out) {
      out.push_back(static_cast<double>(row.*member));
    };
    all_.push_back({name, {}, append});
    return *this;
  }
  std::vector<Column<Row>> take() { return std::move(all_); }

 private:
  const std::string group_;
  const Sizes sizes_;
  std::vector<Column<Row>> all_;
};

inline std::vector<Column<StepRow>> step_columns(const RunHeader& h) {
  using R = StepRow;
  return Columns<R>("agents/NNN/step/",
                    {{"S", h.observation_size}, {"U", h.action_size}, {"K", h.rejected}, {"X", h.physics_size}})
      .add("episode", &R::episode)
      .add("index", &R::index)
      .add("observation", &R::observation)
      .add("next_observation", &R::next_observation)
      .add("action", &R::action)
      .add("prediction", &R::prediction)
      .add("prediction_error", &R::prediction_error)
      .add("predictive_std", &R::predictive_std)
      .add("precision", &R::precision)
      .add("vfe", &R::vfe)
      .add("accuracy", &R::accuracy)
      .add("complexity", &R::complexity)
      .add("information_gain", &R::information_gain)
      .add("efe", &R::efe)
      .add("pragmatic", &R::pragmatic)
      .add("epistemic", &R::epistemic)
      .add("rejected_action", &R::rejected_action)
      .add("rejected_pragmatic", &R::rejected_pragmatic)
      .add("rejected_epistemic", &R::rejected_epistemic)
      .add("planned", &R::planned)
      .add("physics", &R::physics)
      .take();
}

inline std::vector<Column<EpisodeRow>> episode_columns(const RunHeader& h) {
  using R = EpisodeRow;
  return Columns<R>("agents/NNN/episode/", {{"I", h.model_inputs}})
      .add("success", &R::success)
      .add("decisions", &R::decisions)
      .add("best_distance", &R::best_distance)
      .add("hold_distance", &R::hold_distance)
      .add("log_evidence", &R::log_evidence)
      .add("length_scale", &R::length_scale)
      .add("model_error", &R::model_error)
      .add("evaluation", &R::evaluation)
      .take();
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
  const char* path;
  double LedgerRow::*member;
} ledger_columns[] = {
    {"ledger/agent_wall_seconds", &LedgerRow::wall_seconds},   {"ledger/agent_cpu_seconds", &LedgerRow::cpu_seconds},
    {"ledger/decision_seconds", &LedgerRow::decision_seconds}, {"ledger/samples", &LedgerRow::samples},
    {"ledger/belief_updates", &LedgerRow::belief_updates},     {"ledger/operations", &LedgerRow::operations},
};

}  // namespace infans::experiments
