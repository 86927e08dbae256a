#include "envs/mujoco/senses/words.hpp"

#include <algorithm>

#include "core/base/error.hpp"

namespace infans::envs::senses {
namespace {

class Vocabulary final : public Words {
 public:
  explicit Vocabulary(const WordOptions& o) : Words(o.name, o.channel), count_(o.count), one_hot_(o.one_hot) {
    parts_ = {{o.name, "1", one_hot_ ? count_ : 1}};
  }

  void say(int word) override {
    if (word < -1 || word >= count_) {
      throw base::UserError(name() + " has the words 0 .. " + std::to_string(count_ - 1) + " and -1 for silence, not " +
                            std::to_string(word));
    }
    said_ = word;
  }
  int said() const override { return said_; }

  void sample(const Instant&, std::span<double> out) override {
    if (one_hot_) {
      std::fill(out.begin(), out.end(), 0.0);
      if (said_ >= 0) out[static_cast<std::size_t>(said_)] = 1.0;
    } else {
      out[0] = said_;
    }
  }

 private:
  int count_;
  bool one_hot_;
  int said_ = -1;
};

}  // namespace

std::unique_ptr<Words> make_words(const WordOptions& options) { return std::make_unique<Vocabulary>(options); }

}  // namespace infans::envs::senses
