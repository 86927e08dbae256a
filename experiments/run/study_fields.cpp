#include "experiments/run/study_fields.hpp"

#include <limits>

#include "experiments/run/fault_options.hpp"

namespace infans::experiments {
namespace {

constexpr double huge = std::numeric_limits<double>::max();
constexpr long many = 1000000000;

using config::Option;
using config::Texts;

Option text(const char* key, const char* standard, const char* doc, Texts choices = {}) {
  return {key, std::string(standard), 0, 0, std::move(choices), "", doc};
}
Option name(const char* key, const char* doc) { return {key, std::string(), 0, 0, {}, "", doc, 0, true}; }
Option texts(const char* key, const char* doc) { return {key, Texts{}, 0, 0, {}, "", doc}; }
Option whole(const char* key, long standard, long low, long high, const char* unit, const char* doc) {
  return {key, standard, static_cast<double>(low), static_cast<double>(high), {}, unit, doc};
}
Option number(const char* key, const char* unit, const char* doc, double standard = 0.0, double low = -huge) {
  return {key, standard, low, huge, {}, unit, doc};
}

}  // namespace

config::OptionTable study_options() {
  config::OptionTable table = {
      text("study.name", "study", "name of the study, written into its files"),
      text("study.summary", "", "one sentence on what it asks"),
      text("study.protocol", "", "which experiment it is: a shipped protocol, or one given from Python"),
      whole("population.participants", 20, 1, 100000, "participants", "in each group (in each cell of a design)"),
      whole("population.seed", 1, 0, 2147483647, "",
            "seed of the first participant; number k has this seed + k - 1, which is its identity in every run"),
      {"population.matched",
       false,
       0,
       0,
       {},
       "",
       "participant k of every group has the same seed: the same body and luck, for paired comparisons"},
      text("time.start", "0 days", "age at the first sample"),
      text("time.sample", "1 day", "developmental time that one sample of life stands for"),
      whole("time.most_samples", 0, 0, many, "samples",
            "every life is cut off after so many, to try a study out; 0: it is lived to its end"),
      whole("record.every", 1, 1, 1000000, "samples", "a row of life is written every so many samples"),
      text("record.signals", "none",
           "when what mind and body have (`infans protocol NAME` lists it) is written: every so many samples, at the "
           "last of each stage, at events, or not at all",
           {"every", "last", "events", "none"}),
      whole("record.signals_every", 1, 1, 1000000, "samples", "of record.signals = \"every\""),
      whole("record.physics_every", 0, 0, 1000000, "samples",
            "the body and its whole state are written every so many samples, for infans-replay; 0: never"),
      {"record.states", false, 0, 0, {}, "", "the state of the mind is written at the end of each stage"},
      whole("record.compression", 1, 0, 9, "", "level of gzip (deflate) in the record; 0: none"),
      number("record.checkpoint_seconds", "s",
             "wall time between two checkpoints of a life, from which `infans resume` goes on; 0: only when stopped",
             60.0, 0.0),
  };
  const config::OptionTable debug = fault_options();
  table.insert(table.end(), debug.begin(), debug.end());
  return table;
}

config::OptionTable group_fields() {
  return {name("group.name", "what the group is called"),
          whole("group.participants", 0, 0, 100000, "participants", "0: as population.participants says"),
          text("group.yoked_to", "", "participant k lives through the tape of participant k of that group")};
}

config::OptionTable factor_fields() {
  return {name("factor.name", "what the factor is called; crosses with the groups"),
          {"factor.within", false, 0, 0, {}, "", "every participant lives the stages that name it once per level"}};
}

config::OptionTable level_fields() { return {name("level.name", "what the level is called")}; }

config::OptionTable stage_fields() {
  return {name("stage.name", "what the stage is called"),
          whole("stage.samples", 0, 0, many, "samples", "ends after so many"),
          number("stage.seconds", "s", "ends after so much simulated time", 0.0, 0.0),
          text("stage.until", "", "ends at that age, e.g. \"26 weeks\""),
          text("stage.criterion", "", "ends when the protocol's criterion is met, and else as the others say"),
          text("stage.within", "", "a within-subject factor: this stage is lived once per level"),
          texts("stage.groups", "only these groups live it; empty: all")};
}

config::OptionTable probe_fields() {
  return {name("probe.name", "what the probe is called"),
          name("probe.kind", "what the laboratory does"),
          texts("probe.ages", "when: a list of ages"),
          text("probe.every", "", "when: from the first sample on, e.g. \"2 weeks\""),
          {"probe.stage_ends", false, 0, 0, {}, "", "when: at the end of every stage"},
          whole("probe.trials", 1, 1, 100000, "trials", "at each age"),
          texts("probe.stages", "only in these stages; empty: all"),
          texts("probe.groups", "only of these groups; empty: all")};
}

config::OptionTable exclusion_fields() {
  return {name("exclude.name", "why a participant is left out"),
          text("exclude.probe", "", "the probe whose measure decides"),
          text("exclude.series", "", "or the variable of life that decides"),
          text("exclude.measure", "", "of the probe"),
          text("exclude.at", "mean", "which value of it, over the whole life",
               {"mean", "first", "last", "smallest", "largest"}),
          number("exclude.below", "", "left out below this"),
          number("exclude.above", "", "left out above this")};
}

config::OptionTable analysis_fields() {
  return {name("analysis.name", "its heading"),
          {"analysis.kind",
           std::string("compare"),
           0,
           0,
           {"growth_curve", "samples_to", "change_point", "ratio", "compare", "regression", "touches"},
           "",
           "what infans-report computes; infans.analysis says how"},
          text("analysis.probe", "", "of this probe"),
          text("analysis.series", "", "or of this variable of life"),
          text("analysis.measure", "", "of the probe"),
          texts("analysis.groups", "only these groups; empty: all"),
          texts("analysis.stages", "only these stages; empty: all"),
          text("analysis.model", "both", "growth_curve: which curve", {"gompertz", "logistic", "both"}),
          number("analysis.below", "", "samples_to: reached below this"),
          number("analysis.above", "", "samples_to: reached above this"),
          whole("analysis.hold", 1, 1, many, "", "samples_to: so many in a row"),
          whole("analysis.window", 0, 0, many, "", "samples_to: or `count` of so many"),
          whole("analysis.count", 0, 0, many, "", "samples_to: see window"),
          text("analysis.from_stage", "", "samples_to, change_point: counted from its beginning; empty: from birth"),
          text("analysis.reference", "", "the group that others are compared with; empty: every pair"),
          text("analysis.at", "last", "compare: which value of a participant", {"last", "first", "mean"}),
          text("analysis.factor", "", "compare: by the levels of this factor in place of groups"),
          texts("analysis.numerator", "ratio: stages"),
          texts("analysis.denominator", "ratio: stages"),
          text("analysis.outcome", "", "regression: a variable that is 0 or 1"),
          texts("analysis.predictors", "regression: variables of life"),
          texts("analysis.quadratic", "regression: predictors that also enter as their square"),
          number("analysis.bin", "s", "change_point, ratio: width of a bin of simulated time", 60.0, 1e-6)};
}

}  // namespace infans::experiments
