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
#include "experiments/record/recover.hpp"
#include "experiments/record/study_recorder.hpp"
#include "tests/crash/known_study.hpp"

using namespace infans;
using namespace infans::test;
using doctest::Contains;
using experiments::Checkpoint;
using experiments::recover;
using experiments::Recovered;
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

TEST_CASE("what a crash left is recovered into a file that is closed; the other is kept") {
  const Directory d;
  const std::string path = d.file("run.h5"), left = d.file("left.h5"), other = d.file("other.h5");
  StudyRecorder recorder(path, study_header());
  for (int k = 0; k < 3; ++k) commit_blocks(recorder, k, 0, 5, 30);
  recorder.commit_end(1, 0, {1.0});
  recorder.sync();
  std::filesystem::copy_file(path, left);  // as kill -9 would leave it
  std::filesystem::copy_file(path, other);
  CHECK_THROWS_WITH_AS(recover(path), Contains("being written"), base::FileError);
  recorder.close();
  CHECK(recover(path).was_closed);

  const std::string before = experiments::read_text(left, "spec_toml");
  const Recovered done = recover(left);
  CHECK_FALSE(done.was_closed);
  CHECK(done.crashed == left + ".crashed");
  CHECK(done.lost == 0);
  long raw = 0;  // bytes of texts and states
  for (const char* log : {"bodies_text", "states_bytes"})
    for (const int number : {1, 3}) raw += static_cast<long>(read_values(path, person(number) + log).size());
  CHECK(done.kept == 3 * (150 + 5) + 2 * (150 + 5 + 5 + 5) + raw);
  CHECK(recover(left).was_closed);
  CHECK(experiments::read_text(left, "spec_toml") == before);
  {
    StudyRecorder again(other, study_header(), StudyRecorder::Resume{});  // recovers by itself
    CHECK(again.ended(1));
    for (int k = 0; k < 3; ++k) commit_blocks(again, k, 5, 7, 30);
  }
  for (int number = 1; number <= 3; ++number) {
    check_person(left, number, 5, 30);
    check_person(left + ".crashed", number, 5, 30);
    check_person(other, number, 7, 30);
  }
  experiments::write_text(d.file("foreign.h5"), "filetype", "mine");
  CHECK_THROWS_AS(recover(d.file("foreign.h5")), base::FileError);
  CHECK_THROWS_WITH_AS(recover(d.file("none.h5")), Contains("no such file"), base::FileError);
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
  refused(h, "another spec_toml: 'b = 2' was saved, 'b = 3' is here");
  h = study_header();
  h.people[2].seed = 99;
  refused(h, "another seed of participant 3: '8' was saved, '99' is here");
  h = study_header();
  h.people[0].physics = 0;
  refused(h, "another physics of participant 1");
  h = study_header();
  h.people.pop_back();
  refused(h, "number of participants: '3' was saved, '2' is here");
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
