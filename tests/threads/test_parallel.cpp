#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/parallel/parallel.hpp"

using namespace infans;

TEST_CASE("every task runs once on any number of threads") {
  for (const int threads : {1, 2, 3, 4, 8}) {
    std::vector<std::atomic<int>> count(100);
    parallel::for_each(100, threads, [&](int i) { ++count[static_cast<std::size_t>(i)]; });
    for (const auto& c : count) CHECK(c == 1);
  }
}

TEST_CASE("the first exception by task number arrives, after all tasks ended") {
  for (const int threads : {1, 2, 4, 16}) {
    std::atomic<int> ended = 0;
    std::string message;
    try {
      parallel::for_each(50, threads, [&](int i) {
        ++ended;
        if (i % 10 == 7) throw std::runtime_error("task " + std::to_string(i));
      });
    } catch (const std::runtime_error& e) {
      message = e.what();
    }
    CHECK(message == "task 7");
    CHECK(ended == 50);
  }
}
