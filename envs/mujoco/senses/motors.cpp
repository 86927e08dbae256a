#include "envs/mujoco/senses/motors.hpp"

#include <algorithm>

#include "envs/mujoco/senses/lookup.hpp"

namespace infans::envs::senses {

Motors::Motors(const mjModel& m, const std::vector<MotorOptions>& options, const std::string& source) {
  ranges_.resize(static_cast<std::size_t>(m.nu));
  fit(m);
  for (const MotorOptions& entry : options) {
    select(m, mjOBJ_ACTUATOR, entry.actuators, source,
           written("motor", entry.channel.origin));  // every name must exist
  }
  for (int a = 0; a < m.nactuator; ++a) {
    const std::string name = name_of(m, mjOBJ_ACTUATOR, a);
    ChannelOptions channel;
    for (const MotorOptions& entry : options) {
      if (takes(entry.actuators, name)) channel = entry.channel;
    }
    const auto first = static_cast<std::size_t>(m.actuator_ctrladr[a]);
    const auto count = static_cast<std::size_t>(m.actuator_ctrlnum[a]);
    actuators_.push_back({name, first, count});
    for (std::size_t i = first; i < first + count; ++i) {
      ChannelOptions scaled = channel;
      scaled.noise *= 0.5 * (ranges_[i].high - ranges_[i].low);
      channels_.emplace_back(scaled, 1, random::Purpose::motor_noise, static_cast<std::uint32_t>(i));
    }
  }
  start();
}

void Motors::fit(const mjModel& m) {
  for (std::size_t i = 0; i < ranges_.size(); ++i) {
    if (!m.actuator_ctrllimited[i]) continue;
    const double low = m.actuator_ctrlrange[2 * i], high = m.actuator_ctrlrange[2 * i + 1];
    ranges_[i] = {low, high, true, low == -1.0 && high == 1.0};
  }
}

void Motors::start() {
  for (std::size_t i = 0; i < channels_.size(); ++i) {
    channels_[i].fill(ranges_[i].limited ? std::clamp(0.0, ranges_[i].low, ranges_[i].high) : 0.0);
  }
}

void Motors::drive(std::span<const double> command, long k, std::uint64_t seed, double age_days, mjtNum* control) {
  for (std::size_t i = 0; i < channels_.size(); ++i) {
    const Range& range = ranges_[i];
    const double clipped = std::clamp(command[i], -1.0, 1.0);
    const double wanted = range.plain ? clipped : range.low + 0.5 * (clipped + 1.0) * (range.high - range.low);
    const double arrived = channels_[i].pass(k, seed, age_days, false, [&](std::span<double> x) { x[0] = wanted; })[0];
    control[i] = range.limited ? std::clamp(arrived, range.low, range.high) : arrived;
  }
}

std::span<Channel> Motors::of(const std::string& actuator) {
  for (const Actuator& a : actuators_) {
    if (a.name == actuator && !a.name.empty()) return {channels_.data() + a.first, a.count};
  }
  return {};
}

std::vector<std::string> Motors::names() const {
  std::vector<std::string> list(channels_.size());
  for (const Actuator& a : actuators_)
    std::fill_n(list.begin() + static_cast<std::ptrdiff_t>(a.first), a.count, a.name);
  return list;
}

}  // namespace infans::envs::senses
