#include "experiments/record/recover.hpp"

#include "experiments/record/posix_file.hpp"
#include "experiments/record/rewrite.hpp"

namespace infans::experiments {

Recovered recover(const std::string& path) {
  const h5::Session session;
  {
    const h5::Handle file = h5::open_for_reading(path);
    h5::require_readable_version(file, path);
    h5::counted_rows(file, path);  // throws where it is no record
  }
  PosixFile own = PosixFile::open(path);
  own.lock();
  own.require_in_place();
  if (!h5::is_open_for_writing(path)) return {true, "", 0, 0};
  const h5::Rewritten done = h5::rewrite(path);
  return {false, done.crashed, done.kept, done.dropped};
}

}  // namespace infans::experiments
