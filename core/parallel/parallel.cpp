#include "core/parallel/parallel.hpp"

#include <omp.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <vector>

namespace infans::parallel {

void for_each(int count, int threads, const std::function<void(int)>& task) {
  std::vector<std::exception_ptr> errors(static_cast<std::size_t>(std::max(0, count)));
  std::atomic<int> next{0};
  // Threads without a task would cost memory only.
  team(std::max(1, std::min(threads, count)), [&](Member&) {
    for (int i = next.fetch_add(1); i < count; i = next.fetch_add(1)) {
      try {
        task(i);
      } catch (...) {
        errors[static_cast<std::size_t>(i)] = std::current_exception();
      }
    }
  });
  for (const std::exception_ptr& e : errors)
    if (e) std::rethrow_exception(e);
}

int available_threads() { return omp_get_num_procs(); }

}  // namespace infans::parallel
