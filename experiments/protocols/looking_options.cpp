#include "experiments/protocols/looking_options.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"

namespace infans::experiments {
namespace {

using config::Options;
using config::OptionTable;
using config::Texts;
using envs::SequenceKind;

const Texts law_names = {"noise", "unigram", "markov"};

OptionTable world_options() {
  const Texts kinds = {"constant", "cycle", "biased", "markov", "uniform"};
  return {
      {"body.motor_noise", 0.02, 0, 0.2, {}, "", "standard deviation of the eyes' motor noise; 1 is full command"},
      {"sequence.kinds",
       kinds,
       0,
       0,
       {},
       "",
       "what sequences there are: constant, cycle, biased, markov, random, uniform; as many of each, in an order of "
       "the "
       "participant's own"},
      {"sequence.bias", 0.8, 0.25, 1, {}, "", "probability of the likeliest place in biased and markov sequences"},
      {"sequence.spread",
       0.5,
       0.05,
       100,
       {},
       "",
       "concentration of the Dirichlet that random sequences are drawn from"},
      {"sequence.event", 1.0, 0.7, 10, {}, "s", "from one event to the next; a whole multiple of 0.1 s"},
      {"sequence.longest", 60L, 1, 10000, {}, "events", "a sequence that is not left ends after so many"},
  };
}

OptionTable mind_options() {
  return {
      {"mind.epistemic_weight", 1.0, 0, 100, {}, "", "weight of expected information in the expected free energy"},
      {"mind.price", 0.05, 0, 10, {}, "nats/s", "price of time: what looking elsewhere is worth"},
      {"mind.price_rate",
       0.0,
       0,
       1,
       {},
       "",
       "share of every event in the running mean of progress that the price becomes; 0: the price stays"},
      {"mind.gamma", 40.0, 0, 10000, {}, "1/nat", "precision of policies: how surely the better one is taken"},
      {"mind.laws", law_names, 0, 0, {}, "", "laws that the mind thinks of: noise, unigram, markov"},
      {"mind.concentration", 1.0, 1e-3, 1000, {}, "events", "prior count of every place: the flatter, the larger"},
      {"mind.forgetting", 0.0, 0, 1, {}, "", "share of what was counted that every event lets fade"},
      {"mind.change",
       0.0,
       0,
       1,
       {},
       "",
       "chance that the law is another one from the next event on, as the mind has it"},
      {"mind.spread", 0.05, 0.001, 1, {}, "rad", "standard deviation of a seen direction at sensory precision 1"},
      {"mind.sensory_precision", 1.0, 1e-3, 1000, {}, "", "factor on the precision that the mind gives to its senses"},
      {"mind.efference_copy", true, 0, 0, {}, "", "whether the mind knows where it sent its eyes"},
      {"mind.learn", true, 0, 0, {}, "", "false: what is seen changes no belief"},
  };
}

OptionTable probe_options() {
  const auto& kinds = envs::sequence_kinds();
  return {
      {"habituation.criterion",
       0.5,
       0.01,
       0.99,
       {},
       "",
       "habituated when the last three looks last less than this share of the first three"},
      {"habituation.trials", 20L, 4, 1000, {}, "looks", "at most so many until the novel event"},
      {"violation_of_expectation.kind", std::string("constant"), 0, 0, kinds, "", "sequence that becomes familiar"},
      {"violation_of_expectation.familiar", 16L, 1, 10000, {}, "events", "seen before the test"},
      {"preferential_looking.first", std::string("markov"), 0, 0, kinds, "", "sequence on one side"},
      {"preferential_looking.second", std::string("uniform"), 0, 0, kinds, "", "sequence on the other side"},
      {"preferential_looking.events", 60L, 1, 10000, {}, "events", "how long both are shown"},
      {"forced_choice.first", std::string("markov"), 0, 0, kinds, "", "sequence on one side"},
      {"forced_choice.second", std::string("uniform"), 0, 0, kinds, "", "sequence on the other side"},
      {"forced_choice.familiar", 12L, 1, 10000, {}, "events", "of each before the choice"},
  };
}

SequenceKind kind_of(const std::string& name) {
  const auto& names = envs::sequence_kinds();
  return static_cast<SequenceKind>(std::find(names.begin(), names.end(), name) - names.begin());
}

const Texts& texts(const Options& o, const std::string& key) { return std::get<Texts>(o.value(key)); }

// Every word of the list one of `legal`, and at least one.
void check_words(const Options& o, const std::string& key, const Texts& legal) {
  const std::string origin = o.where(key).empty() ? "" : o.where(key) + ": ";
  const Texts& words = texts(o, key);
  if (words.empty()) throw base::OptionError(key, origin + key + " is empty; it must name at least one");
  for (const std::string& word : words)
    if (std::find(legal.begin(), legal.end(), word) == legal.end())
      throw base::OptionError(key, origin + key + " has " + config::quote(word) + "; did you mean " +
                                       config::quote(config::nearest(word, legal)) + "?");
}

void read_mind(const Options& o, LookingSettings& s) {
  agents::LookerOptions& l = s.looker;
  l.epistemic_weight = o.number("mind.epistemic_weight");
  l.price = o.number("mind.price");
  l.price_rate = o.number("mind.price_rate");
  l.gamma = o.number("mind.gamma");
  l.spread = o.number("mind.spread");
  l.sensory_precision = o.number("mind.sensory_precision");
  l.efference_copy = o.flag("mind.efference_copy");
  l.learn = o.flag("mind.learn");
  inference::SequenceOptions& m = s.model;
  m.places = envs::display_places;
  m.concentration = o.number("mind.concentration");
  m.forgetting = o.number("mind.forgetting");
  m.change = o.number("mind.change");
  const Texts& laws = texts(o, "mind.laws");
  for (std::size_t i = 0; i < law_names.size(); ++i)
    m.weights[i] = std::find(laws.begin(), laws.end(), law_names[i]) != laws.end() ? 1.0 : 0.0;
}

void read_probes(const Options& o, LookingSettings& s) {
  s.habituation = {o.number("habituation.criterion"), static_cast<int>(o.integer("habituation.trials"))};
  s.violation = {kind_of(o.text("violation_of_expectation.kind")),
                 static_cast<int>(o.integer("violation_of_expectation.familiar"))};
  s.preferential = {kind_of(o.text("preferential_looking.first")), kind_of(o.text("preferential_looking.second")),
                    static_cast<int>(o.integer("preferential_looking.events"))};
  s.forced = {kind_of(o.text("forced_choice.first")), kind_of(o.text("forced_choice.second")),
              static_cast<int>(o.integer("forced_choice.familiar"))};
}

}  // namespace

OptionTable looking_options() {
  OptionTable table = world_options();
  for (const OptionTable& part : {mind_options(), probe_options()}) table.insert(table.end(), part.begin(), part.end());
  return table;
}

LookingSettings looking_settings(const Options& o) {
  check_words(o, "sequence.kinds", envs::sequence_kinds());
  check_words(o, "mind.laws", law_names);
  LookingSettings s;
  s.world.event = o.number("sequence.event");
  s.world.motor_noise = o.number("body.motor_noise");
  for (const std::string& kind : texts(o, "sequence.kinds")) s.kinds.push_back(kind_of(kind));
  s.law = {o.number("sequence.bias"), o.number("sequence.spread")};
  s.longest = static_cast<int>(o.integer("sequence.longest"));
  read_mind(o, s);
  read_probes(o, s);
  const double steps = 10.0 * s.world.event;
  if (std::abs(steps - std::round(steps)) > 1e-9)
    throw base::OptionError("sequence.event", o.where("sequence.event") + ": sequence.event is " +
                                                  config::to_text(s.world.event) +
                                                  " s; it must be a whole multiple of 0.1 s");
  return s;
}

}  // namespace infans::experiments
