// The only door to OpenMP: independent tasks, with the first exception (by task number) rethrown after all have ended.
#pragma once

#include <functional>

namespace infans::parallel {

// Runs task(0) .. task(count - 1) on at most `threads` threads; which thread runs a task must not matter to it.
void for_each(int count, int threads, const std::function<void(int)>& task);

// Processors this process may use.
int available_threads();

}  // namespace infans::parallel
