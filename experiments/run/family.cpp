#include "experiments/run/family.hpp"

#include <algorithm>
#include <exception>
#include <map>
#include <memory>
#include <new>
#include <optional>

#include "core/base/error.hpp"
#include "core/base/state.hpp"
#include "experiments/run/clocks.hpp"
#include "experiments/run/stop_signal.hpp"

namespace infans::experiments {

std::vector<Family> families_of(const std::vector<int>& numbers, const Design& design) {
  std::map<int, Family> families;
  for (const int k : numbers) {
    const int partner = design.person(k).partner;
    Family& f = families[partner > 0 ? partner : k];
    if (f.empty()) f.push_back({partner > 0 ? partner : k, false, false});
    if (partner > 0)
      f.push_back({k, true, true});
    else
      f.front().counts = true;
  }
  std::vector<Family> list;
  for (auto& [partner, family] : families) list.push_back(std::move(family));
  return list;
}

// What is under way: the tape of the first, and a life that goes on.
struct FamilyRun::Session {
  Tape tape;
  std::unique_ptr<Lifetime> life;
  bool counts = true;                   // of that life; it is lived again for its tape only where it had ended
  std::vector<std::int64_t> rows = {};  // that the record had then; none where the life does not count
  double saved_at = wall_seconds();
};

int FamilyRun::index_of(int number) const {
  return static_cast<int>(std::lower_bound(m_.numbers.begin(), m_.numbers.end(), number) - m_.numbers.begin());
}

bool FamilyRun::ended(const Member& member) const {
  return m_.resumes && member.counts && m_.recorder.ended(index_of(member.number));
}

bool FamilyRun::tape_wanted(const Family& family) const {
  return std::any_of(family.begin() + 1, family.end(), [&](const Member& m) { return !ended(m); });
}

void FamilyRun::never_lived(int number, const std::string& why) const {
  const int index = index_of(number);
  m_.recorder.commit_end(index, -1, {});
  m_.progress.never_lived(index, why);
}

Lifetime::Output FamilyRun::output(const Family& family, const Member& m, Session& session) const {
  const auto cell = static_cast<std::size_t>(m_.design.person(m.number).cell);
  return {m.counts ? &m_.recorder : nullptr, index_of(m.number),
          !m.yoked && tape_wanted(family) ? &session.tape : nullptr, m_.signals[cell]};
}

void FamilyRun::live(const Family& family) const {
  Session session;
  for (std::size_t k = m_.resumes ? go_on(family, session) : 0; k < family.size(); ++k) {
    try {
      live_in_turn(family, family[k], session);
    } catch (const base::SimulationError&) {
      if (!family[k].yoked)
        for (std::size_t y = 1; y < family.size(); ++y) never_lived(family[y].number, "its partner failed");
      throw;
    }
  }
  if (interrupted() || !m_.checkpoints.has(family.front().number)) return;
  m_.recorder.sync();  // until then it may be needed
  m_.checkpoints.remove(family.front().number);
}

std::size_t FamilyRun::restore(const Family& family, Session& session) const {
  const int slot = family.front().number;
  const std::optional<std::vector<std::uint8_t>> saved = m_.checkpoints.load(slot);
  if (!saved) return 0;
  try {
    return read(family, *saved, session);
  } catch (const base::StateError& e) {
    throw base::FileError(m_.checkpoints.file(slot), "does not fit this program and study: " + std::string(e.what()) +
                                                         "; go on with what made it, or begin anew in another folder");
  }
}

// A life that ended after it was saved is not lived again, unless its tape is wanted.
std::size_t FamilyRun::read(const Family& family, const std::vector<std::uint8_t>& saved, Session& session) const {
  base::StateReader reader(saved);
  Member member;
  std::vector<std::int64_t> rows;
  reader("member", member.number)("counts", member.counts)("rows", rows)("tape", session.tape);
  const auto found =
      std::find_if(family.begin(), family.end(), [&](const Member& m) { return m.number == member.number; });
  if (found == family.end())
    throw base::StateError("member", "participant " + std::to_string(member.number) + " was saved, here lives " +
                                         std::to_string(family.front().number));
  const auto place = static_cast<std::size_t>(found - family.begin());
  member.yoked = found->yoked;
  if (ended(*found)) {
    if (member.yoked || !tape_wanted(family)) return place + 1;
    member.counts = false;
    rows.clear();
  }
  const Tape* partner = member.yoked ? &session.tape : nullptr;
  auto life = std::make_unique<Lifetime>(m_.design, m_.design.person(member.number), partner,
                                         output(family, member, session), reader);
  reader.finish();
  session.life = std::move(life);
  session.counts = member.counts;
  session.rows = std::move(rows);
  return place;
}

bool FamilyRun::check(const std::vector<Family>& families) const {
  bool left = false;
  for (const Family& family : families) {
    Session thrown_away;
    restore(family, thrown_away);
    for (const Member& m : family) left = left || (m.counts && !ended(m));
  }
  return left;
}

std::size_t FamilyRun::go_on(const Family& family, Session& session) const {
  const std::size_t place = restore(family, session);
  if (!session.life || session.rows.empty()) return place;
  if (m_.recorder.rewind(index_of(family[place].number), session.rows)) return place;
  session = {};  // the record lost rows that the checkpoint builds on: from birth, to the same bits
  return 0;
}

void FamilyRun::live_in_turn(const Family& family, Member member, Session& session) const {
  if (session.life) {
    member.counts = session.counts;
  } else if (ended(member)) {
    if (member.yoked || !tape_wanted(family)) return;
    member.counts = false;
  } else if (m_.resumes && member.counts) {
    const int index = index_of(member.number);
    m_.recorder.rewind(index, std::vector<std::int64_t>(m_.recorder.rows(index).size(), 0));
  }
  live(family, member, session);
}

void FamilyRun::live(const Family& family, const Member& member, Session& session) const {
  if (interrupted()) return;
  const int index = index_of(member.number);
  std::unique_ptr<Lifetime> life = std::move(session.life);
  bool goes_on = true;
  try {
    if (!life)
      life = std::make_unique<Lifetime>(m_.design, m_.design.person(member.number),
                                        member.yoked ? &session.tape : nullptr, output(family, member, session));
    while (goes_on && !interrupted()) {
      goes_on = life->next_step();
      if (!member.counts) continue;
      if (m_.watcher) m_.watcher(member.number, life->samples(), life->participant());
      m_.progress.report(index, *life);
      if (goes_on && m_.checkpoints.due(session.saved_at)) save(family, member, *life, session);
    }
  } catch (const base::FileError&) {
    throw;  // the record itself: nothing more can be written
  } catch (const std::bad_alloc&) {
    throw;  // no fault of the participant: with more memory it goes on
  } catch (const std::exception& e) {
    const long samples = life ? life->samples() : 0;
    if (member.counts && life) {
      life->fail();  // the rows that led to the failure are its explanation
      m_.progress.end(index, *life, e.what());
    } else if (member.counts) {
      never_lived(member.number, e.what());
    }
    const std::string who = "participant " + std::to_string(member.number) + " (seed " +
                            std::to_string(m_.design.person(member.number).identity.seed) + ")";
    throw base::SimulationError(who, samples, e.what());
  }
  if (goes_on) return save(family, member, *life, session);
  if (!member.counts) return;
  life->finalize();
  m_.progress.end(index, *life, "");
}

// The record first: a checkpoint never builds on rows that the disk may not have.
void FamilyRun::save(const Family& family, const Member& m, Lifetime& life, Session& session) const {
  base::StateWriter writer;
  Member member = m;
  life.interrupt();
  m_.recorder.sync();
  std::vector<std::int64_t> rows = m.counts ? m_.recorder.rows(index_of(m.number)) : std::vector<std::int64_t>();
  writer("member", member.number)("counts", member.counts)("rows", rows)("tape", session.tape);
  session.saved_at = wall_seconds();
  try {
    life.save(writer);
  } catch (const base::StateError& e) {  // a participant written in Python may hold what cannot be saved
    return m_.progress.remark("participant " + std::to_string(m.number) +
                              " has no checkpoint, and would go on from birth: " + e.what());
  }
  m_.checkpoints.save(family.front().number, writer.take());
}

}  // namespace infans::experiments
