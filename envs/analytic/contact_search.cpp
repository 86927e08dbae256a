#include "envs/analytic/contact_search.hpp"

#include <algorithm>
#include <string>

#include "core/base/error.hpp"

namespace infans::envs {
namespace {

class ContactSearch final : public TaskWorld {
 public:
  explicit ContactSearch(const ContactSearchOptions& options) : tolerance_(options.tolerance) {
    if (!(tolerance_ >= 1e-9 && tolerance_ <= 0.5)) {
      throw base::OptionError("tolerance", "tolerance is " + std::to_string(tolerance_) + " m; it must be 1e-9 .. 0.5");
    }
    spec_.name = "contact-search";
    spec_.modalities = {{"feeler_height", "m", 0, 1}, {"touch", "1", 1, 1}};
    spec_.action_size = 1;
    spec_.control_period = 1.0;  // a touch, taken as 1 s
    prepare(3);
  }

 private:
  enum : std::size_t { kFeeler, kTouch, kHeight, kTouched, kFree };

  // The feeler waits above the block.
  void start(random::Stream& stream) override {
    state_[kFeeler] = state_[kFree] = 1.0;
    state_[kHeight] = stream.uniform();
  }

  Outcome advance(std::span<const double> command) override {
    const double height = 0.5 * (command[0] + 1.0);
    const bool touch = height <= state_[kHeight];
    state_[kFeeler] = height;
    state_[kTouch] = touch ? 1.0 : 0.0;
    double& bound = state_[touch ? kTouched : kFree];
    bound = touch ? std::max(bound, height) : std::min(bound, height);
    return {-1.0, state_[kFree] - state_[kTouched] <= tolerance_};
  }

  double tolerance_;
};

}  // namespace

std::unique_ptr<TaskWorld> make_contact_search(const ContactSearchOptions& options) {
  return std::make_unique<ContactSearch>(options);
}

}  // namespace infans::envs
