// What goes into a study's record comes out bit for bit, also when it was written in two sittings.
#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "experiments/record/access.hpp"
#include "experiments/record/checkpoint.hpp"
#include "experiments/record/study_recorder.hpp"
#include "tests/crash/known_rows.hpp"

using namespace infans;
using namespace infans::test;
using doctest::Contains;
using experiments::Checkpoint;
using experiments::inspect_study;
using experiments::read_values;
using experiments::StudyHeader;
using experiments::StudyRecorder;
using experiments::StudySummary;

namespace {

constexpr int life_columns = 5, probe_columns = 7, signal_columns = 9, physics_size = 4;

// Three people; the second has no logs.
StudyHeader study_header(int compression = 1) {
  StudyHeader h;
  h.texts = {{"infans_version", "0.1.0"}, {"spec_name", "known"}, {"spec_toml", "a = 1\nb = 2\n"}, {"threads", "2"}};
  h.seed = 5;
  h.compression = compression;
  h.life = {"life", "[]", life_columns};
  h.probes = {{"first", "[]", probe_columns}, {"second", "[]", probe_columns}};
  for (int k = 1; k <= 3; ++k) {
    StudyHeader::Person p{k, k % 2, 5 + static_cast<std::uint64_t>(k), "cell", "[]", "[]", 0, 0, false, false};
    if (k != 2) {
      p.signals = signal_columns;
      p.physics = physics_size;
      p.bodies = p.states = true;
    }
    h.people.push_back(p);
  }
  return h;
}

std::vector<double> known_table(int person, int table, long first, long rows, int columns) {
  std::vector<double> values;
  for (long r = first; r < first + rows; ++r)
    for (int c = 0; c < columns; ++c) values.push_back(known(person, r, table, static_cast<std::size_t>(c)));
  return values;
}

std::string mjcf_of(int person, long row) { return "<mujoco>" + std::to_string(100 * person + row) + "</mujoco>"; }

std::vector<std::uint8_t> state_of(long row) {
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(3 + row));
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(17 * row + static_cast<long>(i));
  return bytes;
}

// Block number `block` of `rows` rows of life and signals: one probe row, one body, one state each.
StudyRecorder::Block known_block(int person, long block, long rows, bool with_logs) {
  StudyRecorder::Block b;
  b.life = known_table(person, 0, block * rows, rows, life_columns);
  b.probes = {known_table(person, 1, block, 1, probe_columns), {}};
  if (!with_logs) return b;
  b.signals = known_table(person, 3, block * rows, rows, signal_columns);
  b.physics = known_table(person, 4, block, 1, 2 + physics_size);
  b.bodies = {{static_cast<double>(block * rows), 1.5, mjcf_of(person, block)}};
  b.states = {{static_cast<double>(block * rows), 2.5, static_cast<double>(block), state_of(block)}};
  return b;
}

void commit_blocks(StudyRecorder& recorder, int index, long first, long last, long rows) {
  for (long i = first; i < last; ++i) recorder.commit(index, known_block(index + 1, i, rows, index != 1));
}

std::string person(int number) { return "participants/000" + std::to_string(number) + "/"; }

// The first `rows` rows of a dataset, without what is not counted.
std::vector<double> counted(const std::string& path, const std::string& dataset, long rows, int columns) {
  std::vector<double> all = read_values(path, dataset);
  const auto n = static_cast<std::size_t>(rows * columns);
  REQUIRE(all.size() >= n);
  all.resize(n);
  return all;
}

// That of person `number` exactly these blocks count.
void check_person(const std::string& path, int number, long blocks, long rows) {
  CAPTURE(number);
  const StudySummary s = inspect_study(path);
  const StudySummary::Person& p = s.people.at(static_cast<std::size_t>(number - 1));
  CHECK(p.rows == std::vector<std::int64_t>{blocks * rows, blocks, 0});
  CHECK(counted(path, person(number) + "life", blocks * rows, life_columns) ==
        known_table(number, 0, 0, blocks * rows, life_columns));
  CHECK(counted(path, person(number) + "probes/first", blocks, probe_columns) ==
        known_table(number, 1, 0, blocks, probe_columns));
  const std::vector<double> all = read_values(path, "committed_logs");
  const auto at = static_cast<std::size_t>(6 * (number - 1));
  const std::vector<double> logs(all.begin() + static_cast<std::ptrdiff_t>(at),
                                 all.begin() + static_cast<std::ptrdiff_t>(at + 6));
  if (number == 2) {
    CHECK(logs == std::vector<double>(6, 0.0));
    return;
  }
  const auto n = static_cast<double>(blocks);
  std::string texts;
  std::vector<double> bodies, states, bytes;
  for (long i = 0; i < blocks; ++i) {
    const std::string text = mjcf_of(number, i);
    const std::vector<std::uint8_t> state = state_of(i);
    const auto sample = static_cast<double>(i * rows);
    bodies.insert(bodies.end(), {sample, 1.5, static_cast<double>(texts.size()), static_cast<double>(text.size())});
    states.insert(states.end(), {sample, 2.5, static_cast<double>(i), static_cast<double>(bytes.size()),
                                 static_cast<double>(state.size())});
    texts += text;
    bytes.insert(bytes.end(), state.begin(), state.end());
  }
  CHECK(logs == std::vector<double>{n * static_cast<double>(rows), n, n, static_cast<double>(texts.size()), n,
                                    static_cast<double>(bytes.size())});
  CHECK(counted(path, person(number) + "signals", blocks * rows, signal_columns) ==
        known_table(number, 3, 0, blocks * rows, signal_columns));
  CHECK(counted(path, person(number) + "physics", blocks, 2 + physics_size) ==
        known_table(number, 4, 0, blocks, 2 + physics_size));
  CHECK(counted(path, person(number) + "bodies", blocks, 4) == bodies);
  CHECK(counted(path, person(number) + "states", blocks, 5) == states);
  CHECK(counted(path, person(number) + "bodies_text", static_cast<long>(texts.size()), 1) ==
        std::vector<double>(texts.begin(), texts.end()));
  CHECK(counted(path, person(number) + "states_bytes", static_cast<long>(bytes.size()), 1) == bytes);
}

}  // namespace

TEST_CASE("a study's tables and logs come back bit for bit, compressed or not") {
  for (const int compression : {0, 1, 9}) {
    CAPTURE(compression);
    const Directory d;
    const std::string path = d.file("run.h5");
    {
      StudyRecorder recorder(path, study_header(compression));
      for (int k = 0; k < 3; ++k) commit_blocks(recorder, k, 0, 7, 30);  // across chunk borders
      CHECK(recorder.rows(0) == std::vector<std::int64_t>{210, 7, 0, 210, 7, 7, 7});
      CHECK(recorder.rows(1) == std::vector<std::int64_t>{210, 7, 0, 0, 0, 0, 0});
      recorder.commit_end(0, 2, {1.0, 2.0, 3.0, 4.0, NAN});
      recorder.commit_energy(6.5);
      recorder.close();
    }
    for (int number = 1; number <= 3; ++number) check_person(path, number, 7, 30);
    CHECK(read_values(path, "ledger/samples").at(0) == 3.0);
    CHECK(read_values(path, "ledger/belief_updates").at(0) == 4.0);
    CHECK(std::isnan(read_values(path, "ledger/operations").at(0)));
    CHECK(read_values(path, "ledger/joules") == std::vector<double>{6.5});
    CHECK(read_values(path, "excluded") == std::vector<double>{2, 0, 0});
    CHECK(inspect_study(path).people[0].ended);
    CHECK_FALSE(inspect_study(path).people[1].ended);
  }
}

TEST_CASE("a closed record is gone on with where it ended") {
  const Directory d;
  const std::string path = d.file("run.h5");
  {
    StudyRecorder recorder(path, study_header());
    commit_blocks(recorder, 0, 0, 3, 30);
    commit_blocks(recorder, 1, 0, 5, 30);
    recorder.commit_end(1, 0, {1.0});
  }
  {
    StudyRecorder recorder(path, study_header(), StudyRecorder::Resume{});
    CHECK(recorder.rows(0) == std::vector<std::int64_t>{90, 3, 0, 90, 3, 3, 3});
    CHECK(recorder.ended(1));
    CHECK_FALSE(recorder.ended(0));
    CHECK(recorder.rewind(0, recorder.rows(0)));
    commit_blocks(recorder, 0, 3, 7, 30);
    commit_blocks(recorder, 2, 0, 2, 30);
  }
  check_person(path, 1, 7, 30);
  check_person(path, 2, 5, 30);
  check_person(path, 3, 2, 30);
  CHECK_FALSE(std::filesystem::exists(path + ".crashed"));  // nothing was wrong with it
}

TEST_CASE("what is lived again after a checkpoint must be the same, and stays as it was written") {
  const Directory d;
  const std::string path = d.file("run.h5");
  {
    StudyRecorder recorder(path, study_header());
    for (int k = 0; k < 3; ++k) commit_blocks(recorder, k, 0, 5, 30);
    recorder.commit_end(0, 1, {1.0});
  }
  {
    StudyRecorder recorder(path, study_header(), StudyRecorder::Resume{});
    CHECK_FALSE(recorder.rewind(0, {151, 3, 0, 90, 3, 3, 3}));  // more than there is
    CHECK(recorder.rewind(0, {90, 3, 0, 90, 3, 3, 3}));
    CHECK(recorder.rows(0) == std::vector<std::int64_t>{90, 3, 0, 90, 3, 3, 3});
    CHECK_FALSE(recorder.ended(0));
    commit_blocks(recorder, 0, 3, 4, 30);
    CHECK(recorder.rewind(2, std::vector<std::int64_t>(7, 0)));  // from birth, while another writes
    for (long i = 0; i < 3; ++i) recorder.commit(2, known_block(3, i, 30, true));
    recorder.sync();
    CHECK(inspect_study(path).people[2].rows[0] == 150);  // nothing is lost if it is killed here
    commit_blocks(recorder, 2, 3, 9, 30);                 // over the end of what is there
  }
  check_person(path, 1, 5, 30);
  check_person(path, 2, 5, 30);
  check_person(path, 3, 9, 30);
}

TEST_CASE("a life that comes out differently than the record has it is an error") {
  const Directory d;
  const std::string path = d.file("run.h5");
  {
    StudyRecorder recorder(path, study_header());
    commit_blocks(recorder, 0, 0, 5, 30);
  }
  StudyRecorder recorder(path, study_header(), StudyRecorder::Resume{});
  REQUIRE(recorder.rewind(0, {90, 3, 0, 90, 3, 3, 3}));
  StudyRecorder::Block block = known_block(1, 3, 30, true);
  block.signals[10] = std::nextafter(block.signals[10], 1e9);
  recorder.commit(0, block);
  CHECK_THROWS_WITH_AS(recorder.sync(), Contains("participants/0001/signals: what is lived again differs"),
                       base::FileError);
}

TEST_CASE("a record is gone on with only by what it was made for") {
  const Directory d;
  const std::string path = d.file("run.h5");
  { StudyRecorder(path, study_header()).close(); }
  const auto refused = [&](const StudyHeader& h, const char* text) {
    CHECK_THROWS_WITH_AS(StudyRecorder(path, h, StudyRecorder::Resume{}), Contains(text), base::FileError);
  };
  StudyHeader h = study_header();
  h.texts[2].second = "a = 1\nb = 3\n";
  refused(h, "another spec_toml: it has 'b = 2', and here it is 'b = 3'");
  h = study_header();
  h.people[2].seed = 99;
  refused(h, "another seed of participant 3: it has '8', and here it is '99'");
  h = study_header();
  h.people[0].physics = 0;
  refused(h, "another physics of participant 1");
  h = study_header();
  h.people.pop_back();
  refused(h, "number of participants: it has '3', and here it is '2'");
  h = study_header();
  h.texts[3].second = "8";  // threads
  CHECK_NOTHROW(StudyRecorder(path, h, StudyRecorder::Resume{}));
}

TEST_CASE("a second writer is refused while the first writes, and the first goes on") {
  const Directory d;
  const std::string path = d.file("run.h5");
  StudyRecorder first(path, study_header());
  commit_blocks(first, 0, 0, 1, 30);
  CHECK_THROWS_WITH_AS(StudyRecorder(path, study_header(), StudyRecorder::Resume{}), Contains("being written"),
                       base::FileError);
  CHECK_THROWS_WITH_AS(StudyRecorder(path, study_header()), Contains("never overwritten"), base::FileError);
  commit_blocks(first, 0, 1, 3, 30);
  first.close();
  check_person(path, 1, 3, 30);
}

TEST_CASE("a record that is removed while it is written is an error that says so") {
  const Directory d;
  const std::string path = d.file("run.h5");
  StudyRecorder recorder(path, study_header());
  commit_blocks(recorder, 0, 0, 1, 30);
  std::filesystem::remove(path);
  CHECK_THROWS_WITH_AS(recorder.sync(), Contains("removed or replaced"), base::FileError);
  CHECK_THROWS_WITH_AS(recorder.commit(0, known_block(1, 1, 30, true)), Contains("removed"), base::FileError);
}

TEST_CASE("rows of a wrong size, and logs that were not declared, are refused, and the record goes on") {
  const Directory d;
  StudyRecorder recorder(d.file("run.h5"), study_header());
  StudyRecorder::Block block = known_block(1, 0, 30, true);
  block.signals.pop_back();
  CHECK_THROWS_WITH_AS(recorder.commit(0, block), Contains("signals has 9 columns"), std::logic_error);
  CHECK_THROWS_WITH_AS(recorder.commit(1, known_block(2, 0, 30, true)), Contains("no signals"), std::logic_error);
  CHECK(recorder.rows(0) == std::vector<std::int64_t>(7, 0));
  commit_blocks(recorder, 0, 0, 2, 30);
  recorder.close();
  check_person(d.file("run.h5"), 1, 2, 30);
}

TEST_CASE("a checkpoint comes back as it was, the one before it stays, and a damaged one is refused") {
  const Directory d;
  const std::string path = d.file("0001.h5");
  Checkpoint a{{{"program", "0.1.0 µ"}, {"options_toml", std::string(100'000, 'x')}}, state_of(5000)};
  experiments::write_checkpoint(path, a);
  Checkpoint b = a;
  b.state.clear();
  experiments::write_checkpoint(path, b);
  CHECK(experiments::read_checkpoint(path).state.empty());
  const Checkpoint before = experiments::read_checkpoint(path + ".previous");
  CHECK(before.state == a.state);
  CHECK(std::vector(before.texts) == std::vector<std::pair<std::string, std::string>>{a.texts[1], a.texts[0]});

  std::fstream file(path + ".previous", std::ios::in | std::ios::out | std::ios::binary);
  const std::string content{std::istreambuf_iterator<char>(file), {}};
  const auto at = content.find(std::string(a.state.begin() + 2000, a.state.begin() + 2064));
  REQUIRE(at != std::string::npos);
  file.seekp(static_cast<std::streamoff>(at)).put(static_cast<char>(content[at] ^ 1));
  file.close();
  CHECK_THROWS_WITH_AS(experiments::read_checkpoint(path + ".previous"), Contains("checksum"), base::FileError);
  CHECK_THROWS_WITH_AS(experiments::read_checkpoint(d.file("none.h5")), Contains("no such file"), base::FileError);
  { StudyRecorder(d.file("run.h5"), study_header()).close(); }
  CHECK_THROWS_WITH_AS(experiments::read_checkpoint(d.file("run.h5")), Contains("infans-study"), base::FileError);
  CHECK_THROWS_WITH_AS(experiments::write_checkpoint(d.file("nowhere/1.h5"), a), Contains("nowhere/1.h5"),
                       base::FileError);
}
