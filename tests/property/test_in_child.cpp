// What is read in a child process: its exit code, and what becomes of one that crashes or does not end.
#include <doctest/doctest.h>
#include <unistd.h>

#include <csignal>

#include "core/base/error.hpp"
#include "experiments/run/in_child.hpp"
#include "tests/lives.hpp"

using namespace infans;
using experiments::in_child;

TEST_CASE("a child's exit code is passed on, and what it changes is its own") {
  int seen = 0;
  CHECK(in_child("f", 10.0, [&] { return ++seen + 6; }) == 7);
  CHECK(seen == 0);
}

TEST_CASE("a child that crashes, or comes to no end, is a damaged file") {
  const auto said = [](double limit, const auto& work) {
    return std::string(tests::caught<base::FileError>([&] { in_child("run.h5", limit, work); }).what());
  };
  CHECK(tests::contains(said(10.0, [] { return ::raise(SIGKILL); }), "run.h5: is damaged: HDF5 ended with signal 9"));
  CHECK(tests::contains(said(0.05,
                             [] {
                               for (;;) ::pause();
                               return 0;
                             }),
                        "came to no end"));
}
