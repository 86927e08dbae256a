#include "experiments/protocols/looking_life.hpp"

#include <limits>
#include <numeric>

#include "core/base/archive_store.hpp"
#include "experiments/protocols/looking_lab.hpp"

namespace infans::experiments {
namespace {

constexpr std::uint64_t block_keys = std::uint64_t{1} << 40;  // steps of streams beyond every sequence's number
constexpr std::size_t three = 3;                              // looks whose mean is compared
constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

// What a partner lives through.
struct Tape {
  static constexpr std::size_t display = 0, kind = 1, place = 2, away = 3;
};

random::Stream stream(const Identity& who, random::Purpose purpose, std::uint64_t step) {
  return random::Stream({who.seed, 0, purpose, step});
}

}  // namespace

std::vector<Variable> looking_variables() {
  return {
      {"sequence", "", "number of the sequence, from 1"},
      {"kind", "", "of the sequence: 0 constant, 1 cycle, 2 biased, 3 markov, 4 random, 5 uniform"},
      {"display", "", "0 left, 1 right"},
      {"event", "", "of the sequence, from 1"},
      {"place", "", "0 above left, 1 above right, 2 below left, 3 below right"},
      {"perceived", "", "where it was seen; -1: nowhere"},
      {"anticipated", "", "1: the eyes were there before"},
      {"surprise", "nats", "-ln p of what was seen, under the belief before it"},
      {"progress", "nats", "KL between beliefs after and before: salience + novelty"},
      {"salience", "nats", "what was learned of the law: KL between weights of hypotheses"},
      {"novelty", "nats", "what was learned of its parameters: KL between Dirichlet beliefs, weighted"},
      {"expected_information", "nats", "of the next event, before the decision"},
      {"p_away", "", "probability of looking away under q_pi"},
      {"away", "", "1: looked away after the event"},
      {"noise", "", "belief that the sequence is noise"},
      {"price", "nats/s", "of time"},
      {"gaze_pan", "rad", "when the toys had risen, to the left"},
      {"gaze_tilt", "rad", "when the toys had risen, up"},
      {"vfe", "nats", "free energy of the event; inference is exact, so it is the surprise"},
  };
}

std::vector<Variable> looking_criteria() {
  return {{"habituated", "", "the last three looks of the stage lasted less than habituation.criterion of its first"}};
}

LookingLife::LookingLife(const config::Options& options, const Identity& who)
    : settings_(looking_settings(options)),
      who_(who),
      view_(settings_, 0.0, who.seed),
      model_(settings_.model),
      born_(view_.world().seconds()),
      shown_(stream(who, random::Purpose::process_noise, 0)),
      chosen_(stream(who, random::Purpose::posterior_draws, 0)) {}

void LookingLife::begin_stage(const config::Options& options) {
  settings_ = looking_settings(options);
  view_.looker().set_options(settings_.looker);
  model_.set_options(settings_.model);
  sequence_.reset();
  kinds_left_.clear();
  looks_.clear();
}

// Blocks of every kind once, each in an order of its own.
envs::SequenceKind LookingLife::next_kind() {
  if (kinds_left_.empty()) {
    random::Stream order =
        stream(who_, random::Purpose::process_noise, block_keys + static_cast<std::uint64_t>(blocks_++));
    kinds_left_.resize(settings_.kinds.size());
    std::iota(kinds_left_.begin(), kinds_left_.end(), 0);
    for (std::size_t i = kinds_left_.size(); i > 1; --i)
      std::swap(kinds_left_[i - 1], kinds_left_[order.index(static_cast<std::uint32_t>(i))]);
  }
  const int kind = kinds_left_.back();
  kinds_left_.pop_back();
  return settings_.kinds[static_cast<std::size_t>(kind)];
}

void LookingLife::begin_sequence(std::span<const double> partner) {
  ++number_;
  event_ = 0;
  shown_ = stream(who_, random::Purpose::process_noise, static_cast<std::uint64_t>(number_));
  chosen_ = stream(who_, random::Purpose::posterior_draws, static_cast<std::uint64_t>(number_));
  const envs::SequenceKind own = next_kind();
  display_ = static_cast<int>(shown_.index(envs::looking_displays));
  sequence_.emplace(own, envs::display_places, settings_.law, shown_);
  kind_ = own;
  if (!partner.empty()) {
    display_ = static_cast<int>(partner[Tape::display]);
    kind_ = static_cast<envs::SequenceKind>(partner[Tape::kind]);
  }
  model_.begin();
  view_.get_attention(display_);
}

void LookingLife::end_sequence(bool away) {
  looks_.push_back(event_ * view_.world().event());
  if (settings_.looker.learn) model_.end();
  view_.turn_away();
  if (away) {
    // It goes on, unseen.
    Shown shown = nothing_shown;
    shown[static_cast<std::size_t>(display_)] = sequence_->next(shown_);
    view_.miss(shown);
    view_.turn_away();
  }
  sequence_.reset();
}

Sample LookingLife::live(std::span<const double> partner) {
  if (!sequence_) begin_sequence(partner);
  ++event_;
  const int own = sequence_->next(shown_);
  const int place = partner.empty() ? own : static_cast<int>(partner[Tape::place]);
  const Eigen::VectorXd expected = model_.predict();
  const SeenEvent seen = view_.see(display_, place, model_);

  const inference::SequenceModel* const models[] = {&model_};
  const int displays[] = {display_};
  const agents::LookChoice choice = view_.looker().choose(models, displays, view_.world().event(), chosen_);
  const bool away = partner.empty() ? choice.away() : partner[Tape::away] == 1.0;
  const bool over = partner.empty() ? event_ >= settings_.longest : partner[Tape::away] != 0.0;
  const double tape = away ? 1.0 : over ? 2.0 : 0.0;

  const bool is_seen = seen.perceived >= 0;
  updates_ += is_seen && settings_.looker.learn ? 1 : 0;
  last_ = Event{event_, away, seen, choice, expected, model_.qs(), model_.predict(), model_.D()};
  const auto of_seen = [&](double x) { return is_seen ? x : nothing; };
  Sample sample;
  sample.values = {static_cast<double>(number_),
                   static_cast<double>(kind_),
                   static_cast<double>(display_),
                   static_cast<double>(event_),
                   static_cast<double>(place),
                   static_cast<double>(seen.perceived),
                   seen.anticipated ? 1.0 : 0.0,
                   of_seen(seen.account.surprise),
                   of_seen(seen.account.progress()),
                   of_seen(seen.account.salience),
                   of_seen(seen.account.novelty),
                   choice.expected[0],
                   choice.p_away(),
                   away ? 1.0 : 0.0,
                   model_.D()[static_cast<int>(inference::Law::noise)],
                   view_.looker().price(),
                   seen.gaze.pan,
                   seen.gaze.tilt,
                   of_seen(seen.account.surprise)};
  sample.tape = {static_cast<double>(display_), static_cast<double>(kind_), static_cast<double>(place), tape};
  if (away || over)
    end_sequence(away);
  else
    view_.turn_to_expected(model_, display_, seen.perceived);
  return sample;
}

bool LookingLife::reached(const std::string&) const {
  if (looks_.size() < 2 * three) return false;
  const double first = std::accumulate(looks_.begin(), looks_.begin() + three, 0.0);
  const double last = std::accumulate(looks_.end() - three, looks_.end(), 0.0);
  return last < settings_.habituation.criterion * first;
}

std::vector<double> LookingLife::test(const Trial& trial) {
  const LookingSettings settings = looking_settings(trial.options);
  view_.looker().set_options(settings.looker);
  model_.set_options(settings.model);
  if (sequence_) {
    view_.miss();
    view_.turn_away();
    sequence_.reset();
  }
  return looking_trial(trial, settings, who_.seed, view_, model_);
}

void LookingLife::describe(base::Archive& archive) {
  archive("view", view_)("model", model_)("born", born_)("shown", shown_)("chosen", chosen_);
  bool watching = sequence_.has_value();
  archive("watching", watching)("kind", kind_);
  if (!watching) sequence_.reset();
  random::Stream any = shown_;
  if (watching && !sequence_) sequence_.emplace(envs::SequenceKind::constant, envs::display_places, settings_.law, any);
  if (sequence_) archive("sequence", *sequence_);
  archive("display", display_)("number", number_)("event", event_)("kinds_left", kinds_left_)("blocks", blocks_);
  archive("looks", looks_)("updates", updates_);
  bool known = display_ >= 0 && display_ < envs::looking_displays;
  for (const int kind : kinds_left_) known = known && kind >= 0 && kind < std::ssize(settings_.kinds);
  if (sequence_)
    known = known && sequence_->law().rows() == envs::display_places && sequence_->now() < envs::display_places;
  base::require_state(known, "display", "there is no such display, kind or place");
}

}  // namespace infans::experiments
