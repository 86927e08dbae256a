// Drives a fuzz target without libFuzzer: fuzz_TARGET RUNS CRASH SEED... runs every seed file, then RUNS changed ones,
// the same in every call. An input that crashes, or takes more than 5 s or 2 GB, is written to the file CRASH.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "core/random/stream.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr unsigned most_seconds = 5;
constexpr rlim_t most_memory = rlim_t{2} << 30;

Bytes input;  // the one that is being tried; a signal handler reaches nothing but statics
const char* crash = nullptr;

void keep_input(int signal) {
  const int file = open(crash, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file >= 0 && write(file, input.data(), input.size()) >= 0) close(file);
  const char* const why = signal == SIGALRM ? "no end within 5 s\n" : "crashed\n";
  for (const char* c = why; *c != '\0'; ++c)
    if (write(STDERR_FILENO, c, 1) < 0) break;
  _exit(1);
}

void run_input() {
  alarm(most_seconds);
  LLVMFuzzerTestOneInput(input.data(), input.size());
  alarm(0);
}

class Changer {
 public:
  Changer(const std::vector<Bytes>& seeds, std::uint64_t number)
      : seeds_(seeds), stream_({1, 0, infans::random::Purpose::test, number}) {}

  Bytes changed() {
    Bytes bytes = seeds_[below(seeds_.size())];
    for (std::size_t k = 0, n = 1 + below(4); k < n; ++k) change(bytes);
    return bytes;
  }

 private:
  std::size_t below(std::size_t n) {
    return std::min(n - 1, static_cast<std::size_t>(stream_.uniform() * static_cast<double>(n)));
  }
  std::ptrdiff_t place(const Bytes& bytes) { return static_cast<std::ptrdiff_t>(below(bytes.size() + 1)); }

  void change(Bytes& bytes) {
    const auto from = bytes.begin() + place(bytes), to = bytes.begin() + place(bytes);
    const auto first = std::min(from, to), last = std::max(from, to);
    switch (below(6)) {
      case 0:  // a bit
        if (first != bytes.end()) *first ^= static_cast<std::uint8_t>(1U << below(8));
        break;
      case 1:  // a byte, often one that means something
        if (first != bytes.end()) *first = telling[below(telling.size())];
        break;
      case 2:
        bytes.erase(first, first + std::min<std::ptrdiff_t>(last - first, 1 + place(bytes) % 64));
        break;
      case 3: {
        const Bytes again(first, first + std::min<std::ptrdiff_t>(last - first, 256));
        bytes.insert(last, again.begin(), again.end());
        break;
      }
      case 4: {  // a piece of another seed
        const Bytes& other = seeds_[below(seeds_.size())];
        const auto piece = other.begin() + place(other);
        const auto end = piece + std::min<std::ptrdiff_t>(other.end() - piece, 128);
        std::copy(piece, piece + std::min(end - piece, bytes.end() - first), first);
        break;
      }
      default:  // cut short
        if (below(8) == 0) bytes.erase(first, bytes.end());
    }
  }

  static constexpr std::string_view telling{"\0\x01\x7f\x80\xff\"'[]{}=.,-#<>/ \n0179e", 25};
  const std::vector<Bytes>& seeds_;
  infans::random::Stream stream_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: %s RUNS CRASH SEED...\n", argv[0]);
    return 2;
  }
  crash = argv[2];
  for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGABRT, SIGALRM}) std::signal(signal, keep_input);
#ifndef __SANITIZE_ADDRESS__  // which reserves all there is
  const rlimit memory{most_memory, most_memory};
  setrlimit(RLIMIT_AS, &memory);
#endif
  std::vector<Bytes> seeds;
  for (int k = 3; k < argc; ++k) {
    std::ifstream file(argv[k], std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    input = seeds.back();
    run_input();
  }
  const std::uint64_t runs = std::strtoull(argv[1], nullptr, 10);
  for (std::uint64_t k = 0; k < runs; ++k) {
    input = Changer(seeds, k).changed();
    run_input();
  }
  std::printf("%s: %zu seeds and %llu changed inputs, no crash\n", argv[0], seeds.size(),
              static_cast<unsigned long long>(runs));
  return 0;
}
