// A state is what core/base/state.hpp says, byte for byte; what was saved comes back with the same bits, and whatever
// does not fit is a StateError that says where and names what was saved and what is there.
#include <doctest/doctest.h>

#include <bit>
#include <cstring>
#include <limits>
#include <numeric>

#include "core/base/archive_factor.hpp"
#include "core/base/archive_store.hpp"
#include "core/base/state.hpp"
#include "core/random/stream.hpp"
#include "tests/lives.hpp"

namespace {

using namespace infans;
using base::Archive;
using base::StateError;
using base::StateReader;
using base::StateWriter;
using tests::caught;
using tests::contains;
using Bytes = std::vector<std::uint8_t>;

enum class Colour { red, blue };

struct Inner {
  double x = 0.0;
  std::string word;
  void describe(Archive& a) { a("x", x)("word", word); }
  bool operator==(const Inner&) const = default;
};
struct Outer {
  int a = 0, b = 0;
  bool operator==(const Outer&) const = default;
};
void describe(Archive& archive, Outer& o) { archive("a", o.a)("b", o.b); }

struct Everything {
  bool flag = false;
  std::int8_t small = 0;
  std::uint64_t large = 0;
  Colour colour = Colour::red;
  double d = 0.0;
  float f = 0.0F;
  std::string text;
  std::array<double, 3> three{};
  std::array<std::string, 2> words;
  std::vector<int> ints;
  std::vector<bool> bits;
  std::deque<double> queue;
  std::deque<bool> flags;
  std::pair<long, std::string> pair;
  std::optional<double> none = 1.0, some;
  std::optional<Eigen::Vector3d> place;
  std::vector<std::vector<Inner>> nested;
  Eigen::Vector3d fixed = Eigen::Vector3d::Zero();
  Eigen::Matrix3Xd columns;
  Eigen::MatrixXd matrix, empty = Eigen::MatrixXd::Ones(2, 2);
  Eigen::MatrixXf floats;
  Eigen::VectorXi counts;
  Inner inner;
  Outer outer;
  random::Stream stream{{1, 2, random::Purpose::test, 3}};

  void describe(Archive& a) {
    a("flag", flag)("small", small)("large", large)("colour", colour)("d", d)("f", f)("text", text)("three", three);
    a("words", words)("ints", ints)("bits", bits)("queue", queue)("flags", flags)("pair", pair)("none", none);
    a("some", some)("place", place)("nested", nested)("fixed", fixed)("columns", columns)("matrix", matrix);
    a("empty", empty)("floats", floats)("counts", counts)("inner", inner)("outer", outer)("stream", stream);
  }
};

Everything filled() {
  Everything e;
  e.flag = true;
  e.small = -128;
  e.large = std::numeric_limits<std::uint64_t>::max();
  e.colour = Colour::blue;
  e.d = -0.0;
  e.f = std::numeric_limits<float>::denorm_min();
  e.text = std::string("a\0b", 3);
  e.three = {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN(), 5e-324};
  e.words = {"", "word"};
  e.ints = {1, -2, 3};
  e.bits = {true, false, true};
  e.queue = {0.1, 0.2};
  e.flags = {false, true};
  e.pair = {-7, "seven"};
  e.none.reset();
  e.some = 0.3;
  e.place = Eigen::Vector3d(1, 2, 3);
  e.nested = {{{1.0, "one"}, {2.0, ""}}, {}};
  e.fixed = {4, 5, 6};
  e.columns = Eigen::Matrix3Xd::Random(3, 4);
  e.matrix = Eigen::MatrixXd::Random(2, 5);
  e.empty.resize(0, 3);
  e.floats = Eigen::MatrixXf::Random(2, 2);
  e.counts = Eigen::VectorXi::LinSpaced(4, 1, 4);
  e.inner = {0.5, "half"};
  e.outer = {1, 2};
  e.stream.normal();  // one is spare
  return e;
}

template <typename T>
Bytes written(T field) {
  StateWriter writer;
  writer("x", field);
  return writer.take();
}
template <typename T>
std::string refusal(const Bytes& bytes, T value, const char* name = "x") {
  return caught<StateError>([&] {
           StateReader reader(bytes);
           reader(name, value);
           reader.finish();
         })
      .what();
}

void put(Bytes& bytes, std::size_t at, std::uint64_t value) { std::memcpy(bytes.data() + at, &value, sizeof value); }

}  // namespace

TEST_CASE("a field is kind, rank, length of the name, name, sizes, values, little endian; a group ends with a 0") {
  CHECK(written(1.5) == Bytes{3, 0, 1, 0, 'x', 0, 0, 0, 0, 0, 0, 0xf8, 0x3f});
  CHECK(written(-2) == Bytes{5, 0, 1, 0, 'x', 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff});
  CHECK(written(std::string("ab")) == Bytes{6, 1, 1, 0, 'x', 2, 0, 0, 0, 0, 0, 0, 0, 'a', 'b'});
  CHECK(written(std::vector<float>{1.0F}) == Bytes{4, 1, 1, 0, 'x', 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x3f});
  CHECK(written(Eigen::MatrixXf(Eigen::MatrixXf::Zero(1, 2))) ==
        Bytes{4, 2, 1, 0, 'x', 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  CHECK(written(std::optional<double>()) == Bytes{2, 1, 1, 0, 'x', 0, 0, 0, 0, 0, 0, 0, 0, 0});
  const Bytes group = written(Outer{1, 2});
  const Bytes a = {5, 0, 1, 0, 'a', 1, 0, 0, 0, 0, 0, 0, 0}, b = {5, 0, 1, 0, 'b', 2, 0, 0, 0, 0, 0, 0, 0};
  Bytes expected = {1, 0, 1, 0, 'x'};
  expected.insert(expected.end(), a.begin(), a.end());
  expected.insert(expected.end(), b.begin(), b.end());
  expected.push_back(0);
  CHECK(group == expected);
}

TEST_CASE("everything that can be described comes back with the same bits, whatever was there before") {
  Everything saved = filled();
  const Bytes bytes = base::state_of(saved);
  Everything restored;
  restored.nested.resize(5);
  restored.queue.resize(9);
  base::restore_state(restored, bytes);
  CHECK(base::state_of(restored) == bytes);
  CHECK(restored.flag);
  CHECK(restored.small == -128);
  CHECK(restored.large == std::numeric_limits<std::uint64_t>::max());
  CHECK(restored.colour == Colour::blue);
  CHECK(std::signbit(restored.d));
  CHECK(std::bit_cast<std::uint64_t>(restored.three[1]) == std::bit_cast<std::uint64_t>(saved.three[1]));
  CHECK(restored.text == saved.text);
  CHECK((restored.words == saved.words && restored.ints == saved.ints && restored.bits == saved.bits));
  CHECK((restored.queue == saved.queue && restored.flags == saved.flags && restored.pair == saved.pair));
  CHECK(!restored.none);
  CHECK(restored.some == 0.3);
  CHECK(*restored.place == Eigen::Vector3d(1, 2, 3));
  CHECK((restored.nested == saved.nested && restored.columns == saved.columns && restored.matrix == saved.matrix));
  CHECK(restored.empty.rows() == 0);
  CHECK(restored.empty.cols() == 3);
  CHECK((restored.floats == saved.floats && restored.counts == saved.counts));
  CHECK((restored.inner == saved.inner && restored.outer == saved.outer));
  CHECK(restored.stream.normal() == saved.stream.normal());
  CHECK(restored.stream.bits() == saved.stream.bits());
}

TEST_CASE("a Cholesky factor comes back itself: one that was updated solves with the same bits") {
  Eigen::MatrixXd a = 4.0 * Eigen::MatrixXd::Identity(3, 3);
  a(1, 0) = a(0, 1) = 1.0;
  struct Factor {
    Eigen::LLT<Eigen::MatrixXd> llt;
    void describe(Archive& archive) { archive("llt", llt); }
  } factor{a.llt()}, other, unset;
  factor.llt.rankUpdate(Eigen::Vector3d(0.1, 0.2, 0.3), 1.0);
  base::restore_state(other, base::state_of(factor));
  const Eigen::Vector3d y(1.0, 2.0, 3.0);
  CHECK(other.llt.solve(y) == factor.llt.solve(y));
  CHECK(other.llt.info() == Eigen::Success);
  base::restore_state(other, base::state_of(unset));
  CHECK(other.llt.rows() == 0);
}

TEST_CASE("of a store that doubles only what is used is saved; it comes back with its capacity") {
  struct Store {
    Eigen::MatrixXd columns, rows;
    Eigen::Index used = 0, used_rows = 0;
    void describe(Archive& archive) {
      base::describe_columns(archive, "columns", columns, used);
      base::describe_rows(archive, "rows", rows, used_rows);
    }
  };
  Store one{Eigen::MatrixXd::Constant(2, 8, 1.0), Eigen::MatrixXd::Constant(8, 2, 1.0), 3, 5}, two = one;
  two.columns.rightCols(5).setConstant(7.0);  // not used
  two.rows.bottomRows(3).setConstant(7.0);
  CHECK(base::state_of(one) == base::state_of(two));
  Store restored{Eigen::MatrixXd(2, 0), Eigen::MatrixXd(0, 2), 0, 0};
  base::restore_state(restored, base::state_of(one));
  CHECK(restored.used == 3);
  CHECK(restored.columns.cols() == 8);
  CHECK(restored.columns.leftCols(3) == one.columns.leftCols(3));
  CHECK(restored.used_rows == 5);
  CHECK(restored.rows.topRows(5) == one.rows.topRows(5));
  Store narrow{Eigen::MatrixXd(3, 0), Eigen::MatrixXd(0, 2), 0, 0};
  const Bytes bytes = base::state_of(one);
  const std::string text = caught<StateError>([&] { base::restore_state(narrow, bytes); }).what();
  CHECK(contains(text, "2 rows were saved, this program has 3"));
}

TEST_CASE("another name, kind or size is refused with what was saved and what is there") {
  CHECK(contains(refusal(written(1.5), 0.0, "weight"), "'x' (double) was saved where this program has 'weight'"));
  CHECK(contains(refusal(written(1.5), 0), "(double) was saved where this program has 'x' (integer)"));
  CHECK(contains(refusal(written(1.5), Inner{}), "this program has 'x' (a group)"));
  const std::string three = refusal(written(std::array<double, 3>{}), std::array<double, 4>{});
  CHECK(contains(three, "3 values were saved, this program has 4 values"));
  const std::string shape = refusal(written(Eigen::MatrixXd(Eigen::MatrixXd::Zero(2, 3))), Eigen::Matrix2d{});
  CHECK(contains(shape, "2 x 3 were saved, this program has 2 x 2"));
  CHECK(contains(refusal(written(std::vector<double>{1.0}), 0.0), "state 'x'"));
  // The groups around the field are named.
  struct Deep {
    Inner inner;
    void describe(Archive& a) { a("inner", inner); }
  };
  struct Other {
    Outer inner;
    void describe(Archive& a) { a("inner", inner); }
  };
  const std::string deep = refusal(written(Deep{}), Other{});
  CHECK(contains(deep, "state 'x.inner.a'"));
  CHECK(contains(deep, "'x' (double) was saved where this program has 'a' (integer)"));
}

TEST_CASE("more or less than there should be is refused") {
  struct Short {
    int a = 0;
    void describe(Archive& archive) { archive("a", a); }
  };
  struct Long {
    int a = 0, b = 0, c = 0;
    void describe(Archive& archive) { archive("a", a)("b", b)("c", c); }
  };
  CHECK(contains(refusal(written(Outer{}), Short{}), "more was saved"));
  const std::string less = refusal(written(Outer{}), Long{});
  CHECK(contains(less, "state 'x.c'"));
  CHECK(contains(less, "not saved"));
  Bytes left = written(1.5);
  left.push_back(0);
  CHECK(contains(refusal(left, 0.0), "more was saved"));
}

TEST_CASE("a state that ends anywhere before its end is refused") {
  Everything e = filled();
  const Bytes bytes = base::state_of(e);
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    Everything restored;
    CHECK_THROWS_AS(base::restore_state(restored, std::span(bytes).first(n)), StateError);
  }
}

TEST_CASE("sizes that the bytes cannot fill are refused before memory is asked for") {
  constexpr std::uint64_t huge = std::uint64_t{1} << 60;
  constexpr std::size_t sizes = 5;  // bytes before them: kind, rank, two of the length, "x"
  const auto damaged = [&](Bytes bytes, std::uint64_t rows) {
    put(bytes, sizes, rows);
    return bytes;
  };
  const std::string more = "more than the file holds";
  for (const std::uint64_t rows : {huge, std::uint64_t{3}, ~std::uint64_t{0}}) {
    CHECK(contains(refusal(damaged(written(std::vector<double>{1.0, 2.0}), rows), std::vector<double>{}), more));
    CHECK(contains(refusal(damaged(written(std::string("ab")), rows), std::string()), more));
    CHECK(
        contains(refusal(damaged(written(Eigen::VectorXd(Eigen::VectorXd::Zero(2))), rows), Eigen::VectorXd()), more));
  }
  CHECK(contains(refusal(damaged(written(std::vector<Inner>(2)), huge), std::vector<Inner>{}), more));
  // A product that overflows 64 bits, and an empty matrix as wide as can be.
  Bytes matrix = written(Eigen::MatrixXd(Eigen::MatrixXd::Zero(2, 2)));
  put(matrix, sizes, std::uint64_t{1} << 33);
  put(matrix, sizes + 8, std::uint64_t{1} << 33);
  CHECK(contains(refusal(matrix, Eigen::MatrixXd()), more));
  put(matrix, sizes, 0);
  put(matrix, sizes + 8, huge);
  CHECK(contains(refusal(matrix, Eigen::MatrixXd()), "damaged"));
}

TEST_CASE("whichever byte is damaged, a state is restored or refused, and nothing else happens") {
  Everything e = filled();
  const Bytes bytes = base::state_of(e);
  int refused = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const std::uint8_t value : {std::uint8_t{0}, std::uint8_t{1}, std::uint8_t{0x7f}, std::uint8_t{0xff}}) {
      Bytes damaged = bytes;
      damaged[at] = value;
      Everything restored;
      try {
        base::restore_state(restored, damaged);
      } catch (const StateError&) {
        ++refused;
      }
    }
  }
  CHECK(refused > 0);
}
