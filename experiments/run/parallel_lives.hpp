// Lives on threads, with what all of them together cost and what went wrong.
#pragma once

#include <exception>
#include <functional>

namespace infans::experiments {

struct Outcome {
  std::exception_ptr failure;  // null: none; where the record failed, that, and else the first life's
  double joules = 0.0;         // NaN: cannot be read here
};

// Throws base::OptionError outside 1 .. 4096.
void require_threads(int threads);

// live(k) for k = 0 .. count - 1, as long as writes(): once nothing can be written any more, nobody else begins. What
// one life throws ends that life only.
Outcome live_in_parallel(int count, int threads, const std::function<bool()>& writes,
                         const std::function<void(int)>& live);

}  // namespace infans::experiments
