#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/parallel/crew.hpp"

using namespace infans;

TEST_CASE("every task of every round of a crew runs once") {
  for (const int threads : {0, 1, 2, 3, 8}) {
    parallel::Crew crew(threads);
    std::vector<std::atomic<int>> count(37);
    for (int round = 1; round <= 2000; ++round) {
      const int tasks = 1 + round % 37;
      crew.for_each(tasks, [&](int i) { ++count[static_cast<std::size_t>(i)]; });
      int sum = 0;
      for (auto& c : count) sum += c.exchange(0);
      REQUIRE(sum == tasks);
    }
    crew.for_each(0, [](int) { FAIL("no task was asked for"); });
  }
}

TEST_CASE("what a task wrote is seen after its round, by the caller and by the next round") {
  parallel::Crew crew(4);
  std::vector<long> value(64, 0);
  for (int round = 0; round < 500; ++round) {
    crew.for_each(64, [&](int i) { value[static_cast<std::size_t>(i)] += i; });
    long sum = 0;
    for (const long v : value) sum += v;
    REQUIRE(sum == (round + 1) * 64L * 63 / 2);
  }
}

TEST_CASE("the first exception of a round by task number arrives, after all tasks ended; the crew lives on") {
  parallel::Crew crew(3);
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> ended = 0;
    std::string message;
    try {
      crew.for_each(50, [&](int i) {
        ++ended;
        if (i % 10 == 7) throw std::runtime_error("task " + std::to_string(i));
      });
    } catch (const std::runtime_error& e) {
      message = e.what();
    }
    CHECK(message == "task 7");
    CHECK(ended == 50);
    crew.for_each(5, [&](int) { ++ended; });
    CHECK(ended == 55);
  }
}

TEST_CASE("crews come and go, used or not") {
  for (int k = 0; k < 200; ++k) {
    parallel::Crew crew(3);
    std::atomic<int> ended = 0;
    if (k % 2 == 0) crew.for_each(k, [&](int) { ++ended; });
    CHECK(ended == (k % 2 == 0 ? k : 0));
  }
}
