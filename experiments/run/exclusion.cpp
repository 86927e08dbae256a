#include "experiments/run/exclusion.hpp"

#include <algorithm>
#include <cmath>

namespace infans::experiments {
namespace {

int place_of(const std::vector<Variable>& variables, const std::string& name) {
  const auto found =
      std::find_if(variables.begin(), variables.end(), [&](const Variable& v) { return v.name == name; });
  return static_cast<int>(found - variables.begin());
}

}  // namespace

Exclusions::Exclusions(const Design& d) {
  for (const Entry& e : d.study.exclusions) {
    Rule rule{&e, -1, 0, 0, 0, 0, 0, 0};
    if (const std::string& series = e.fields.text("exclude.series"); !series.empty()) {
      rule.column = place_of(d.study.protocol.variables, series);
    } else {
      const auto probe = std::find_if(d.probes.begin(), d.probes.end(), [&](const ProbePlan& p) {
        return p.entry->name() == e.fields.text("exclude.probe");
      });
      rule.probe = static_cast<int>(probe - d.probes.begin());
      rule.column = place_of(probe->kind->measures, e.fields.text("exclude.measure"));
    }
    rules_.push_back(rule);
  }
}

void Exclusions::see(Rule& r, double x) {
  if (std::isnan(x)) return;
  if (r.count++ == 0) r.first = r.smallest = r.largest = x;
  r.last = x;
  r.sum += x;
  r.smallest = std::min(r.smallest, x);
  r.largest = std::max(r.largest, x);
}

void Exclusions::see_sample(std::span<const double> values) {
  for (Rule& r : rules_)
    if (r.probe < 0) see(r, values[static_cast<std::size_t>(r.column)]);
}

void Exclusions::see_trial(int probe, std::span<const double> measures) {
  for (Rule& r : rules_)
    if (r.probe == probe) see(r, measures[static_cast<std::size_t>(r.column)]);
}

int Exclusions::verdict() const {
  for (std::size_t k = 0; k < rules_.size(); ++k) {
    const Rule& r = rules_[k];
    if (r.count == 0) continue;
    const config::Options& o = r.entry->fields;
    const std::string& at = o.text("exclude.at");
    const double value = at == "first"      ? r.first
                         : at == "last"     ? r.last
                         : at == "smallest" ? r.smallest
                         : at == "largest"  ? r.largest
                                            : r.sum / static_cast<double>(r.count);
    const bool below = !o.where("exclude.below").empty() && value < o.number("exclude.below");
    const bool above = !o.where("exclude.above").empty() && value > o.number("exclude.above");
    if (below || above) return static_cast<int>(k) + 1;
  }
  return 0;
}

void Exclusions::describe(base::Archive& a) {
  for (Rule& r : rules_)
    a("first", r.first)("last", r.last)("sum", r.sum)("smallest", r.smallest)("largest", r.largest)("count", r.count);
}

}  // namespace infans::experiments
