// A study of a protocol: who lives what, what a probe leaves behind, what depends on the company and on threads.
#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdio>

#include "core/base/error.hpp"
#include "experiments/record/access.hpp"
#include "tests/coin_protocol.hpp"

using namespace infans;
using tests::coin_study;

namespace {

using Rows = std::vector<std::uint64_t>;  // bits

class Coins {
 public:
  explicit Coins(const std::string& rest, int threads = 1, std::vector<int> participants = {}) {
    experiments::RunRequest request;
    request.spec = folder_.write("coins.toml", coin_study(rest));
    request.out = folder_.file("out");
    request.quiet = true;
    request.threads = threads;
    request.participants = std::move(participants);
    request.protocol = tests::coin_protocol();
    path_ = folder_.file("out") + "/run.h5";
    try {
      experiments::run_study(request);
    } catch (const base::SimulationError& e) {
      failure_ = e.what();
    }
  }

  const std::string& failure() const { return failure_; }

  // A table of one participant, rows of `columns` values.
  std::vector<double> values(int number, const std::string& table) const {
    char group[32];
    std::snprintf(group, sizeof group, "/participants/%04d/", number);
    return experiments::read_values(path_, group + table);
  }
  std::vector<double> column(int number, const std::string& table, std::size_t k, std::size_t columns) const {
    const auto all = values(number, table);
    std::vector<double> one;
    for (std::size_t i = k; i < all.size(); i += columns) one.push_back(all[i]);
    return one;
  }
  Rows bits(int number, const std::string& table) const {
    Rows rows;
    for (const double x : values(number, table)) rows.push_back(std::bit_cast<std::uint64_t>(x));
    return rows;
  }
  std::vector<double> read(const std::string& dataset) const { return experiments::read_values(path_, dataset); }
  std::string text(const std::string& attribute) const { return experiments::read_text(path_, attribute); }

 private:
  tests::TemporaryFolder folder_;
  std::string path_, failure_;
};

constexpr std::size_t life_columns = 7, probe_columns = 8;
constexpr std::size_t sample = 0, age = 1, seconds = 2, stage = 3, head = 4, surprise = 5;

const std::string two_groups =
    "[population]\nparticipants = 3\n"
    "[[group]]\nname = \"fair\"\n[[group]]\nname = \"biased\"\ncoin.bias = 0.9\n"
    "[[group]]\nname = \"watching\"\nyoked_to = \"biased\"\n"
    "[[stage]]\nname = \"look\"\nsamples = 30\n";
const std::string a_probe = "[[probe]]\nname = \"p\"\nkind = \"guess\"\nevery = \"7 days\"\ntrials = 2\n";

}  // namespace

TEST_CASE("a life with and without probes is bitwise the same") {
  const Coins with(two_groups + a_probe), without(two_groups);
  for (int k = 1; k <= 9; ++k) CHECK(with.bits(k, "life") == without.bits(k, "life"));
  CHECK(with.values(1, "probes/p").size() == 5 * 2 * probe_columns);  // at 0, 7, 14, 21, 28 days
}

TEST_CASE("company, order and threads change nothing") {
  const Coins all(two_groups + a_probe, 1);
  for (const int threads : {2, 3, 4}) {
    const Coins again(two_groups + a_probe, threads);
    for (int k = 1; k <= 9; ++k) {
      CHECK(again.bits(k, "life") == all.bits(k, "life"));
      CHECK(again.bits(k, "probes/p") == all.bits(k, "probes/p"));
    }
  }
  // 8 is yoked to 5, who lives unrecorded here.
  const Coins some(two_groups + a_probe, 2, {8, 2});
  for (const int k : {2, 8}) {
    CHECK(some.bits(k, "life") == all.bits(k, "life"));
    CHECK(some.bits(k, "probes/p") == all.bits(k, "probes/p"));
  }
  CHECK_THROWS_AS(some.values(5, "life"), base::FileError);
}

TEST_CASE("a yoked participant lives what its partner saw, with a mind of its own") {
  const Coins coins(two_groups);
  for (int k = 4; k <= 6; ++k) {
    CHECK(coins.column(k + 3, "life", head, life_columns) == coins.column(k, "life", head, life_columns));
    CHECK(coins.column(k, "life", head, life_columns) != coins.column(k - 3, "life", head, life_columns));
  }
}

TEST_CASE("stages end by samples, time, age or criterion, and what they change holds in them") {
  const Coins coins(
      "[population]\nparticipants = 1\n[time]\nstart = \"10 days\"\nsample = \"12 hours\"\n"
      "[[stage]]\nname = \"a\"\nsamples = 4\ncoin.bias = 1.0\n"
      "[[stage]]\nname = \"b\"\nseconds = 3\ncoin.bias = 0.0\n"  // 0.5 s a sample
      "[[stage]]\nname = \"c\"\nuntil = \"17 days\"\ncoin.bias = 0.0\n"
      "[[stage]]\nname = \"d\"\ncriterion = \"five_heads\"\nsamples = 100\ncoin.bias = 1.0\n");
  const auto stages = coins.column(1, "life", stage, life_columns), heads = coins.column(1, "life", head, life_columns);
  const auto ages = coins.column(1, "life", age, life_columns), times = coins.column(1, "life", seconds, life_columns);
  const auto count = [&](double s) { return std::count(stages.begin(), stages.end(), s); };
  CHECK(count(0) == 4);
  CHECK(count(1) == 6);
  CHECK(count(2) == 4);  // from 15 to 17 days
  CHECK(ages[13] == 17.0);
  CHECK(times.back() == 0.5 * static_cast<double>(times.size()));
  for (std::size_t i = 0; i < heads.size(); ++i) {
    if (stages[i] == 0 || stages[i] == 3) CHECK(heads[i] == 1.0);
    if (stages[i] == 1) CHECK(heads[i] == 0.0);
  }
  double seen = 0;
  for (const double h : heads) seen += h;
  CHECK(seen == 5.0);
}

TEST_CASE("a probe comes at its ages, to the groups and stages it names, with its own options") {
  const Coins coins(
      "[population]\nparticipants = 1\n[time]\nstart = \"1 week\"\nsample = \"1 day\"\n"
      "[[group]]\nname = \"a\"\n[[group]]\nname = \"b\"\n"
      "[[stage]]\nname = \"first\"\nsamples = 10\n[[stage]]\nname = \"second\"\nsamples = 10\n"
      "[[probe]]\nname = \"aged\"\nkind = \"guess\"\nages = [\"1 week\", \"2 weeks\", \"27 days\"]\ngroups = [\"a\"]\n"
      "coin.bias = 0.25\n"
      "[[probe]]\nname = \"ends\"\nkind = \"guess\"\nstage_ends = true\nstages = \"second\"\n");
  CHECK(coins.column(1, "probes/aged", 2, probe_columns) == std::vector<double>{7, 14, 27});
  CHECK(coins.column(1, "probes/aged", 3, probe_columns) == std::vector<double>{0, 7, 20});
  CHECK(coins.values(2, "probes/aged").empty());
  CHECK(coins.column(2, "probes/ends", 3, probe_columns) == std::vector<double>{20});
  const auto guess = coins.column(1, "probes/aged", 5, probe_columns);
  const auto error = coins.column(1, "probes/aged", 6, probe_columns);
  CHECK(guess[0] == 0.5);
  for (std::size_t i = 0; i < 3; ++i) CHECK(error[i] == std::abs(guess[i] - 0.25));
}

TEST_CASE("trials of one occasion follow one another on the same copy") {
  const Coins coins(
      "[population]\nparticipants = 1\n[[stage]]\nname = \"s\"\nsamples = 1\n"
      "[[probe]]\nname = \"p\"\nkind = \"guess\"\nages = [\"0 days\"]\ntrials = 3\n");
  CHECK(coins.column(1, "probes/p", 5, probe_columns) == std::vector<double>{1.0 / 2, 2.0 / 3, 3.0 / 4});
}

TEST_CASE("factors cross with groups; within-subject levels come in counterbalanced orders") {
  const Coins coins(
      "[population]\nparticipants = 2\n[[group]]\nname = \"a\"\n[[group]]\nname = \"b\"\n"
      "[[factor]]\nname = \"metal\"\n[[factor.level]]\nname = \"gold\"\n[[factor.level]]\nname = \"tin\"\n"
      "coin.metal = \"tin\"\n"
      "[[factor]]\nname = \"side\"\nwithin = true\n[[factor.level]]\nname = \"heads\"\ncoin.bias = 1.0\n"
      "[[factor.level]]\nname = \"tails\"\ncoin.bias = 0.0\n"
      "[[stage]]\nname = \"warm\"\nsamples = 1\n[[stage]]\nname = \"look\"\nsamples = 2\nwithin = \"side\"\n");
  CHECK(coins.read("/excluded").size() == 2 * 2 * 2);
  const auto heads = [&](int k) { return coins.column(k, "life", head, life_columns); };
  for (int k = 1; k <= 8; ++k) {
    const bool heads_first = k % 2 == 1;
    const auto all = heads(k);
    const std::vector<double> seen(all.begin() + 1, all.end());
    CHECK(seen == (heads_first ? std::vector<double>{1, 1, 0, 0} : std::vector<double>{0, 0, 1, 1}));
  }
  CHECK(coins.text("design").find("\"a / tin\"") != std::string::npos);
}

TEST_CASE("exclusion rules are applied to the whole life and written") {
  const Coins coins(
      "[population]\nparticipants = 4\n[[group]]\nname = \"never\"\ncoin.bias = 0.0\n"
      "[[group]]\nname = \"always\"\ncoin.bias = 1.0\n[[stage]]\nname = \"s\"\nsamples = 5\n"
      "[[probe]]\nname = \"p\"\nkind = \"guess\"\nstage_ends = true\n"
      "[[exclude]]\nname = \"saw no heads\"\nseries = \"head\"\nat = \"largest\"\nbelow = 0.5\n"
      "[[exclude]]\nname = \"guesses high\"\nprobe = \"p\"\nmeasure = \"guess\"\nat = \"last\"\nabove = 0.8\n");
  CHECK(coins.read("/excluded") == std::vector<double>{1, 1, 1, 1, 2, 2, 2, 2});
}

TEST_CASE("matched groups have the same luck, others do not") {
  const std::string rest = "[[group]]\nname = \"a\"\n[[group]]\nname = \"b\"\n[[stage]]\nname = \"s\"\nsamples = 40\n";
  const Coins matched("[population]\nparticipants = 2\nmatched = true\n" + rest);
  const Coins free("[population]\nparticipants = 2\n" + rest);
  CHECK(matched.bits(1, "life") == matched.bits(3, "life"));
  CHECK(free.bits(1, "life") != free.bits(3, "life"));
}

TEST_CASE("only every n-th sample is written, all are lived") {
  const Coins coins("[population]\nparticipants = 1\n[record]\nevery = 4\n[[stage]]\nname = \"s\"\nsamples = 10\n");
  CHECK(coins.column(1, "life", sample, life_columns) == std::vector<double>{4, 8});
  CHECK(coins.read("/committed")[0] == 2);
}

TEST_CASE("where stages meet, a test is the old stage's, and only else the new one's; no test comes twice") {
  const std::string rest =
      "[population]\nparticipants = 1\n[[stage]]\nname = \"first\"\nsamples = 4\n[[stage]]\nname = \"second\"\n"
      "samples = 4\n[[probe]]\nname = \"p\"\nkind = \"guess\"\nevery = \"2 days\"\n";
  const Coins both(rest), second(rest + "stages = \"second\"\n"), ends(rest + "stage_ends = true\n");
  CHECK(both.column(1, "probes/p", 3, probe_columns) == std::vector<double>{0, 2, 4, 6, 8});
  CHECK(both.column(1, "probes/p", 4, probe_columns) == std::vector<double>{0, 0, 0, 1, 1});
  CHECK(second.column(1, "probes/p", 3, probe_columns) == std::vector<double>{4, 6, 8});
  CHECK(second.column(1, "probes/p", 7, probe_columns) == std::vector<double>{2, 2, 2});  // stages begun
  CHECK(ends.column(1, "probes/p", 3, probe_columns) == std::vector<double>{0, 2, 4, 6, 8});
  const Coins mixed(
      "[population]\nparticipants = 1\n[[stage]]\nname = \"s\"\nsamples = 5\n[[probe]]\nname = \"p\"\n"
      "kind = \"guess\"\nages = [\"1 day\", \"3 days\"]\nevery = \"2 days\"\n");
  CHECK(mixed.column(1, "probes/p", 3, probe_columns) == std::vector<double>{0, 1, 2, 3, 4});
}

TEST_CASE("who is yoked goes from stage to stage with its partner") {
  // The partner has seen five heads after five samples; a yoked mind that does not count never would.
  const Coins coins(
      "[population]\nparticipants = 1\n[coin]\nbias = 1.0\n[[group]]\nname = \"own\"\n[[group]]\nname = \"yoked\"\n"
      "yoked_to = \"own\"\nmind.learn = false\n[[stage]]\nname = \"a\"\nsamples = 50\ncriterion = \"five_heads\"\n"
      "[[stage]]\nname = \"b\"\nsamples = 3\n[[probe]]\nname = \"p\"\nkind = \"guess\"\nstage_ends = true\n");
  CHECK(coins.column(1, "life", stage, life_columns) == std::vector<double>{0, 0, 0, 0, 0, 1, 1, 1});
  CHECK(coins.column(2, "life", stage, life_columns) == coins.column(1, "life", stage, life_columns));
  CHECK(coins.column(2, "probes/p", 3, probe_columns) == std::vector<double>{5, 8});
}

TEST_CASE("whoever fails is left out with what it lived, and so is who would have lived through its data") {
  const Coins coins(
      "[population]\nparticipants = 2\n[[group]]\nname = \"breaks\"\ncoin.breaks = 4\n[[group]]\nname = \"yoked\"\n"
      "yoked_to = \"breaks\"\n[[group]]\nname = \"others\"\n[[stage]]\nname = \"s\"\nsamples = 10\n");
  CHECK(coins.failure().find("participant 1 (seed 1), step 3") != std::string::npos);
  CHECK(coins.read("/excluded") == std::vector<double>{-1, -1, -1, -1, 0, 0});
  CHECK(coins.column(1, "life", sample, life_columns) == std::vector<double>{1, 2, 3});
  CHECK(coins.values(3, "life").empty());
  CHECK(coins.values(5, "life").size() == 10 * life_columns);
}
