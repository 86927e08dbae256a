#include "experiments/record/writer.hpp"

#include <algorithm>
#include <utility>

namespace infans::experiments {

Writer::Writer(std::size_t most_bytes) : most_(most_bytes), thread_([this] { work(); }) {}

Writer::~Writer() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
  }
  came_.notify_one();
  thread_.join();
}

bool Writer::under_way(int owner) const {
  return owner >= 0 && std::any_of(queue_.begin(), queue_.end(), [&](const Item& item) { return item.owner == owner; });
}

void Writer::throw_failure() {
  if (!failure_) return;
  told_ = true;
  std::rethrow_exception(failure_);
}

std::uint64_t Writer::put(int owner, std::size_t bytes, Job job) {
  std::unique_lock lock(mutex_);
  done_.wait(lock, [&] { return failure_ || (!under_way(owner) && (queue_.empty() || waiting_ + bytes <= most_)); });
  throw_failure();
  queue_.push_back({owner, bytes, std::move(job)});
  waiting_ += bytes;
  came_.notify_one();
  return ++put_count_;
}

void Writer::wait(std::uint64_t ticket) {
  std::unique_lock lock(mutex_);
  done_.wait(lock, [&] { return failure_ || done_count_ >= ticket; });
  throw_failure();
}

bool Writer::failed() const {
  const std::scoped_lock lock(mutex_);
  return failure_ != nullptr;
}

bool Writer::told() const {
  const std::scoped_lock lock(mutex_);
  return told_;
}

void Writer::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    came_.wait(lock, [&] { return ending_ || !queue_.empty(); });
    if (queue_.empty()) return;
    Item& first = queue_.front();  // stays where it is while others are put
    std::exception_ptr failure;
    lock.unlock();
    try {
      first.job();
    } catch (...) {
      failure = std::current_exception();
    }
    first.job = nullptr;  // what it holds is freed while others can put
    lock.lock();
    waiting_ -= first.bytes;
    queue_.pop_front();
    ++done_count_;
    if (failure) {
      failure_ = std::move(failure);
      queue_.clear();
      waiting_ = 0;
    }
    done_.notify_all();
  }
}

}  // namespace infans::experiments
