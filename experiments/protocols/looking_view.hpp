// A looking mind in its head before the displays: one event after the other. Life and laboratory are made of it.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>

#include "agents/sampling/looker.hpp"
#include "envs/worlds/pop_up.hpp"
#include "experiments/protocols/looking_options.hpp"

namespace infans::experiments {

// Place of the toy of every display; -1: none.
using Shown = std::array<int, envs::looking_displays>;
inline constexpr Shown nothing_shown = {-1, -1};

// The place that comes next on the display that is looked at.
using Places = std::function<int()>;

struct SeenEvent {
  int perceived = -1;        // place; -1: nothing was seen
  bool anticipated = false;  // the eyes had gone there before
  envs::Gaze gaze;           // when the toys had risen, as felt
  agents::Angles predicted_gaze = agents::Angles::Zero();
  std::optional<envs::Seen> toy;
  inference::EventAccount account;
};

class LookingView {
 public:
  // Finds the places by looking at every one once.
  LookingView(const LookingSettings& settings, double age_days, std::uint64_t seed);

  agents::Looker& looker() { return looker_; }
  const agents::Looker& looker() const { return looker_; }
  envs::PopUpWorld& world() { return world_; }
  const envs::PopUpWorld& world() const { return world_; }

  // Every event has two parts; after the constructor the first is due. First: toys rise and stay, and what is seen on
  // `display` is learned by `model` while the eyes go to it,
  SeenEvent see(int display, const Shown& places, inference::SequenceModel& model);
  SeenEvent see(int display, int place, inference::SequenceModel& model);
  // or it passes unseen, as the eyes are elsewhere or there is nothing.
  void miss(const Shown& places = nothing_shown);
  // Second: toys sink and the eyes go on.
  void turn_to_middle(int display);
  void turn_to_expected(const inference::SequenceModel& model, int display, int now);
  void turn_ahead();
  void turn_away();
  // Where the eyes were sent last.
  const agents::Angles& gaze() const { return gaze_; }

  // An event without toys, after which the eyes are on the middle of the display.
  void get_attention(int display);
  // Looks at events until away, or for `longest` of them: seconds. The first event's account goes to `first`.
  double look(int display, const Places& places, inference::SequenceModel& model, int longest, random::Stream& stream,
              SeenEvent* first = nullptr);

  void describe(base::Archive& archive) { archive("world", world_)("looker", looker_)("gaze", gaze_); }

 private:
  void turn(const agents::Angles& to);

  envs::PopUpWorld world_;
  agents::Looker looker_;
  agents::Angles gaze_ = agents::Angles::Zero();  // predicted
};

}  // namespace infans::experiments
