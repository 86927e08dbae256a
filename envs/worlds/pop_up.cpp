#include "envs/worlds/pop_up.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"

namespace infans::envs {
namespace {

constexpr int toys = looking_displays * display_places;
constexpr int eye_commands = 4;
constexpr double control_period = 0.1;
constexpr int rising = 3, sinking = 3;  // control steps; servos and eyes have settled within two

constexpr double oldest_days = 24 * days_per_month;

double days_of(long month) { return static_cast<double>(month) * days_per_month; }
long month_of(double days) { return std::lround(std::floor(std::clamp(days, 0.0, oldest_days) / days_per_month)); }

int steps_of(const PopUpOptions& o) {
  const double steps = o.event / control_period;
  if (!(o.event >= 0.7 && o.event <= 10.0) || std::abs(steps - std::round(steps)) > 1e-9)
    throw base::OptionError(
        "event", "an event of " + std::to_string(o.event) + " s; it must be 0.7 to 10 s and a whole multiple of 0.1 s");
  return static_cast<int>(std::lround(steps));
}

InfantOptions infant(const PopUpOptions& o, long month) {
  InfantOptions of;
  of.age_months = static_cast<double>(month);
  of.sex = o.sex;
  of.scene = InfantScene::seated;
  return of;
}

}  // namespace

PopUpWorld::PopUpWorld(const PopUpOptions& options, double age_days, std::uint64_t seed)
    : options_(options),
      period_(steps_of(options)),
      month_(month_of(age_days)),
      seed_(seed),
      turn_(looking_infant(infant(options, month_)).turn),
      body_(make(age_days)),
      receptors_(body_->receptors("retina")),
      action_(eye_commands + toys, -1.0) {
  random::Stream stream({seed, 0, random::Purpose::reset, 0});
  const auto first = body_->reset(stream);
  observation_.assign(first.begin(), first.end());
  for (const Modality& m : body_->spec().modalities) {
    if (m.name == "joint_position") angles_ = static_cast<std::size_t>(m.offset) + toys;
    if (m.name == "retina.identity") identity_ = static_cast<std::size_t>(m.offset);
  }
  // Once an event the retina is asked: from here on at the end of the rise.
  run(period_ - rising, {});
  seconds_ = 0.0;
}

PopUpWorld::PopUpWorld(const PopUpWorld& other)
    : options_(other.options_),
      period_(other.period_),
      month_(other.month_),
      seed_(other.seed_),
      turn_(other.turn_),
      body_(make(days_of(other.month_))),
      receptors_(other.receptors_),
      angles_(other.angles_),
      identity_(other.identity_),
      action_(other.action_),
      observation_(other.observation_),
      seconds_(other.seconds_) {
  body_->restore(saved(*other.body_));
}

std::unique_ptr<BodyWorld> PopUpWorld::make(double age_days) const {
  BodyOptions o;
  o.world.control_period = control_period;
  o.world.reset_std = 0.0;
  RetinaOptions retina;
  retina.eye = "eye_right";
  retina.field = 50.0;  // from one place of a display to all others of it, and to none of the other display
  retina.rays = options_.rays;
  retina.depth = false;
  retina.identity = true;
  retina.channel.period = period_;
  o.retina = {retina};
  MotorOptions eyes;
  eyes.actuators = {"eye_*"};
  eyes.channel.noise = options_.motor_noise;
  o.motors = {eyes};
  return make_body_world("pop_up", looking_infant(infant(options_, month_of(age_days))).mjcf, "looking_infant", o);
}

void PopUpWorld::set_age(double days) { grow(month_of(days)); }

void PopUpWorld::grow(long month) {
  if (month == month_) return;
  body_->replace_body(looking_infant(infant(options_, month)).mjcf);
  month_ = month;
}

void PopUpWorld::describe(base::Archive& archive) {
  long month = month_;
  archive("month", month);
  grow(month);
  const std::size_t commands = action_.size(), senses = observation_.size();
  archive("body", *body_)("action", action_)("observation", observation_)("seconds", seconds_);
  if (action_.size() != commands || observation_.size() != senses)
    throw base::StateError("action", "it is of a head with other eyes");
}

// Eye muscles are springs: the command whose rest the predicted angles are fulfils them.
void PopUpWorld::run(int steps, const Gaze& gaze) {
  for (const std::size_t eye : {0, 2}) {
    action_[eye] = gaze.pan / turn_;
    action_[eye + 1] = gaze.tilt / turn_;
  }
  for (int i = 0; i < steps; ++i) {
    const auto now = body_->step(action_);
    std::copy(now.begin(), now.end(), observation_.begin());
  }
  seconds_ += steps * control_period;
}

std::optional<Seen> PopUpWorld::rise(const std::array<int, looking_displays>& places, const Gaze& gaze) {
  std::fill(action_.begin() + eye_commands, action_.end(), -1.0);
  for (std::size_t d = 0; d < places.size(); ++d)
    if (places[d] >= 0) action_[eye_commands + d * display_places + static_cast<std::size_t>(places[d])] = 1.0;
  run(rising, gaze);
  return look();
}

void PopUpWorld::stay(const Gaze& gaze) { run(period_ - rising - sinking, gaze); }

void PopUpWorld::sink(const Gaze& gaze) {
  std::fill(action_.begin() + eye_commands, action_.end(), -1.0);
  run(sinking, gaze);
}

Gaze PopUpWorld::gaze() const { return {observation_[angles_ + 2], observation_[angles_ + 3]}; }

// Toys are the bodies 1 to 8. Receptors of one toy, each with the area that it stands for.
std::optional<Seen> PopUpWorld::look() const {
  std::array<Seen, toys> sum{};
  for (std::size_t r = 0; r < receptors_.size(); ++r) {
    const auto body = static_cast<int>(observation_[identity_ + r]);
    if (body < 1 || body > toys) continue;
    const Receptor& at = receptors_[r];
    for (std::size_t i = 0; i < 3; ++i)
      sum[static_cast<std::size_t>(body - 1)][i] += at.spacing * at.spacing * at.direction[i];
  }
  std::optional<Seen> nearest;
  for (Seen& s : sum) {
    const double norm = std::hypot(s[0], s[1], s[2]);
    if (norm == 0.0) continue;
    for (double& x : s) x /= norm;
    if (!nearest || s[2] < (*nearest)[2]) nearest = s;
  }
  return nearest;
}

}  // namespace infans::envs
