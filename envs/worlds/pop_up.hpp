// A world to look at: an infant's head and eyes before two displays of four discs each, behind which toys rise, event
// after event (envs/bodies/looking_infant.hpp). The eyes go where they are told; the right one sees.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "envs/bodies/looking_infant.hpp"
#include "envs/mujoco/body.hpp"

namespace infans::envs {

struct PopUpOptions {
  double event = 1.0;         // s from one toy to the next: 0.7 to 10, a whole multiple of 0.1
  double motor_noise = 0.02;  // standard deviation of the eyes' commands, 1 being full
  int rays = 600;             // most receptors of the retina
  Sex sex = Sex::average;
};

// A unit vector in the eye's frame: x right, y up, -z the gaze.
using Seen = std::array<double, 3>;

class PopUpWorld {
 public:
  // No toy up, both eyes straight ahead. Throws base::OptionError for an option outside its range.
  PopUpWorld(const PopUpOptions& options, double age_days, std::uint64_t seed);
  PopUpWorld(const PopUpWorld& other);
  PopUpWorld& operator=(const PopUpWorld&) = delete;

  // The head grows, by the month; months above 24 count as 24.
  void set_age(double days);

  // The three parts of an event: toys rise (one a display; -1: none) under a gaze of which the commands predict where
  // it ends; they stay; they sink. At the end of the first part the eye looks: the middle of the toy that it sees, the
  // nearest to its gaze if there are two; nothing if none is in sight.
  std::optional<Seen> rise(const std::array<int, looking_displays>& places, const Gaze& gaze);
  void stay(const Gaze& gaze);
  void sink(const Gaze& gaze);

  Gaze gaze() const;  // of the right eye, as its joints are felt
  double event() const { return options_.event; }
  double seconds() const { return seconds_; }  // simulated

  const BodyWorld& body() const { return *body_; }
  void describe(base::Archive& archive);

 private:
  void grow(long month);
  void run(int steps, const Gaze& gaze);
  std::optional<Seen> look() const;
  std::unique_ptr<BodyWorld> make(double age_days) const;

  PopUpOptions options_;
  int period_;  // control steps of an event
  long month_;
  std::uint64_t seed_;
  double turn_;
  std::unique_ptr<BodyWorld> body_;
  std::vector<Receptor> receptors_;
  std::size_t angles_ = 0, identity_ = 0;  // where they begin in the observation
  std::vector<double> action_, observation_;
  double seconds_ = 0.0;
};

}  // namespace infans::envs
