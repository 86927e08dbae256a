#include "experiments/protocols/looking_lab.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <stdexcept>

namespace infans::experiments {
namespace {

using envs::Sequence;
using inference::SequenceModel;

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();
constexpr int three = 3;  // looks whose mean is compared

// What a trial has at hand.
struct Lab {
  const Trial& trial;
  const LookingSettings& settings;
  LookingView& view;
  SequenceModel& model;  // before any sequence, but for what laws there are
  random::Stream shown, chosen;

  Sequence sequence(envs::SequenceKind kind) { return Sequence(kind, envs::display_places, settings.law, shown); }
  // The conditions change sides from trial to trial.
  int side(bool first) const { return (trial.index % 2 == 0) == first ? 0 : 1; }
  int another(int place) {
    const auto step = 1 + static_cast<int>(shown.index(envs::display_places - 1));
    return (place + step) % envs::display_places;
  }
};

double mean(std::span<const double> x) {
  return std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
}

// How long a copy of the habituated mind looks at a thing that stays at `place`.
double test_look(const Lab& lab, int place, SeenEvent& event) {
  LookingView view = lab.view;
  SequenceModel model = lab.model;
  random::Stream chosen = lab.chosen;
  view.get_attention(lab.side(true));
  return view.look(
      lab.side(true), [&] { return place; }, model, lab.settings.longest, chosen, &event);
}

std::vector<double> habituation(Lab& lab) {
  const auto place = static_cast<int>(lab.shown.index(envs::display_places));
  lab.model.begin();
  std::vector<double> looks;
  bool habituated = false;
  double before = nothing, after = nothing;
  while (!habituated && static_cast<int>(looks.size()) < lab.settings.habituation.trials) {
    lab.view.get_attention(lab.side(true));
    looks.push_back(lab.view.look(
        lab.side(true), [&] { return place; }, lab.model, lab.settings.longest, lab.chosen));
    if (looks.size() < 2 * three) continue;
    before = mean(std::span(looks).first(three));
    after = mean(std::span(looks).last(three));
    habituated = after < lab.settings.habituation.criterion * before;
  }
  SeenEvent old, novel;
  const double familiar_look = test_look(lab, place, old);
  const double novel_look = test_look(lab, lab.another(place), novel);
  return {static_cast<double>(looks.size()),
          habituated ? 1.0 : 0.0,
          before,
          after,
          familiar_look,
          novel_look,
          novel_look / after,
          novel.account.surprise,
          novel.account.progress()};
}

// A copy sees `place` come and then how the sequence goes on from there.
double go_on(const Lab& lab, Sequence sequence, int place, SeenEvent& event) {
  LookingView view = lab.view;
  SequenceModel model = lab.model;
  random::Stream shown = lab.shown, chosen = lab.chosen;
  bool first = true;
  const auto places = [&] {
    if (!first) return sequence.next(shown);
    first = false;
    sequence.set(place);
    return place;
  };
  return view.look(lab.side(true), places, model, lab.settings.longest, chosen, &event);
}

std::vector<double> violation_of_expectation(Lab& lab) {
  Sequence sequence = lab.sequence(lab.settings.violation.kind);
  const int side = lab.side(true);
  lab.model.begin();
  lab.view.get_attention(side);
  for (int k = 0; k < lab.settings.violation.familiar; ++k) {
    const SeenEvent event = lab.view.see(side, sequence.next(lab.shown), lab.model);
    lab.view.turn_to_expected(lab.model, side, event.perceived);
  }
  Eigen::Index expected = 0;
  sequence.law().col(sequence.now()).maxCoeff(&expected);
  const int unexpected = lab.another(static_cast<int>(expected));
  SeenEvent as_expected, not_expected;
  const double look = go_on(lab, sequence, static_cast<int>(expected), as_expected);
  const double longer = go_on(lab, sequence, unexpected, not_expected);
  return {look,
          longer,
          longer / (look + longer),
          as_expected.account.surprise,
          not_expected.account.surprise,
          as_expected.account.progress(),
          not_expected.account.progress()};
}

// Two sequences at once, and a mind's models of them: first, second.
struct Two {
  std::array<int, 2> sides;
  std::array<Sequence, 2> sequences;
  std::array<SequenceModel, 2> models;

  Two(Lab& lab, const LookingSettings::Pair& pair)
      : sides{lab.side(true), lab.side(false)},
        sequences{lab.sequence(pair.first), lab.sequence(pair.second)},
        models{lab.model, lab.model} {
    for (SequenceModel& m : models) m.begin();
  }

  Shown next(random::Stream& shown) {
    Shown places = nothing_shown;
    for (std::size_t i = 0; i < 2; ++i) places[static_cast<std::size_t>(sides[i])] = sequences[i].next(shown);
    return places;
  }
  agents::LookChoice choose(Lab& lab) const {
    const SequenceModel* const of[] = {&models[0], &models[1]};
    return lab.view.looker().choose(of, sides, lab.view.world().event(), lab.chosen);
  }
};

std::vector<double> preferential_looking(Lab& lab) {
  Two two(lab, lab.settings.preferential);
  std::array<double, 3> seconds{};  // first, second, away
  double latency = nothing, first_look = nothing, switches = 0.0;
  const double event = lab.view.world().event();
  int before = -1, now = -1;  // of the two; where the eyes are, and the place that they saw last there
  lab.view.miss();
  for (int k = 0; k < lab.settings.preferential.events; ++k) {
    const agents::LookChoice choice = two.choose(lab);
    const auto at = static_cast<std::size_t>(choice.chosen);
    seconds[at] += event;
    if (choice.away()) {
      lab.view.turn_away();
      lab.view.miss(two.next(lab.shown));
      continue;
    }
    if (choice.chosen != before) now = -1;
    if (before >= 0 && choice.chosen != before) switches += 1.0;
    if (before < 0) latency = k * event, first_look = choice.chosen == 0 ? 1.0 : 0.0;
    before = choice.chosen;
    lab.view.turn_to_expected(two.models[at], two.sides[at], now);
    now = lab.view.see(two.sides[at], two.next(lab.shown), two.models[at]).perceived;
  }
  lab.view.turn_away();
  const double looked = seconds[0] + seconds[1];
  return {seconds[0], seconds[1], seconds[2], looked > 0.0 ? seconds[0] / looked : nothing,
          latency,    first_look, switches};
}

std::vector<double> forced_choice(Lab& lab) {
  Two two(lab, lab.settings.forced);
  for (const std::size_t i :
       lab.trial.index % 4 < 2 ? std::array<std::size_t, 2>{0, 1} : std::array<std::size_t, 2>{1, 0}) {
    lab.view.get_attention(two.sides[i]);
    for (int k = 0; k < lab.settings.forced.events; ++k) {
      const SeenEvent event = lab.view.see(two.sides[i], two.sequences[i].next(lab.shown), two.models[i]);
      lab.view.turn_to_expected(two.models[i], two.sides[i], event.perceived);
    }
  }
  for (int waited = 0; waited < lab.settings.longest; ++waited) {
    lab.view.miss();
    lab.view.turn_ahead();
    const agents::LookChoice choice = two.choose(lab);
    if (!choice.away())
      return {choice.chosen == 0 ? 1.0 : 0.0, waited * lab.view.world().event(),
              choice.q_pi[0] / (choice.q_pi[0] + choice.q_pi[1]), choice.expected[0], choice.expected[1]};
  }
  return {nothing, nothing, nothing, nothing, nothing};
}

}  // namespace

std::vector<ProbeKind> looking_probes() {
  const Variable pair[] = {{"looking_time_first", "s", "looked at the first sequence"},
                           {"looking_time_second", "s", "looked at the second sequence"}};
  return {
      {"habituation",
       "a toy at one place, look after look, until looks last less than half as long; then at another place",
       {{"looks", "", "until habituated, or all that there were"},
        {"habituated", "", "1: the criterion was met"},
        {"baseline_looking_time", "s", "mean of the first three looks"},
        {"habituated_looking_time", "s", "mean of the last three looks"},
        {"familiar_looking_time", "s", "test: the toy where it always was"},
        {"novel_looking_time", "s", "test: the toy at another place"},
        {"dishabituation_ratio", "", "novel_looking_time / habituated_looking_time"},
        {"surprise", "nats", "of the first novel event"},
        {"kl", "nats", "between beliefs after and before it"}}},
      {"violation_of_expectation",
       "a sequence becomes familiar and goes on as expected or not, on two copies",
       {{"looking_time_expected", "s", "from the expected event on"},
        {"looking_time_unexpected", "s", "from the unexpected event on"},
        {"proportion", "", "unexpected / (expected + unexpected)"},
        {"surprise_expected", "nats", "of the expected event"},
        {"surprise_unexpected", "nats", "of the unexpected event"},
        {"kl_expected", "nats", "between beliefs after and before the expected event"},
        {"kl_unexpected", "nats", "between beliefs after and before the unexpected event"}}},
      {"preferential_looking",
       "two sequences side by side; sides change from trial to trial",
       {pair[0],
        pair[1],
        {"looking_time_away", "s", "looked at neither"},
        {"proportion", "", "first / (first + second)"},
        {"latency", "s", "until the first look at either"},
        {"first_look", "", "1: at the first sequence, 0: at the second"},
        {"switches", "", "from one sequence to the other"}}},
      {"forced_choice",
       "both sequences have become familiar, one after the other: at which side is looked first?",
       {{"chosen", "", "1: the first sequence, 0: the second"},
        {"latency", "s", "until the choice"},
        {"p_first", "", "probability of the first sequence under q_pi, given that one is chosen"},
        {"expected_information_first", "nats", "of another event of the first sequence"},
        {"expected_information_second", "nats", "of another event of the second sequence"}}},
  };
}

std::vector<double> looking_trial(const Trial& trial, const LookingSettings& settings, std::uint64_t seed,
                                  LookingView& view, SequenceModel& model) {
  const auto step = (trial.occasion << 20) + static_cast<std::uint64_t>(trial.index);
  Lab lab{trial,
          settings,
          view,
          model,
          random::Stream({seed, 1, random::Purpose::probe, step}),
          random::Stream({seed, 1, random::Purpose::posterior_draws, step})};
  if (trial.kind == "habituation") return habituation(lab);
  if (trial.kind == "violation_of_expectation") return violation_of_expectation(lab);
  if (trial.kind == "preferential_looking") return preferential_looking(lab);
  if (trial.kind == "forced_choice") return forced_choice(lab);
  throw std::logic_error("looking: no probe of the kind " + trial.kind);
}

}  // namespace infans::experiments
