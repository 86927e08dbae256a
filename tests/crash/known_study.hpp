// A study's record whose every value says where it belongs, and the check that it holds exactly these.
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "experiments/record/access.hpp"
#include "experiments/record/study_recorder.hpp"
#include "tests/crash/known_rows.hpp"

namespace infans::test {

using experiments::inspect_study;
using experiments::read_values;
using experiments::StudyHeader;
using experiments::StudyRecorder;
using experiments::StudySummary;

inline constexpr int life_columns = 5, probe_columns = 7, signal_columns = 9, physics_size = 4;

// Three people; the second has no logs.
inline StudyHeader study_header(int compression = 1) {
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

inline std::vector<double> known_table(int person, int table, long first, long rows, int columns) {
  std::vector<double> values;
  for (long r = first; r < first + rows; ++r)
    for (int c = 0; c < columns; ++c) values.push_back(known(person, r, table, static_cast<std::size_t>(c)));
  return values;
}

inline std::string mjcf_of(int person, long row) {
  return "<mujoco>" + std::to_string(100 * person + row) + "</mujoco>";
}

inline std::vector<std::uint8_t> state_of(long row) {
  std::vector<std::uint8_t> bytes;
  for (long i = 0; i < 3 + row; ++i) bytes.push_back(static_cast<std::uint8_t>(17 * row + i));
  return bytes;
}

// Block number `block` of `rows` rows of life and signals: one probe row, one body, one state each.
inline StudyRecorder::Block known_block(int person, long block, long rows, bool with_logs) {
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

inline void commit_blocks(StudyRecorder& recorder, int index, long first, long last, long rows) {
  for (long i = first; i < last; ++i) recorder.commit(index, known_block(index + 1, i, rows, index != 1));
}

inline std::string person(int number) { return "participants/000" + std::to_string(number) + "/"; }

// The first `rows` rows of a dataset, without what is not counted.
inline std::vector<double> counted(const std::string& path, const std::string& dataset, long rows, int columns) {
  std::vector<double> all = read_values(path, dataset);
  const auto n = static_cast<std::size_t>(rows * columns);
  REQUIRE(all.size() >= n);
  all.resize(n);
  return all;
}

// That of person `number` exactly these blocks count; of its logs so many, where that differs.
inline void check_person(const std::string& path, int number, long table_blocks, long rows, long log_blocks = -1) {
  long blocks = table_blocks;
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
  if (log_blocks >= 0) blocks = log_blocks;
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

// That whole blocks of everybody count, at most `most`, and of the logs what counts of life or a block more.
inline void check_blocks(const std::string& path, long rows, long most) {
  const StudySummary s = inspect_study(path);
  const std::vector<double> logs = read_values(path, "committed_logs");
  for (int number = 1; number <= 3; ++number) {
    const long lived = static_cast<long>(s.people.at(static_cast<std::size_t>(number - 1)).rows[0]);
    const long logged =
        number == 2 ? lived / rows : static_cast<long>(logs[static_cast<std::size_t>(6 * number - 6)]) / rows;
    CHECK(lived % rows == 0);
    CHECK(lived / rows <= most);
    CHECK(logged >= lived / rows);
    CHECK(logged <= lived / rows + 1);
    check_person(path, number, lived / rows, rows, logged);
  }
}

}  // namespace infans::test
