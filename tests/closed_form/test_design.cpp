// Ages as files write them; Williams' counterbalanced orders.
#include <doctest/doctest.h>

#include <map>
#include <utility>

#include "core/base/error.hpp"
#include "experiments/run/age.hpp"
#include "experiments/run/design.hpp"
#include "tests/coin_protocol.hpp"

using namespace infans;
using namespace infans::experiments;

TEST_CASE("ages and durations") {
  const auto days = [](const char* text) { return days_of(text, "key", "file:1"); };
  CHECK(days("6 weeks") == 42.0);
  CHECK(days("1 week") == 7.0);
  CHECK(days("2.5 days") == 2.5);
  CHECK(days("12 hours") == 0.5);
  CHECK(days("12h") == 0.5);
  CHECK(days("90 min") == doctest::Approx(1.0 / 16).epsilon(1e-15));
  CHECK(days("86400 s") == doctest::Approx(1.0).epsilon(1e-15));
  CHECK(days("3 months") == 3 * 30.4375);
  CHECK(days("1 year") == 365.25);
  CHECK(days("0 days") == 0.0);
  for (const char* wrong : {"", "week", "-1 day", "3", "3 fortnights", "nan days", "3 days old", "ss"})
    CHECK_THROWS_AS(days(wrong), base::OptionError);
  CHECK(age_in_words(42.0) == "6 weeks");
  CHECK(age_in_words(7.0) == "1 week");
  CHECK(age_in_words(0.5) == "12 hours");
  CHECK(age_in_words(10.0) == "10 days");
}

TEST_CASE("in Williams' orders every level stands at every place and follows every other equally often") {
  for (int n = 1; n <= 7; ++n) {
    const auto rows = williams_orders(n);
    CHECK(static_cast<int>(rows.size()) == (n % 2 == 1 && n > 1 ? 2 * n : n));
    std::map<std::pair<int, int>, int> at, after;
    for (const auto& row : rows) {
      CHECK(static_cast<int>(row.size()) == n);
      for (int k = 0; k < n; ++k) {
        ++at[{k, row[static_cast<std::size_t>(k)]}];
        if (k > 0) ++after[{row[static_cast<std::size_t>(k - 1)], row[static_cast<std::size_t>(k)]}];
      }
    }
    CHECK(static_cast<int>(at.size()) == n * n);
    CHECK(static_cast<int>(after.size()) == n * (n - 1));
    for (const auto& [_, count] : at) CHECK(count == at.begin()->second);
    for (const auto& [_, count] : after) CHECK(count == after.begin()->second);
  }
}

TEST_CASE("participants that cannot share the orders evenly are remarked on") {
  const auto remarks = [](int participants) {
    const std::string text = tests::coin_study(
        "[population]\nparticipants = " + std::to_string(participants) +
        "\n[[factor]]\nname = \"side\"\nwithin = true\n[[factor.level]]\nname = \"a\"\n[[factor.level]]\nname = \"b\"\n"
        "[[factor.level]]\nname = \"c\"\n[[stage]]\nname = \"s\"\nsamples = 1\nwithin = \"side\"\n");
    return make_design(read_study_file(text, tests::coin_protocol(), {}))->remarks.size();
  };
  CHECK(remarks(12) == 0);  // three levels come in six orders
  CHECK(remarks(8) == 1);
}
