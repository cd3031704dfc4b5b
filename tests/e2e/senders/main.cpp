// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "sender.h"

namespace {

using namespace sluice::sender;

constexpr int kUsage = 2;

const Path* find(std::string_view name) {
  for (const auto family : {stream_paths(), page_paths(), uring_paths(), handed_paths(), datagram_paths(),
                            raw_paths(), link_paths()})
    for (const Path& path : family)
      if (path.name == name) return &path;
  return nullptr;
}

std::vector<std::byte> read_file(const std::string& name) {
  std::ifstream in{name, std::ios::binary};
  if (!in) failed("open the file");
  std::vector<std::byte> data;
  for (auto at = std::istreambuf_iterator<char>{in}; at != std::istreambuf_iterator<char>{}; ++at)
    data.push_back(static_cast<std::byte>(*at));
  return data;
}

}  // namespace

int main(int argc, char** argv) {
  const Path* path = argc == 5 ? find(argv[1]) : nullptr;
  std::uint16_t port = 0;
  if (path != nullptr) std::from_chars(argv[3], argv[3] + std::string_view{argv[3]}.size(), port);
  if (path == nullptr || port == 0) {
    std::fputs("usage: sender PATH HOST PORT FILE\n", stderr);
    return kUsage;
  }
  std::signal(SIGPIPE, SIG_IGN);  // a refused stream is an error to report
  path->run({.host = argv[2],
             .port = port,
             .file = argv[4],
             .data = read_file(argv[4]),
             .to = to_address(argv[2], port)});
  return EXIT_SUCCESS;
}
