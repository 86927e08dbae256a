#include <doctest/doctest.h>

#include <cmath>

#include "core/random/stream.hpp"

using namespace infans::random;

// Published answers of the generator (Random123 1.09, kat_vectors: philox4x32, 10 rounds).
TEST_CASE("philox gives the published answers") {
  CHECK(philox({0, 0, 0, 0}, {0, 0}) == std::array<std::uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
        std::array<std::uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
}

TEST_CASE("a stream is a function of its key") {
  Stream a({1, 2, Purpose::test, 3}), b({1, 2, Purpose::test, 3});
  for (int i = 0; i < 100; ++i) CHECK(a.bits() == b.bits());
  // Any part of the key changes it: 64 equal bits by chance have probability 2^-64.
  for (const Key& other : {Key{2, 2, Purpose::test, 3}, Key{1, 3, Purpose::test, 3}, Key{1, 2, Purpose::reset, 3},
                           Key{1, 2, Purpose::test, 4}, Key{2, 1, Purpose::test, 3}}) {
    Stream x({1, 2, Purpose::test, 3}), y(other);
    CHECK_FALSE((x.bits() == y.bits() && x.bits() == y.bits()));
  }
}

// n = 1e5: the standard error of a mean of N(0,1) is 0.0032, of a variance 0.0045; five of them give a false alarm rate
// below 1e-6 per check. The seed is fixed, so the outcome is too.
TEST_CASE("normal and uniform numbers have their moments") {
  Stream s({7, 0, Purpose::test, 0});
  const int n = 100000;
  double sum = 0, square = 0, third = 0, uniform = 0;
  for (int i = 0; i < n; ++i) {
    const double x = s.normal();
    sum += x;
    square += x * x;
    third += x * x * x;
    const double u = s.uniform();
    CHECK_UNARY(u > 0.0 && u < 1.0);
    uniform += u;
  }
  CHECK(std::abs(sum / n) < 5 * 0.0032);
  CHECK(std::abs(square / n - 1) < 5 * 0.0045);
  CHECK(std::abs(third / n) < 5 * std::sqrt(15.0 / n));
  CHECK(std::abs(uniform / n - 0.5) < 5 * std::sqrt(1.0 / 12 / n));
}
