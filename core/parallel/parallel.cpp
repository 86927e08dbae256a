#include "core/parallel/parallel.hpp"

#include <omp.h>

#include <algorithm>
#include <exception>
#include <vector>

namespace infans::parallel {

void for_each(int count, int threads, const std::function<void(int)>& task) {
  std::vector<std::exception_ptr> errors(static_cast<std::size_t>(count));
  const int team = std::max(1, std::min(threads, count));  // threads without a task would cost memory only
#pragma omp parallel for schedule(dynamic, 1) num_threads(team)
  for (int i = 0; i < count; ++i) {
    try {
      task(i);
    } catch (...) {
      errors[static_cast<std::size_t>(i)] = std::current_exception();
    }
  }
  for (const std::exception_ptr& e : errors)
    if (e) std::rethrow_exception(e);
}

int available_threads() { return omp_get_num_procs(); }

}  // namespace infans::parallel
