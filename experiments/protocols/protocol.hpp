// What a developmental experiment is: a kind of participant that lives sample by sample, and what can be measured of
// it. Who lives, in which groups, stages and ages, and when it is tested, stands in a study's file; experiments/run
// reads it and calls what is declared here.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/archive.hpp"
#include "core/config/option.hpp"

namespace infans::experiments {

// A column of a table: of life, one row a sample, or of a probe, one row a trial. Words and yes-or-no are numbers whose
// meaning `doc` gives; NaN: there was nothing to measure.
struct Variable {
  std::string name, unit, doc;
};

// A test that a laboratory of the protocol can do.
struct ProbeKind {
  std::string name, doc;
  std::vector<Variable> measures;
};

// Who a participant is. Everything that is drawn for it comes from streams keyed by this seed.
struct Identity {
  int number = 1;  // in the study, from 1
  std::uint64_t seed = 1;
};

// One sample of life.
struct Sample {
  std::vector<double> values;  // one of each variable of the protocol
  std::vector<double> tape;    // what a yoked partner lives through at its same sample; empty where nobody can be yoked
};

// One trial of a probe.
struct Trial {
  const std::string& kind;
  const config::Options& options;  // as in force, with what the probe changes
  double age_days;
  std::uint64_t occasion;  // number of this test in the life, from 0: keys its random streams
  int index, trials;       // trial of this occasion, from 0, and how many there are
};

// What can be recorded of every sample beside the variables: an array of what the mind or the body has then. Names are
// paths: observation/SENSE, prediction/SENSE, belief/WHAT, error/WHAT, precision/WHAT, vfe/TERM, efe/TERM, action/WHAT,
// contact/WHAT; those of one level of a hierarchy end in its name.
struct Signal {
  std::string name, unit, doc;
  std::vector<int> shape = {};  // {}: one value
};

// What a participant has spent so far.
struct Work {
  double belief_updates = 0.0;
  double operations = 0.0;  // floating point, as counted from the formulas; NaN: not counted
};

// A mind in its body in its world. Used by one thread at a time; shares nothing that changes with another participant.
class Participant {
 public:
  virtual ~Participant() = default;

  // A stage of life begins, with all options as they are in force in it; also before the first sample. What does not
  // change goes on: the mind keeps what it learned.
  virtual void begin_stage(const config::Options& options) = 0;
  // Called before every sample and before a probe; a body that grows does so here.
  virtual void set_age(double days) = 0;
  // Decides, acts, perceives, learns. `partner` is the tape of the participant that this one is yoked to at the same
  // sample; empty for all others.
  virtual Sample live(std::span<const double> partner) = 0;
  // Simulated time lived, s.
  virtual double seconds() const = 0;
  // Whether a criterion of the protocol is met, which ends a stage.
  virtual bool reached(const std::string& criterion) const = 0;

  // A copy for the laboratory: mind and body as they are, sharing nothing that changes.
  virtual std::unique_ptr<Participant> clone() const = 0;
  // On a copy: one trial, one value of each measure of the kind. The trials of one occasion follow one another on the
  // same copy.
  virtual std::vector<double> test(const Trial& trial) = 0;

  // Everything that changes while it lives. Restored into a participant that was made with the first stage's options
  // and the same identity, and then told the stage and the age that it had when it was saved: it goes on with the same
  // bits. base::StateError where it does not fit.
  virtual void describe(base::Archive& archive) = 0;

  // Of the sample just lived: the values of Protocol::signals one after another, column-major; NaN: there was none.
  virtual std::vector<double> signals() const { return {}; }
  // Whether something happened in it that a record of events keeps: a touch, a reach that ended, a new display.
  virtual bool event() const { return false; }
  // The body as MuJoCo's own XML, as it is now, and its whole state after the sample, from which MuJoCo shows and
  // continues it (mj_setState of mjSTATE_INTEGRATION). Empty: it has none.
  virtual std::string body() const { return {}; }
  virtual std::vector<double> physics() const { return {}; }
  virtual Work work() const { return {}; }
};

struct Protocol {
  std::string name, summary;
  config::OptionTable options;      // the tables of a study's file that are this protocol's own
  std::vector<std::string> fixed;   // of them those that no stage can change: keys, or "table." for all of a table
  std::vector<Variable> variables;  // of life
  std::vector<ProbeKind> probes;
  std::vector<Variable> criteria;  // names by which a stage can end
  bool yoked = false;              // whether a participant can live through another's tape
  // Of participants with these options, the same in all their stages and at all their ages. Null: none.
  std::function<std::vector<Signal>(const config::Options&)> signals = {};
  // Throws base::UserError for options that do not fit together, before anything is lived.
  std::function<std::unique_ptr<Participant>(const config::Options&, const Identity&)> make;
};

// The shipped protocols, one a file of this folder.
std::vector<Protocol> shipped_protocols();
Protocol habit_protocol();
Protocol body_map_protocol();
Protocol growth_protocol();
Protocol mobile_protocol();
Protocol looking_protocol();

}  // namespace infans::experiments
