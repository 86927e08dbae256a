#include "experiments/protocols/looking_view.hpp"

#include <vector>

#include "core/base/error.hpp"

namespace infans::experiments {
namespace {

using agents::Angles;

// Down to the lap: no toy is in sight from there.
const Angles aside(0.0, -0.58);

envs::Gaze gaze_of(const Angles& a) { return {a.x(), a.y()}; }

Eigen::Vector3d vector_of(const envs::Seen& s) { return {s[0], s[1], s[2]}; }

Shown only(int display, int place) {
  Shown shown = nothing_shown;
  shown[static_cast<std::size_t>(display)] = place;
  return shown;
}

// Each toy rises once while the eyes rest on the middle of its display.
std::vector<agents::Display> find_places(envs::PopUpWorld& world) {
  std::vector<agents::Display> displays;
  for (int d = 0; d < envs::looking_displays; ++d) {
    const envs::Gaze middle = envs::display_middle(d);
    agents::Display display;
    for (int p = 0; p < envs::display_places; ++p) {
      const auto seen = world.rise(only(d, p), middle);
      if (!seen) throw base::Error("looking: the toy of place " + std::to_string(p) + " was not seen");
      world.stay(middle);
      world.sink(middle);
      display.push_back(agents::direction_of(vector_of(*seen), Angles(middle.pan, middle.tilt)));
    }
    displays.push_back(display);
  }
  return displays;
}

}  // namespace

LookingView::LookingView(const LookingSettings& settings, double age_days, std::uint64_t seed)
    : world_(settings.world, age_days, seed), looker_(settings.looker, find_places(world_)) {}

void LookingView::turn(const Angles& to) {
  gaze_ = to;
  world_.sink(gaze_of(gaze_));
}

void LookingView::turn_to_middle(int display) { turn(looker_.middle(display)); }

void LookingView::turn_to_expected(const inference::SequenceModel& model, int display, int now) {
  turn(looker_.direction(display, looker_.anticipate(model, now)));
}

void LookingView::turn_ahead() { turn(Angles::Zero()); }

void LookingView::turn_away() { turn(aside); }

void LookingView::get_attention(int display) {
  miss();
  turn_to_middle(display);
}

SeenEvent LookingView::see(int display, const Shown& places, inference::SequenceModel& model) {
  SeenEvent event;
  const auto seen = world_.rise(places, gaze_of(gaze_));
  event.gaze = world_.gaze();
  event.predicted_gaze = gaze_;
  event.toy = seen;
  if (seen) {
    event.perceived = looker_.perceive(display, vector_of(*seen), gaze_);
    const Angles& there = looker_.direction(display, event.perceived);
    event.anticipated = (there - gaze_).norm() < 1e-9;
    event.account = looker_.learn(model, display, event.perceived, world_.event());
    gaze_ = there;
  }
  world_.stay(gaze_of(gaze_));
  return event;
}

SeenEvent LookingView::see(int display, int place, inference::SequenceModel& model) {
  return see(display, only(display, place), model);
}

void LookingView::miss(const Shown& places) {
  world_.rise(places, gaze_of(gaze_));
  world_.stay(gaze_of(gaze_));
  looker_.stay_away();
}

double LookingView::look(int display, const Places& places, inference::SequenceModel& model, int longest,
                         random::Stream& stream, SeenEvent* first) {
  const inference::SequenceModel* const models[] = {&model};
  const int displays[] = {display};
  for (int events = 1;; ++events) {
    const SeenEvent event = see(display, places(), model);
    if (events == 1 && first != nullptr) *first = event;
    const bool away = looker_.choose(models, displays, world_.event(), stream).away();
    if (away || events >= longest) {
      turn_away();
      return events * world_.event();
    }
    turn_to_expected(model, display, event.perceived);
  }
}

}  // namespace infans::experiments
