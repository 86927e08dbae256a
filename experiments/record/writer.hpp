// One thread that does jobs in the order in which they came: it alone writes to a record. Private to this folder.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

namespace infans::experiments {

class Writer {
 public:
  using Job = std::function<void()>;

  // most_bytes: what may wait to be written; one job may always.
  explicit Writer(std::size_t most_bytes);
  // Does what waits, then ends.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Waits while a job of the same owner (from 0; -1: nobody's) is under way, or too much waits. Throws what an earlier
  // job threw: after that no job is done any more. Returns the job's ticket.
  std::uint64_t put(int owner, std::size_t bytes, Job job);
  // Until the job of that ticket is done. Throws as put().
  void wait(std::uint64_t ticket);
  // Whether a job threw, and put() or wait() told somebody.
  bool failed() const;
  bool told() const;

 private:
  struct Item {
    int owner = -1;
    std::size_t bytes = 0;
    Job job;
  };
  void work();
  bool under_way(int owner) const;
  void throw_failure();

  mutable std::mutex mutex_;
  std::condition_variable came_, done_;
  std::deque<Item> queue_;  // the first is being done
  const std::size_t most_;
  std::size_t waiting_ = 0;  // bytes
  std::uint64_t put_count_ = 0, done_count_ = 0;
  std::exception_ptr failure_;
  bool told_ = false, ending_ = false;
  std::thread thread_;
};

}  // namespace infans::experiments
